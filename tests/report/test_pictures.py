"""The pictures of a run are made from its figures, and bad input is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tinyalex import models
from tinyalex.errors import RunError, ShapeError
from tinyalex.report import curves, filters, first_filters
from tinyalex.report.pictures import _sheet
from tinyalex.report.sheet import columns_of, stretch


def epoch(number, lr=0.01):
    loss = 2.3 / number
    record = {"event": "epoch", "epoch": number, "lr": lr, "train_loss": loss}
    return record | {"train_error": loss / 3, "test_loss": loss, "test_error": loss / 2.5}


def write_metrics(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_curves_of_several_epochs_are_a_picture(tmp_path):
    step = {"event": "step", "epoch": 1, "step": 5, "loss": 2.0, "error": 0.9}
    records = [step, epoch(1), epoch(2), epoch(3, lr=0.001)]
    metrics = write_metrics(tmp_path / "metrics.jsonl", records)
    curves(metrics, tmp_path / "curves.png", "tiny on digits")
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 800
    assert sorted(p.name for p in tmp_path.iterdir()) == ["curves.png", "metrics.jsonl"]


def test_curves_of_one_epoch_are_a_picture(tmp_path):
    metrics = write_metrics(tmp_path / "metrics.jsonl", [epoch(1)])
    curves(metrics, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000


@pytest.mark.parametrize("content", ["", '{"event": "step", "loss": 1}\n', "{half", "[1]\n3\n"])
def test_curves_refuse_a_file_without_a_finished_epoch(tmp_path, content):
    (tmp_path / "metrics.jsonl").write_text(content)
    with pytest.raises(RunError, match=r"metrics\.jsonl"):
        curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")


def test_curves_refuse_a_missing_file(tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")


def test_a_picture_that_cannot_be_written_keeps_the_old_one(tmp_path, monkeypatch):
    old = tmp_path / "filters.png"
    old.write_bytes(b"old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tinyalex.files._write", full)
    with pytest.raises(RunError, match="No space left"):
        filters(np.ones((4, 1, 3, 3)), old)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


@pytest.mark.parametrize(("count", "groups", "columns"), [(96, 2, 16), (32, 1, 8), (7, 1, 7)])
def test_every_row_of_filters_is_full(count, groups, columns):
    assert columns_of(count, count // groups) == columns


def test_each_filter_is_scaled_to_its_own_range_and_a_constant_one_is_grey():
    weight = np.zeros((2, 3, 2, 2))
    weight[0] = np.arange(12).reshape(3, 2, 2)
    pictures = stretch(weight)
    assert pictures.shape == (2, 2, 2, 3)
    assert pictures[0].min() == 0 and pictures[0].max() == 1
    assert pictures[0, 0, 1, 2] == weight[0, 2, 0, 1] / 11
    assert (pictures[1] == 0.5).all()


def test_filters_are_laid_out_row_by_row():
    pictures = np.arange(6).reshape(6, 1, 1, 1) / 6.0
    sheet = _sheet(pictures, columns=3)
    side = sheet.shape[0] // 2
    centres = sheet[side // 2 :: side, side // 2 :: side]
    assert np.array_equal(centres * 6, [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize(
    ("shape", "groups"), [((16, 1, 5, 5), 1), ((16, 1, 5, 3), 2), ((96, 3, 11, 11), 2)]
)
def test_filters_are_a_picture(tmp_path, shape, groups):
    weight = np.random.default_rng(0).normal(size=shape)
    filters(weight, tmp_path / "filters.png", "title", groups)
    with Image.open(tmp_path / "filters.png") as picture:
        assert picture.width > 400 and picture.height > 150


@pytest.mark.parametrize("shape", [(4, 2, 3, 3), (4, 9), (0, 3, 3, 3), (4, 3, 0, 3)])
def test_filters_refuse_wrong_shapes(tmp_path, shape):
    with pytest.raises(ShapeError, match="must be"):
        filters(np.zeros(shape), tmp_path / "filters.png")


def test_filters_refuse_groups_that_do_not_divide(tmp_path):
    with pytest.raises(ShapeError, match="do not divide"):
        filters(np.zeros((5, 3, 3, 3)), tmp_path / "filters.png", groups=2)


def test_the_first_filters_of_two_towers_are_the_left_ones_then_the_right_ones():
    one, two = (models.build(name, 2, image_size=67) for name in ("alexnet", "alexnet-two-tower"))
    two.load_state_dict(models.to_two_tower(one.state_dict()))
    weight, groups = first_filters(one)
    assert groups == 2
    weight_of_two, groups_of_two = first_filters(two)
    assert groups_of_two == 2
    assert np.array_equal(weight, weight_of_two)


def test_the_first_filters_of_a_net_without_groups_are_one_group():
    weight, groups = first_filters(models.build("cifar-80sec"))
    assert (weight.shape, groups) == ((32, 3, 5, 5), 1)
