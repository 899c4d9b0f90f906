"""The rules of the house, read from the source: who may import whom, and what nobody may do.

A file imports only from its own folder and from lower floors (docs/floors.py), layers never name
a device, files stay short, and nothing is ever unpickled.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import tinyalex
from docs import floors

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tinyalex"

DEVICES = {"numpy", "scipy", "cupy", "cupyx", "numba", "torch", "jax"}
PICKLERS = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
LONGEST_FILE, LONGEST_LESSON = 350, 280  # lines, as CONTRIBUTING.md says

INIT = PACKAGE / "__init__.py"
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path != INIT)
LAYERS = sorted(
    path for room in ("functional", "layers") for path in (PACKAGE / room).rglob("*.py")
)


@cache
def every_file() -> dict[Path, str]:
    """The text of each Python file."""
    return {
        path: path.read_text(encoding="utf-8")
        for folder in ("tinyalex", "tests", "docs", "lessons")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    """``tinyalex.layers.conv`` for ``tinyalex/layers/conv.py``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports(path: Path) -> list[tuple[int, str]]:
    """Line and full name of everything that a file imports, inside functions too."""
    found = []
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            base = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{origin}.{alias.name}") for alias in node.names]
    return found


def test_a_file_imports_from_its_own_folder_or_from_lower_floors() -> None:
    wrong = []
    for path in SOURCES:
        room = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for line, imported in imports(path):
            head, _, rest = imported.partition(".")
            other = rest.split(".")[0]
            if head != "tinyalex" or other in ("", "__version__", "*", room):
                continue
            if floors.floor_of(other) >= floors.floor_of(room):
                wrong.append(f"{name_of(path)}:{line}: {room} must not import {imported}")
    assert not wrong


def test_a_room_has_one_floor_and_a_floor_has_rooms_that_exist() -> None:
    rooms = [room for floor in floors.FLOORS for room in floor]
    missing = {room for room in rooms if floors.place_of(room) is None}
    assert len(set(rooms)) == len(rooms) and not missing


def test_the_table_of_folders_is_made_from_the_floors() -> None:
    page = floors.PAGE.read_text(encoding="utf-8")
    assert floors.with_table(page) == page, "run python docs/floors.py"


def test_the_package_itself_imports_nothing_of_its_own() -> None:
    """``import tinyalex`` is instant: the version, and no library after it."""
    assert [name for _, name in imports(INIT)] == ["importlib"]
    asked = "import sys, tinyalex; print(*[m for m in sys.modules if m.startswith('tinyalex')])"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert loaded.stdout.split() == [b"tinyalex"]


def test_a_subpackage_is_there_as_soon_as_it_is_asked_for() -> None:
    """Each is the first that is asked for: what it imports is then there without being asked."""
    names = tinyalex._SUBPACKAGES
    assert {name for name in names if (PACKAGE / name / "__init__.py").is_file()} == set(names)
    assert set(names) <= set(dir(tinyalex))
    program = (
        "import sys\nfor name in sys.argv[1:]:\n"
        "    for module in [m for m in sys.modules if m.startswith('tinyalex')]:\n"
        "        del sys.modules[module]\n"
        "    import tinyalex\n"
        "    print(getattr(tinyalex, name).__name__)"
    )
    asked = [sys.executable, "-c", program, *names]
    shown = subprocess.run(asked, capture_output=True, check=True, text=True)
    assert shown.stdout.split() == [f"tinyalex.{name}" for name in names]


def test_a_subpackage_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lairs'"):
        tinyalex.lairs  # noqa: B018


def test_a_layer_never_names_a_device() -> None:
    """A layer has self.xp and self.backend."""
    found = [(name_of(path), *found) for path in LAYERS for found in imports(path)]
    assert len(found) > 50
    assert [each for each in found if each[-1].split(".")[0] in DEVICES] == []


def test_a_file_is_a_room_with_one_purpose() -> None:
    """A longer one is to be split."""
    lines = {path: len(text.splitlines()) for path, text in every_file().items()}
    most = {
        path: LONGEST_LESSON if path.parent == ROOT / "lessons" else LONGEST_FILE for path in lines
    }
    assert len(lines) > 900
    assert {name_of(path): n for path, n in lines.items() if n >= most[path]} == {}


def test_the_backends_are_nine_entries_that_a_reader_takes_in_at_a_glance() -> None:
    entries = {path.name for path in (PACKAGE / "backends").iterdir()} - {"__pycache__"}
    assert {"base.py", "numpy", "numba", "cuda"} < entries and len(entries) <= 9


def test_contributors_are_told_how_long_a_file_may_be() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"under {LONGEST_FILE} lines (a lesson: under {LONGEST_LESSON})" in page


def unpickling(path: Path) -> list[str]:
    """Where a file imports what unpickles, or lets NumPy do so."""
    found = [
        f"{name_of(path)}:{line}: {imported}"
        for line, imported in imports(path)
        if imported.split(".")[0] in PICKLERS
    ]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.keyword) or node.arg != "allow_pickle":
            continue
        if not isinstance(node.value, ast.Constant) or node.value.value is not False:
            found.append(f"{name_of(path)}:{node.value.lineno}: allow_pickle must be False")
    return found


def test_nothing_is_unpickled() -> None:
    suspects = re.compile("|".join((*PICKLERS, "allow_pickle")))
    looked_at = [path for path, text in every_file().items() if suspects.search(text)]
    assert [found for path in looked_at for found in unpickling(path)] == []


def test_the_search_for_unpickling_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    source = tmp_path / "x.py"
    source.write_text("def f():\n    from pickle import load\n    np.load(x, allow_pickle=y)\n")
    assert unpickling(source) == ["x.py:2: pickle.load", "x.py:3: allow_pickle must be False"]


def test_the_reader_of_imports_sees_nested_and_relative_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rule that cannot see a breach would pass for ever."""
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    source = tmp_path / "tinyalex" / "layers" / "conv.py"
    source.parent.mkdir(parents=True)
    source.write_text(
        "import numpy.linalg\n"
        "def f():\n"
        "    from numba import njit\n"
        "    from ..training import loop\n"
        "    from . import base\n"
    )
    assert [name for _, name in imports(source)] == [
        "numpy.linalg",
        "numba.njit",
        "tinyalex.training.loop",
        "tinyalex.layers.base",
    ]


def circles(found: dict[str, set[str]]) -> list[str]:
    """Modules that import each other, by whatever detour: of each circle the names, sorted.

    What nobody left imports, and what imports nobody left, is on no circle: it is taken away
    until nothing changes.
    """
    left = {module: set(others) for module, others in found.items()}
    while True:
        wanted = set().union(*left.values()) if left else set()
        on = {m: o & left.keys() for m, o in left.items() if m in wanted and o & left.keys()}
        if on.keys() == left.keys():
            return sorted(left)
        left = on


def test_no_module_imports_itself_by_a_detour() -> None:
    """Not under TYPE_CHECKING or within functions either."""
    modules = {module_of(path): path for path in SOURCES}

    def module_behind(name: str) -> str:
        while name and name not in modules:
            name = name.rpartition(".")[0]
        return name

    found = {
        module: {module_behind(name) for _, name in imports(path)} - {module, ""}
        for module, path in modules.items()
    }
    assert circles(found) == []


def test_the_search_for_circles_finds_them() -> None:
    found = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a"}}
    assert circles(found) == ["b", "c"]
    assert circles({"a": {"b"}, "b": set()}) == []
