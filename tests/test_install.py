"""What the package does with its base requirements alone, and without Numba."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.processes import ROOT, environment
from tinyalex import extras

# Modules that are only there for packages of an extra.
NEED_AN_EXTRA = re.compile(r"tinyalex\.(backends\.cuda\.|learn\.solutions\.|lessons\.)|.*__main__$")

HIDE = """
import sys
from importlib.machinery import BuiltinImporter, FrozenImporter, PathFinder

hidden = set({hidden!r})

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in hidden else super().find_spec(name, path, target)

sys.meta_path[:] = [BuiltinImporter, FrozenImporter, Without]
"""


def requirements(package: str) -> set[str]:
    """A package and all that it requires, without extras, by their normalised names."""
    packaging = pytest.importorskip("packaging.requirements")
    found, waiting = set(), [package]
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        found.add(name)
        lines = importlib.metadata.requires(name) or []
        wanted = map(packaging.Requirement, lines)
        waiting += [w.name for w in wanted if w.marker is None or w.marker.evaluate({"extra": ""})]
    return found


@cache
def not_in_base() -> set[str]:
    """The modules of all installed packages that the base does not require."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.MULTILINE | re.DOTALL)
    names = re.findall(r'^    "([\w-]+)', listed[1] if listed else "", re.MULTILINE)
    base = {"tinyalex"}.union(*map(requirements, names))
    modules = importlib.metadata.packages_distributions()
    return {
        module
        for module, packages in modules.items()
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in packages} & base
    }


def run(program: str, folder: Path, hidden: set[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(hidden=sorted(hidden)) + program],
        cwd=folder,
        env=environment(PYTHONPATH=str(ROOT), COLUMNS="200", HYPOTHESIS_NO_PLUGINS="1"),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def command(*words: str) -> str:
    return f"sys.argv[:] = {['tinyalex', *words]!r}\nfrom tinyalex.__main__ import main\nmain()"


def test_scikit_learn_and_scipy_are_not_in_the_base() -> None:
    hidden = not_in_base()
    assert {"pytest"} <= hidden and not {"numpy", "numba", "matplotlib", "PIL", "tinyalex"} & hidden
    assert not {"sklearn", "scipy", "skimage"} & set(requirements("tinyalex")) - hidden


def test_every_module_is_imported_with_the_base_alone(tmp_path: Path) -> None:
    names = sorted(
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in (ROOT / "tinyalex").rglob("*.py")
    )
    wanted = [name for name in names if not NEED_AN_EXTRA.match(name)]
    program = f"import importlib\nfor name in {wanted!r}: importlib.import_module(name)"
    done = run(program, tmp_path, not_in_base())
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_without_numba_auto_trains_on_numpy_and_says_so(tmp_path: Path) -> None:
    hidden = not_in_base() | {"numba", "llvmlite", "numba_cuda", "cupy"}
    done = run(command("train", "--data", "digits@200", "--epochs", "1"), tmp_path, hidden)
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 0, printed
    assert "backend numpy" in printed
    assert "numba is missing (try: pip install numba)" in printed
    assert list(tmp_path.glob("runs/*/curves.png"))


@pytest.mark.slow
def test_without_numba_the_exercise_that_needs_it_says_so(tmp_path: Path) -> None:
    hidden = not_in_base() | {"numba", "llvmlite", "numba_cuda", "cupy"}
    solution = ROOT / "tinyalex" / "learn" / "solutions" / "18_im2col_numba.py"
    shutil.copy(solution, tmp_path)
    done = run(command("exercise", "check", solution.name), tmp_path, hidden)
    assert "needs numba, which is not installed here (try: pip install numba)" in done.stdout


@pytest.mark.parametrize(
    "program",
    [
        "from tinyalex.reproduce.features import linear_errors\nlinear_errors(None, 0)",
        "import numpy\nfrom tinyalex.reproduce.features import describe\ndescribe(numpy.ones(1))",
    ],
)
def test_what_needs_an_extra_names_it(program: str, tmp_path: Path) -> None:
    done = run(program, tmp_path, not_in_base())
    assert done.returncode == 1
    assert f"Try: {extras.install('lessons')}" in done.stderr


def test_a_lesson_that_needs_an_extra_names_it(tmp_path: Path) -> None:
    done = run(command("lesson", "17"), tmp_path, not_in_base())
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 1, printed
    assert extras.install("lessons") in printed and "Traceback" not in printed


def test_the_page_lists_what_is_required_and_the_sizes_of_the_logs() -> None:
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    logs = "".join(path.read_text() for path in (ROOT / "docs/results/install").glob("*.txt"))
    rows = [line for line in page.splitlines() if re.match(r"\| [`\w]", line)]
    table = "\n".join(rows)
    for requirement in project["dependencies"]:
        name = re.split("[<>=]", requirement)[0]
        assert re.search(rf"\b{name}\b", table), requirement
    for extra in project["optional-dependencies"]:
        assert f"`{extra}`" in table, extra
    figures = [figure for row in rows for figure in re.findall(r"\d+\.\d+", row.split("|")[2])]
    assert figures and not [figure for figure in figures if f"{figure} MB" not in logs]
