"""README.md and docs/results say what the committed files say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "results" / "index.py"


@pytest.fixture(scope="module")
def index() -> ModuleType:
    spec = importlib.util.spec_from_file_location("results_index", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks there
    spec.loader.exec_module(module)
    return module


def test_every_figure_in_the_readme_and_on_the_page_comes_from_a_file(index: ModuleType) -> None:
    assert index.main() == [], "python docs/results/index.py makes them anew"


@pytest.mark.parametrize(
    ("before", "after"),
    [("{mean} ± ", "12.34 ± "), ("times as fast as PyTorch's", "% faster, 9.9 % as PyTorch's")],
)
def test_a_figure_of_somebodys_own_is_found(index: ModuleType, before: str, after: str) -> None:
    readme = index.README.read_text(encoding="utf-8")
    tiny = index.errors("tiny-digits/seed", 0, 1, 2)
    before = before.format(mean=f"{index.mean(tiny):.2f}")
    assert before in readme
    changed = readme.replace(before, after, 1)
    try:
        differs = index.with_claims(changed) != changed
    except SystemExit:  # its sentence is not there any more
        differs = True
    assert differs or index.uncovered(changed)


def test_a_new_figure_needs_a_file(index: ModuleType) -> None:
    readme = index.README.read_text(encoding="utf-8")
    assert index.uncovered(readme) == []
    found = index.uncovered(readme + "\nIt is 7.5 times as good, with 3 % error.\n")
    assert [line.split(" in: ")[0] for line in found] == ["7.5", "3"]


def test_figures_are_taken_from_the_right_place(index: ModuleType) -> None:
    assert index.logged("cifar-80sec/ensemble.txt") == [23.24]
    assert index.ratio("train", "alexnet-train-1") == 4.72
    assert index.gpu_ratio("tf32") == pytest.approx(12593 / 8258)
    assert index.spread_of([1.0, 3.0]) == pytest.approx(2**0.5)
