"""README.md, the pages with figures and docs/results say what the committed files say."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[1] / "docs" / "results" / "index.py"


@pytest.fixture(scope="module")
def index() -> Iterator[ModuleType]:
    sys.path.insert(0, str(SCRIPT.parent))  # as when it is run
    spec = importlib.util.spec_from_file_location("results_index", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks there
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(SCRIPT.parent))


def test_every_figure_on_the_pages_comes_from_a_file(index: ModuleType) -> None:
    assert index.main() == [], "python docs/results/index.py makes them anew"


def page(index: ModuleType, name: str) -> tuple[Path, str]:
    path: Path = {
        "readme": index.README,
        "what to run": index.WHAT_TO_RUN,
        "reproduce": index.REPRODUCE,
    }[name]
    return path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("readme", "{mean} ± ", "12.34 ± "),
        ("what to run", "times as fast as PyTorch's", "% faster, 9.9 % as PyTorch's"),
        ("reproduce", "tanh {tanh},", "tanh 31.4,"),
        ("reproduce", "where six times would be", "6.6 times as many, where six times would be"),
    ],
)
def test_a_figure_of_somebodys_own_is_found(
    index: ModuleType, name: str, before: str, after: str
) -> None:
    path, text = page(index, name)
    tiny = index.errors("tiny-digits/seed", 0, 1, 2)
    tanh = index.read("reproduced/fig1/result.json")["figures"]["arrivals"]["tanh"]
    before = before.format(mean=f"{index.mean(tiny):.2f}", tanh=f"{index.mean(tanh):.1f}")
    assert before in text
    changed = text.replace(before, after, 1)
    try:
        differs = index.with_claims(path, changed) != changed
    except SystemExit:  # its sentence is not there any more
        differs = True
    assert differs or index.uncovered(path, changed)


@pytest.mark.parametrize("name", ["readme", "what to run", "reproduce"])
def test_a_new_figure_needs_a_file(index: ModuleType, name: str) -> None:
    path, text = page(index, name)
    assert index.uncovered(path, text) == []
    found = index.uncovered(path, text + "\nIt is 7.5 times as good, with 3 % error.\n")
    assert [line.split(" in: ")[0] for line in found] == ["7.5", "3"]


def test_figures_are_taken_from_the_right_place(index: ModuleType) -> None:
    assert index.logged("cifar-80sec/ensemble.txt") == [23.24]
    assert index.claims.ratio("train", "alexnet-train-1") == 4.72
    assert index.claims.gpu_ratio("tf32") == pytest.approx(12593 / 8258)
    assert index.claims.gpu_turns("tf32") == 1.24
    assert index.spread_of([1.0, 3.0]) == pytest.approx(2**0.5)
