"""`tinyalex evaluate --search-coefficients`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import shutil

import pytest


@pytest.fixture
def two(copy_of_run, tmp_path):
    return copy_of_run, shutil.copytree(copy_of_run, tmp_path / "other")


def test_a_search_prints_weights_and_both_errors_and_writes_them(call, two):
    result = call("evaluate", *two, "--search-coefficients", "--search-on", 0.25)
    assert result.exit_code == 0, result.output
    assert "270 test images" in result.stdout and "searched on 90 other images" in result.stdout
    assert (
        "all 2, equal coefficients" in result.stdout
        and "all 2, these coefficients" in result.stdout
    )
    written = json.loads((two[0].parent / "evaluation-copy+other.json").read_text())
    assert sum(written["coefficients"]) == pytest.approx(1)
    assert written["n"] == 270 and written["search"]["n"] == 90
    assert written["warnings"] == []


@pytest.mark.slow
def test_ten_crops_can_be_searched(call, two):
    result = call("evaluate", *two, "--search-coefficients", "--crops", 10, "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert (document["crops"], document["n"], document["search"]["fraction"]) == (10, 180, 0.5)


def test_bad_searches_are_refused(refused, two):
    assert "at least two runs" in refused("evaluate", two[0], "--search-coefficients")
    assert "add --search-coefficients" in refused("evaluate", *two, "--search-on", 0.5)
    assert "between 0 and 1" in refused("evaluate", *two, "--search-coefficients", "--search-on", 2)
    assert "coefficients must be there" in refused(
        "evaluate", *two, "--coefficients-from", two[0] / "config.json"
    )
    written = two[0].parent / "evaluation-copy+other.json"
    assert "would replace" in refused("evaluate", *two, "--coefficients-from", written)
