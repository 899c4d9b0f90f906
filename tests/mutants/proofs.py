"""What a proof that a bug is caught depends on, and the record of the proofs that still hold.

A proof is known by a hash of the bug and of every file that had a part in it: the file with the
bug, the tests, whatever these import, and pytest's settings. Where nothing of that has changed, the
bug would be caught again.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
RECORD = Path(__file__).with_name("proofs.json")
SETTINGS = "pyproject.toml"

Proofs = dict[str, dict[str, str]]


def read(path: Path = RECORD) -> Proofs:
    """The record: for each bug's name its hash and the test that caught it."""
    if not path.is_file():
        return {}
    proofs: Proofs = json.loads(path.read_text(encoding="utf-8"))
    return proofs


def write(proofs: Proofs, path: Path = RECORD) -> None:
    """Write the record, a line for each bug, in the order of their names."""
    lines = (f"{json.dumps(name)}: {json.dumps(proofs[name])}" for name in sorted(proofs))
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def after(proofs: Proofs, caught: Mapping[Mutant, str], missed: Iterable[Mutant]) -> Proofs:
    """The record after a run: ``caught`` names the test that failed for each bug.

    A bug that was not caught loses its proof; the others keep theirs.
    """
    kept = {name: proof for name, proof in proofs.items() if name not in {m.name for m in missed}}
    return kept | {
        mutant.name: {"hash": fingerprint(mutant), "caught by": test}
        for mutant, test in caught.items()
    }


def holds(mutant: Mutant, proofs: Proofs) -> bool:
    """Whether the bug was caught in this very code."""
    return proofs.get(mutant.name, {}).get("hash") == fingerprint(mutant)


@functools.cache
def fingerprint(mutant: Mutant) -> str:
    """Hash of the bug and of everything that its proof depends on."""
    bug = (mutant.file, mutant.old, mutant.new, mutant.tests, mutant.environment)
    settings = tomllib.loads((ROOT / SETTINGS).read_text(encoding="utf-8"))["tool"]["pytest"]
    found = hashlib.sha256(repr((bug, settings)).encode())
    for path in sorted(dependencies(mutant)):
        found.update(f"{path.relative_to(ROOT).as_posix()} {_hash_of(path)}\n".encode())
    return found.hexdigest()[:16]


def dependencies(mutant: Mutant) -> set[Path]:
    """Files that had a part in a proof."""
    todo = [ROOT / mutant.file]
    for test in mutant.tests:
        file = ROOT / test.partition("::")[0]
        todo.append(file)
        for folder in file.relative_to(ROOT).parents:
            todo += [ROOT / folder / "conftest.py"] * (ROOT / folder / "conftest.py").is_file()
    found: set[Path] = set()
    while todo:
        file = todo.pop()
        if file not in found:
            found.add(file)
            todo += _imports(file) if file.suffix == ".py" else ()
    return found


@functools.cache
def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def _imports(file: Path) -> tuple[Path, ...]:
    """Files of this repository that a Python file may load.

    Imports at any depth count; so does text that names a module, as in ``python -m tinyalex``; and
    a file that looks through folders for modules loads all that lie in those it knows.
    """
    text = file.read_text(encoding="utf-8")
    names = {name for node in ast.walk(ast.parse(text)) for name in _named(node)}
    found = {path for name in names for path in _files(name)}
    if "pkgutil" in text:
        packages = [path.parent for path in found | {file} if path.name == "__init__.py"]
        found |= {path for package in packages for path in package.glob("*.py")}
    return tuple(sorted(found))


def _named(node: ast.AST) -> Iterator[str]:
    """Names that could be modules."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (f"{node.module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield f"{node.value.id}.{node.attr}"  # tinyalex.layers, which is loaded when it is used
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value.replace(".", "").isidentifier():
            yield node.value
    elif isinstance(node, ast.List | ast.Tuple | ast.Call):
        words = node.args if isinstance(node, ast.Call) else node.elts
        texts = [word.value if isinstance(word, ast.Constant) else None for word in words]
        yield from (f"{name}.__main__" for option, name in pairwise(texts) if option == "-m")
    elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        start = str(node.values[0].value)
        if start.endswith("."):  # f"tinyalex.backends.{module}"
            folder = ROOT / start.replace(".", "/")
            yield from (f"{start}{path.stem}" for path in folder.glob("*.py"))


@functools.cache
def _files(name: str) -> tuple[Path, ...]:
    """Files that are run when a module is imported; the last part may be a name in it."""
    first, *rest = name.split(".")
    if first not in ("tinyalex", "tests"):
        return ()
    found, folder = [], ROOT / first
    for part in [*rest, ""]:
        found.append(folder / "__init__.py")
        if (folder / f"{part}.py").is_file():
            found.append(folder / f"{part}.py")
        folder /= part
        if not part or not folder.is_dir():
            break
    return tuple(path for path in found if path.is_file())
