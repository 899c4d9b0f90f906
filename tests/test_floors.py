"""The rules of the house, read from the source: who may import whom, and what nobody may do.

A file imports only from its own folder and from lower floors (docs/floors.py), layers never name
a device, files stay short, and nothing is ever unpickled.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
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
EVERY_FILE = sorted(
    path
    for folder in ("tinyalex", "tests", "docs", "lessons")
    for path in (ROOT / folder).rglob("*.py")
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    """``tinyalex.layers.conv`` for ``tinyalex/layers/conv.py``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a file imports, inside functions too."""
    module = module_of(path)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")
            base = base[: len(base) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{origin}.{alias.name}") for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_file_imports_from_its_own_folder_or_from_lower_floors(path: Path) -> None:
    room = path.relative_to(PACKAGE).with_suffix("").parts[0]
    for line, imported in imports(path):
        head, _, rest = imported.partition(".")
        other = rest.split(".")[0]
        if head != "tinyalex" or other in ("", "__version__", "*", room):
            continue
        lower = floors.floor_of(other) < floors.floor_of(room)
        assert lower, f"{name_of(path)}:{line}: {room} must not import {imported}"


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


@pytest.mark.parametrize("name", tinyalex._SUBPACKAGES)
def test_a_subpackage_is_there_as_soon_as_it_is_asked_for(name: str) -> None:
    assert name in dir(tinyalex) and (PACKAGE / name / "__init__.py").is_file()
    asked = f"import tinyalex; print(tinyalex.{name}.__name__)"
    shown = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True)
    assert shown.stdout.decode().strip() == f"tinyalex.{name}"


def test_a_subpackage_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lairs'"):
        tinyalex.lairs  # noqa: B018


@pytest.mark.parametrize("path", LAYERS, ids=name_of)
def test_a_layer_never_names_a_device(path: Path) -> None:
    for line, imported in imports(path):
        assert imported.split(".")[0] not in DEVICES, (
            f"{name_of(path)}:{line}: imports {imported}; a layer has self.xp and self.backend"
        )


@pytest.mark.parametrize("path", EVERY_FILE, ids=name_of)
def test_a_file_is_a_room_with_one_purpose(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    most = LONGEST_LESSON if path.parent == ROOT / "lessons" else LONGEST_FILE
    assert lines < most, f"{name_of(path)} has {lines} lines: split it"


def test_contributors_are_told_how_long_a_file_may_be() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"under {LONGEST_FILE} lines (a lesson: under {LONGEST_LESSON})" in page


@pytest.mark.parametrize("path", EVERY_FILE, ids=name_of)
def test_nothing_is_unpickled(path: Path) -> None:
    for line, imported in imports(path):
        assert imported.split(".")[0] not in PICKLERS, f"{name_of(path)}:{line}: {imported}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            safe = isinstance(node.value, ast.Constant) and node.value.value is False
            assert safe, f"{name_of(path)}:{node.value.lineno}: allow_pickle must be False"


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
