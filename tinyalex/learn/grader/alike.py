"""Answers that are the same up to names, layout and comments: each other, or the solution.

A short answer has one natural form, which many students find. So only longer ones are compared, and
what is found is a reason to talk with the students, not a proof.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tinyalex.learn.grader import reading, source
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.results import Graded
from tinyalex.learn.grader.verdict import AnswerError, Outcome
from tinyalex.learn.places import solutions_folder

LEAST = 120  # parts of the syntax tree; an answer of about eight lines
MOST = 1 << 16  # bytes of Python


@dataclass(frozen=True)
class Alike:
    """Students whose answers to an exercise are the same up to names.

    Attributes
    ----------
    exercise : str
    students : tuple of str
    solution : bool
        Whether the reference solution is the same, too.
    """

    exercise: str
    students: tuple[str, ...]
    solution: bool

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can store."""
        return {
            "exercise": self.exercise,
            "students": list(self.students),
            "solution": self.solution,
        }


def alike(graded: Iterable[Graded]) -> list[Alike]:
    """Groups of students whose answers are the same up to names, by exercise."""
    groups: dict[tuple[str, str], dict[str, None]] = {}
    for result in graded:
        file = result.submission.file
        if file is None or result.verdict.outcome is Outcome.NOT_WRITTEN:
            continue
        if found := _of_file(file):
            students = groups.setdefault((result.verdict.exercise, found), {})
            students[result.submission.student] = None
    solutions = {exercise: _of_solution(exercise) for exercise, _ in groups}
    every = [
        Alike(exercise, tuple(students), found == solutions[exercise])
        for (exercise, found), students in groups.items()
    ]
    same = [group for group in every if len(group.students) > 1 or group.solution]
    return sorted(same, key=lambda group: (group.exercise, group.students))


def of_students(groups: Iterable[Alike]) -> dict[str, list[str]]:
    """By student, who has the same answers, as in ``07_max_pool: ben, the solution``."""
    found: dict[str, list[str]] = {}
    for group in groups:
        for student in group.students:
            others = [other for other in group.students if other != student]
            others += ["the solution"] if group.solution else []
            found.setdefault(student, []).append(f"{group.exercise}: {', '.join(others)}")
    return found


def fingerprint(code: bytes) -> str:
    """A hash of what a source does, whatever its names are; empty if it is short or very long.

    Examples
    --------
    >>> fingerprint(b"x = 1")
    ''
    """
    if len(code) > MOST:
        return ""
    try:
        tree = reading.parse(code, "answer")
        renamed = _Renamed(tree)
        body = [renamed.visit(node) for node in tree.body if not isinstance(node, _IMPORTS)]
        parts = [node for node in body if node is not None]
        if sum(1 for node in parts for _ in ast.walk(node)) < LEAST:
            return ""
        return hashlib.sha256("\n".join(map(ast.dump, parts)).encode()).hexdigest()
    except (AnswerError, RecursionError):  # the latter: a sum of a thousand terms
        return ""


_IMPORTS = (ast.Import, ast.ImportFrom)


class _Renamed(ast.NodeTransformer):
    """Numbers a source's own names by their first use; leaves out annotations and docstrings."""

    def __init__(self, tree: ast.Module) -> None:
        self.names: dict[str, str] = {}
        self.own: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                self.own.add(node.name)
            elif isinstance(node, ast.arg):
                self.own.add(node.arg)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.own.add(node.id)
            elif isinstance(node, ast.Import):  # np and xp are both numpy
                self.names |= {a.asname: a.name for a in node.names if a.asname}

    def name(self, name: str) -> str:
        if name not in self.own:
            return self.names.get(name, name)
        return self.names.setdefault(name, f"name {len(self.names)}")

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self.name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(self.name(node.arg))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = self.name(node.name), None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        plain = ast.Assign([node.target], node.value)
        return self.generic_visit(plain)

    def visit_Pass(self, node: ast.Pass) -> None:
        return None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant):  # a text that does nothing
            return None
        return self.generic_visit(node)


def _of_file(file: File) -> str:
    try:
        return fingerprint(source.python_of(file.content(), file.name))
    except AnswerError:
        return ""


def _of_solution(exercise: str) -> str:
    path = solutions_folder() / f"{exercise}.py"
    return fingerprint(source.read(path)) if path.is_file() else ""
