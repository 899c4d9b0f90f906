"""The planted bugs still fit the code. ``python -m tests.mutants`` shows that they are caught."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.backends.cuda_kernels import FUNCTIONS, Kernel
from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]


@cache
def meaning_of(file: str) -> str:
    return ast.dump(ast.parse((ROOT / file).read_text(encoding="utf-8")))


@cache
def functions_of(file: str) -> set[str]:
    body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    return {statement.name for statement in body if isinstance(statement, ast.FunctionDef)}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_right_text_is_there_once_and_the_wrong_text_is_python(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1, f"{mutant.file} has changed: adapt tests/mutants/planted.py"
    changed = text.replace(mutant.old, mutant.new)
    if not mutant.file.endswith(".py"):
        assert changed != text
        return
    assert ast.dump(ast.parse(changed)) != meaning_of(mutant.file)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_named_tests_exist(mutant: Mutant) -> None:
    for node in mutant.tests:
        file, _, function = node.partition("::")
        assert function.partition("[")[0] in functions_of(file), f"no {node}"


def test_no_bug_is_planted_twice() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 20
    assert len({(m.file, m.old, m.new) for m in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("kernel", FUNCTIONS, ids=lambda kernel: kernel.name)
def test_every_function_of_the_gpu_has_a_bug_planted(kernel: Kernel) -> None:
    file = f"tinyalex/backends/cuda/{kernel.name.partition('.')[0]}.py"
    text = (ROOT / file).read_text(encoding="utf-8")
    lines = [text[: text.find(m.old)].count("\n") + 1 for m in MUTANTS if m.file == file]
    assert any(line in kernel.lines for line in lines), "plant one in tests/mutants/in_cuda.py"
