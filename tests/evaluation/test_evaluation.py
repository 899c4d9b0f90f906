"""Evaluation and prediction on a small run."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.training.conftest import config, kept_runs, once, small, small_dataset  # noqa: F401
from tinyalex import data, evaluation, training
from tinyalex.data import from_arrays
from tinyalex.errors import ConfigError, DataError, RunError, ShapeError


@pytest.fixture
def folders(once):  # noqa: F811
    return [once(f"run{seed}", seed=seed) for seed in range(2)]


def by_hand(folder, views):
    """Mean of the softmax outputs over views given as (top, left, mirror)."""
    run = training.load_run(folder)
    backend = run.model.backend
    split = small_dataset().test
    images = split.images(np.arange(len(split))).astype(np.float32)
    recipe, total = run.config.recipe, 0.0
    for top, left, mirror in views:
        x = images[:, top : top + 14, left : left + 14].transpose(0, 3, 1, 2)
        x = x[..., ::-1] if mirror else x
        x = ((x - run.statistics.mean_image) * np.float32(recipe.scale)).astype(np.float32)
        logits = np.float64(backend.to_host(run.model.forward(backend.asarray(x))))
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        total = total + e / e.sum(axis=1, keepdims=True)
    return total / len(views)


def test_one_view_is_the_centre(folders):
    run = training.load_run(folders[0])
    p = evaluation.probabilities(run, small_dataset().test)
    np.testing.assert_allclose(p, by_hand(folders[0], [(1, 1, False)]), rtol=1e-4, atol=1e-6)


def test_ten_views_are_corners_and_centre_and_mirrors_by_mean_probability(folders):
    run = training.load_run(folders[0])
    places = [(0, 0), (0, 2), (1, 1), (2, 0), (2, 2)]
    views = [(top, left, mirror) for mirror in (False, True) for top, left in places]
    p = evaluation.probabilities(run, small_dataset().test, crops=10, batch_size=5)
    np.testing.assert_allclose(p, by_hand(folders[0], views), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


def test_nine_views_are_a_grid_without_mirrors_by_mean_probability(folders):
    run = training.load_run(folders[0])
    views = [(top, left, False) for top in (0, 1, 2) for left in (0, 1, 2)]
    p = evaluation.probabilities(run, small_dataset().test, crops=9, batch_size=5)
    np.testing.assert_allclose(p, by_hand(folders[0], views), rtol=1e-4, atol=1e-6)


def test_one_runs_error_is_that_of_its_training(folders, monkeypatch):
    found = evaluation.evaluate(folders[:1])
    summary = training.read_summary(folders[0])
    assert found["top1_error"] == pytest.approx(summary["top1_error"])
    assert found["n"] == 12 and found["crops"] == 1
    assert np.sum(found["confusion"]) == 12
    right = np.trace(found["confusion"]) / 12
    assert found["top1_error"] == pytest.approx(1 - right)
    pairs = found["confusion_pairs"]
    assert {(i, j): n for i, j, n in pairs} == {
        (i, j): n for i, row in enumerate(found["confusion"]) for j, n in enumerate(row) if n
    }
    module = importlib.import_module("tinyalex.evaluation.evaluate")
    monkeypatch.setattr(module, "MATRIX_CLASSES", len(found["classes"]) - 1)
    of_many = evaluation.evaluate(folders[:1])
    assert "confusion" not in of_many and of_many["confusion_pairs"] == pairs


def test_several_runs_vote_by_mean_probability(folders):
    labels = small_dataset().test.labels
    each = [by_hand(folder, [(1, 1, False)]) for folder in folders]
    wanted = float((np.mean(each, axis=0).argmax(axis=1) != labels).mean())
    found = evaluation.evaluate(folders)
    assert found["top1_error"] == pytest.approx(wanted)
    alone = [evaluation.evaluate([folder])["top1_error"] for folder in folders]
    assert [run["top1_error"] for run in found["runs"]] == pytest.approx(alone)


def test_the_mean_is_of_probabilities_not_of_logits():
    sure, doubtful = np.array([[1.0, 0.0]]), np.array([[0.45, 0.55]])
    mean = evaluation.mean_probability([sure, doubtful])
    np.testing.assert_allclose(mean, [[0.725, 0.275]])
    with pytest.raises(ShapeError, match="one shape"):
        evaluation.mean_probability([sure, np.zeros((1, 3))])


def test_confusion_has_a_row_for_each_right_class():
    found = evaluation.confusion(np.array([0, 0, 1, 2]), np.array([0, 2, 1, 2]), 3)
    np.testing.assert_array_equal(found, [[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    with pytest.raises(ShapeError, match="labels must be from 0 to 1"):
        evaluation.confusion(np.array([2]), np.array([0]), 2)
    with pytest.raises(ShapeError, match=r"must be \(N,\) both"):
        evaluation.confusion(np.array([0, 1]), np.array([0]), 2)


def test_data_with_other_classes_or_sizes_are_refused(folders, monkeypatch):
    x, y = np.zeros((4, 16, 16, 1), np.uint8), np.arange(4)
    other = from_arrays("other", list("wxyz"), (x, y), (x, y), "other")
    monkeypatch.setattr(data, "load", lambda *_, **__: other)
    with pytest.raises(ConfigError, match="trained on the classes a, b, c"):
        evaluation.evaluate(folders[:1], data="other")
    large = replace(other, classes=list("abcd"), image_shape=(20, 20, 1))
    monkeypatch.setattr(data, "load", lambda *_, **__: large)
    with pytest.raises(ConfigError, match=r"trained on \(16, 16, 1\) images"):
        evaluation.evaluate(folders[:1], data="large")


def test_bad_questions_are_refused(folders, tmp_path):
    with pytest.raises(ConfigError, match="crops must be 1, 9 or 10"):
        evaluation.evaluate(folders[:1], crops=5)
    with pytest.raises(ConfigError, match="no run is named"):
        evaluation.evaluate([])
    with pytest.raises(RunError, match="not the folder of a run"):
        evaluation.evaluate([tmp_path / "nothing"])
    with pytest.raises(ConfigError, match="top must be at least 1"):
        evaluation.predict(folders[0], ["x.png"], top=0)
    with pytest.raises(ConfigError, match="no image is named"):
        evaluation.predict(folders[0], [])
    with pytest.raises(DataError):
        evaluation.predict(folders[0], [tmp_path / "missing.png"])


def test_predictions_are_the_probabilities_of_the_same_pixels(folders, tmp_path):
    split = small_dataset().test
    images = split.images(np.arange(3))
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for path, image in zip(paths, images, strict=True):
        Image.fromarray(image[..., 0]).save(path)
    found = evaluation.predict(folders[0], paths, top=3)
    p = evaluation.probabilities(training.load_run(folders[0]), split.subset(np.arange(3)))
    for i, each in enumerate(found):
        assert each["image"] == str(paths[i])
        best = np.argsort(-p[i])[:3]
        assert [c["name"] for c in each["classes"]] == ["abcd"[b] for b in best]
        assert [c["probability"] for c in each["classes"]] == pytest.approx(p[i][best], rel=1e-4)
