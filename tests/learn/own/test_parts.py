"""Which parts of a network are the student's, and how that is said."""

from __future__ import annotations

import pytest

from tests.learn.own import operations
from tinyalex import models
from tinyalex.learn.own import parts
from tinyalex.learn.own.parts import parts_of

TINY = [layer for _, layer in models.build("tiny").named_layers()]


def test_the_parts_of_tiny():
    found = parts_of(TINY, operations())
    assert [part.operation for part in found] == [
        "conv2d",
        "conv2d_backward",
        "relu",
        "relu_backward",
        "local_response_norm",
        "local_response_norm_backward",
        "max_pool2d",
        "max_pool2d_backward",
        "linear",
        "linear_backward",
        "dropout",
        "cross_entropy",
        "sgd_step",
        "augment",
    ]
    assert parts.count(found) == "14 of 14 parts are yours" and parts.ours(found, {}) == "none"
    by_name = {part.operation: part.exercises for part in found}
    assert by_name["conv2d"] == ("18_im2col_numba", "17_grouped_conv")
    assert by_name["max_pool2d"] == ("09_ceil_pool",)


def test_the_lines_say_whose_they_are_and_why():
    found = parts_of(TINY, operations("02", "06", "07"))
    assert parts.count(found) == "4 of 14 parts are yours"
    assert parts.yours(found) == "conv2d, relu, relu_backward, max_pool2d"
    ours = parts.ours(found, {"11_lrn_backward": "not written yet"})
    assert "local_response_norm (10_lrn: not handed in)" in ours
    assert "local_response_norm_backward (11_lrn_backward: not written yet)" in ours
    assert parts.yours(parts_of(TINY, operations("20"))) == "none yet"


def test_a_part_is_the_students_only_if_all_its_layers_are():
    """Exercise 09 pools in ceil mode; the next network has both."""
    both = [models.build("alexnet-mini"), models.build("tiny")]
    layers = [layer for model in both for _, layer in model.named_layers()]
    pools = {part.operation: part.exercises for part in parts_of(layers, operations("09"))}
    assert pools["max_pool2d"] == ()
    pools = {part.operation: part.exercises for part in parts_of(layers, operations("07", "09"))}
    assert pools["max_pool2d"] == ("07_max_pool", "09_ceil_pool")


@pytest.mark.parametrize(
    ("model", "operation"),
    [
        ("cifar-80sec", "avg_pool2d"),
        ("cifar-18pct", "spatial_response_norm_backward"),
        ("cifar-13pct", "local_conv2d"),
        ("alexnet-small-tanh", "tanh"),
    ],
)
def test_an_operation_without_an_exercise_is_counted_and_says_so(model, operation):
    layers = [layer for _, layer in models.build(model).named_layers()]
    found = parts_of(layers, operations())
    assert f"{operation} (no exercise)" in parts.ours(found, {})


def test_shifted_colours_are_a_part_of_preparing_images():
    def exercises(*names):
        (part,) = [
            p for p in parts_of(TINY, operations(*names), "colour") if p.operation == "augment"
        ]
        return part.exercises

    assert exercises("13", "14") == ("13_crop_mirror", "14_pca_colour")
    assert exercises("13") == ("13_crop_mirror",) and exercises("14") == ()
