"""Coefficients of an ensemble: searched on images that are never reported on."""

from __future__ import annotations

import json
import shutil
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evaluation.test_evaluation import folders  # noqa: F401
from tests.training.conftest import config, kept_runs, once, small, small_dataset  # noqa: F401
from tinyalex import data, evaluation, training
from tinyalex.errors import ConfigError
from tinyalex.evaluation.search import read_coefficients


def votes(seed, labels, skill, classes=20):
    """Probabilities of a network that adds ``skill`` to the right class's logit."""
    logits = np.random.default_rng(seed).normal(size=(len(labels), classes))
    logits[np.arange(len(labels)), labels] += skill
    e = np.exp(logits)
    return (e / e.sum(axis=1, keepdims=True)).astype(np.float32)


LABELS = np.arange(600) % 20


def top5(p, labels=LABELS):
    return float(np.mean([y not in np.argsort(-row)[:5] for row, y in zip(p, labels, strict=True)]))


@given(
    st.lists(st.integers(0, 4), min_size=4, max_size=60),
    st.sampled_from([0.25, 1 / 3, 0.5, 0.8]),
    st.integers(0, 3),
)
def test_a_share_of_every_class_is_searched_on(labels, fraction, seed):
    labels = np.array(labels)
    chosen = evaluation.search_part(labels, fraction, seed)
    assert chosen.sum() == int(np.floor(len(labels) * fraction + 1e-9))
    for c in np.unique(labels):
        assert abs(chosen[labels == c].sum() - fraction * (labels == c).sum()) < 1
    np.testing.assert_array_equal(chosen, evaluation.search_part(labels, fraction, seed))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1, float("nan"), 0.01])
def test_a_share_that_leaves_nothing_is_refused(fraction):
    with pytest.raises(ConfigError, match="--search-on"):
        evaluation.search_part(np.arange(12), fraction)


def test_a_net_that_knows_nothing_gets_next_to_no_say():
    each = [votes(0, LABELS, 2.0), votes(1, LABELS, 0.0), votes(2, LABELS, 2.0)]
    found = evaluation.search_coefficients(each, LABELS)
    a, useless, c = found.coefficients
    assert sum(found.coefficients) == pytest.approx(1)
    assert useless < 0.1 and min(a, c) > 0.25
    mixture = sum(k * p for k, p in zip(found.coefficients, each, strict=True))
    assert top5(mixture) < top5(sum(each))


def test_no_coefficient_on_the_grid_does_better_alone():
    """The search ends where no single change helps: checked by plain counting."""
    each = [votes(3, LABELS, 1.5), votes(4, LABELS, 0.7)]
    found = evaluation.search_coefficients(each, LABELS).coefficients
    best = top5(found[0] * each[0] + found[1] * each[1])
    for c in np.arange(0, 1.0001, 0.05):
        scaled = np.array(found) / max(found) * 0.5
        for pair in ((c, scaled[1]), (scaled[0], c)):
            if sum(pair):
                assert top5(pair[0] * each[0] + pair[1] * each[1]) >= best - 1 / 600 - 1e-9


def test_the_same_answer_every_time_and_for_networks_in_another_order_as_good_a_one():
    each = [votes(s, LABELS, 1.0 + s / 4) for s in range(3)]
    one, two = (evaluation.search_coefficients(each, LABELS) for _ in range(2))
    assert one == two
    turned = evaluation.search_coefficients(each[::-1], LABELS).coefficients[::-1]
    errors = [
        top5(sum(k * p for k, p in zip(c, each, strict=True))) for c in (one.coefficients, turned)
    ]
    assert abs(errors[0] - errors[1]) < 0.02


def test_with_few_classes_the_top1_error_decides():
    labels = np.arange(300) % 3
    each = [votes(0, labels, 2.5, classes=3), votes(1, labels, -1.0, classes=3)]
    good, bad = evaluation.search_coefficients(each, labels).coefficients
    assert good > 0.9 > 0.1 > bad


def test_one_network_has_nothing_to_search():
    with pytest.raises(ConfigError, match="at least two runs"):
        evaluation.search_coefficients([votes(0, LABELS, 1.0)], LABELS)


