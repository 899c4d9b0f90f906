"""The planted bugs still fit the code. ``python -m tests.mutants`` shows that they are caught."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.backends.cuda_kernels import FUNCTIONS, Kernel
from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]


@cache
def text_of(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


@cache
def functions_of(file: str) -> set[str]:
    return set(re.findall(r"^def (\w+)\(", text_of(file), re.MULTILINE))


def letters(code: str) -> str:
    return "".join(re.sub("#.*", "", code).split())


def what_is_wrong(mutant: Mutant) -> str:
    """Why a bug cannot be planted; empty if it can."""
    text = text_of(mutant.file)
    if text.count(mutant.old) != 1:
        return f"{mutant.file} has changed: adapt tests/mutants/in_*.py"
    changed = text.replace(mutant.old, mutant.new)
    if not mutant.file.endswith(".py"):
        return "nothing changes" if changed == text else ""
    try:
        compile(changed, mutant.file, "exec", dont_inherit=True)
    except SyntaxError as error:
        return f"the wrong text is not Python: {error}"
    if letters(mutant.old) == letters(mutant.new):
        # Where the code begins on a line may still mean something, or change nothing.
        before, after = ast.parse(text), ast.parse(changed)
        return "" if ast.dump(before) != ast.dump(after) else "only its form changes"
    return ""


def test_the_right_text_is_there_once_and_the_wrong_text_is_python() -> None:
    wrong = {mutant.name: what_is_wrong(mutant) for mutant in MUTANTS}
    assert {name: why for name, why in wrong.items() if why} == {}


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("name", "x", "adapt"),
        ("COMPILED = (", "COMPILED = ((", "not Python"),
        ("COMPILED = ", "# Names.\nCOMPILED = ", "form"),
        ("COMPILED = ", "X = ", ""),
    ],
)
def test_what_is_wrong_is_found(old: str, new: str, why: str) -> None:
    found = what_is_wrong(Mutant("x", "tests/mutants/mutant.py", old, new, ()))
    assert why in found and bool(why) == bool(found)


def test_the_named_tests_exist() -> None:
    wrong = []
    for mutant in MUTANTS:
        for node in mutant.tests:
            file, _, function = node.partition("::")
            if function.partition("[")[0] not in functions_of(file):
                wrong.append(f"{mutant.name}: no {node}")
    assert wrong == []


def test_no_bug_is_planted_twice() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    assert len({(m.file, m.old, m.new) for m in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("kernel", FUNCTIONS, ids=lambda kernel: kernel.name)
def test_every_function_of_the_gpu_has_a_bug_planted(kernel: Kernel) -> None:
    file = f"tinyalex/backends/cuda/{kernel.name.partition('.')[0]}.py"
    text = (ROOT / file).read_text(encoding="utf-8")
    lines = [text[: text.find(m.old)].count("\n") + 1 for m in MUTANTS if m.file == file]
    assert any(line in kernel.lines for line in lines), "plant one in tests/mutants/in_cuda.py"