def test_errors_are_of_the_images_that_were_not_searched_on(folders):  # noqa: F811
    found = evaluation.evaluate(folders, search_on=0.5)
    test = small_dataset().test
    chosen = evaluation.search_part(test.labels, 0.5)
    rest, labels = np.flatnonzero(~chosen), test.labels[~chosen]
    each = [evaluation.probabilities(training.load_run(f), test.subset(rest)) for f in folders]
    mixture = sum(c * p for c, p in zip(found["coefficients"], each, strict=True))
    assert found["top1_error"] == pytest.approx(float((mixture.argmax(1) != labels).mean()))
    assert found["equal_weights"]["top1_error"] == pytest.approx(
        float((sum(each).argmax(1) != labels).mean())
    )
    for run, p in zip(found["runs"], each, strict=True):
        assert run["top1_error"] == pytest.approx(float((p.argmax(1) != labels).mean()))
    assert found["n"] == len(rest) == 6 == np.sum(found["confusion"])
    assert found["search"]["n"] == 6


def test_labels_of_the_report_part_do_not_touch_the_search(folders, monkeypatch):  # noqa: F811
    """The coefficients are the same whatever the held-back labels are."""
    found = evaluation.evaluate(folders, search_on=0.5)["coefficients"]
    test = small_dataset().test
    kept = ~evaluation.search_part(test.labels, 0.5)
    module = sys.modules["tinyalex.evaluation.evaluate"]
    real, seen = module.search_coefficients, []

    def spy(each, labels):
        seen.append((each, labels))
        return real(each, labels)

    monkeypatch.setattr(module, "search_coefficients", spy)
    assert evaluation.evaluate(folders, search_on=0.5)["coefficients"] == found
    ((each, labels),) = seen
    np.testing.assert_array_equal(labels, test.labels[~kept])
    assert [len(p) for p in each] == [6, 6]


@pytest.fixture
def searched(folders, tmp_path):  # noqa: F811
    found = evaluation.evaluate(folders, search_on=0.5)
    found["coefficients"] = [0.9, 0.1]
    path = tmp_path / "found.json"
    path.write_text(json.dumps(found))
    return path, [str(f) for f in folders]


def test_coefficients_travel_to_other_data(searched, monkeypatch):
    path, runs = searched
    monkeypatch.setattr(data, "load", lambda *_, **__: small_dataset("other pictures"))
    found = evaluation.evaluate(runs, coefficients_from=path)
    assert found["coefficients"] == [0.9, 0.1] and found["n"] == 12
    turned = evaluation.evaluate(runs[::-1], coefficients_from=path)
    assert turned["coefficients"] == [0.1, 0.9]
    assert turned["top1_error"] == found["top1_error"]
    by_order = read_coefficients(path, ["elsewhere/a", "elsewhere/b"], "other")[0]
    assert by_order == [0.9, 0.1]


def test_coefficients_are_never_measured_on_the_images_of_their_search(searched, tmp_path):
    path, runs = searched
    with pytest.raises(ConfigError, match="searched on images of this very data set"):
        evaluation.evaluate(runs, coefficients_from=path)
    # Not through the file of an evaluation that only used them, either.
    used = json.loads(path.read_text())
    used["search"] = {"file": str(path), "data_fingerprint": used["search"]["data_fingerprint"]}
    (tmp_path / "used.json").write_text(json.dumps(used))
    with pytest.raises(ConfigError, match="this very data set"):
        evaluation.evaluate(runs, coefficients_from=tmp_path / "used.json")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"coefficients": [0.5]}, "not usable"),
        ({"coefficients": [-1.0, 2.0]}, r"coefficients\[0\] must be a finite number at least 0"),
        ({"coefficients": [0.0, 0.0]}, "not usable"),
        ({"coefficients": "many"}, "coefficients must be a list"),
        ({"coefficients": [1, 1, 1], "runs": [{"run": r} for r in "abc"]}, "3 coefficients for 2"),
        ({"runs": None}, "runs must be a list"),
    ],
)
def test_a_file_without_usable_coefficients_is_refused(searched, change, says):
    path, runs = searched
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(ConfigError, match=says):
        read_coefficients(path, runs, "other")


def test_searching_and_taking_exclude_each_other(searched):
    path, runs = searched
    shutil.copy(path, path.with_name("copy.json"))
    with pytest.raises(ConfigError, match="exclude each other"):
        evaluation.evaluate(runs, search_on=0.5, coefficients_from=path)
