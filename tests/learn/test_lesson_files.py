"""All lessons have the same form, so that a student always knows where they are."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from tinyalex.learn.lesson_file import CODE, MARKDOWN, Lesson, read

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "lessons"
LESSONS = [read(path) for path in sorted(FOLDER.glob("[0-9][0-9]_*.py"))]
SECTIONS = ["Predict", "By hand", "Code", "Check", "Break it", "Try next"]
LONGEST_LINE = 74  # characters: a terminal of 80 columns shows them after the line's number
NOT_YET: set[str] = set()  # lessons that are not in the new form yet
FORBIDDEN = {"input", "exit", "quit", "breakpoint"}  # a notebook has no keyboard


def in_turns(lessons: list[Lesson]) -> list[Any]:
    """One of six lessons in the quick tests; making a page of one takes half a second."""
    marks = [() if i % 6 == 0 else pytest.mark.slow for i in range(len(lessons))]
    named = zip(lessons, marks, strict=True)
    return [pytest.param(lesson, marks=mark, id=lesson.name) for lesson, mark in named]


every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
every_new_lesson = pytest.mark.parametrize(
    "lesson",
    [lesson for lesson in LESSONS if lesson.name not in NOT_YET],
    ids=lambda lesson: lesson.name,
)


def code_of(lesson: Lesson) -> ast.Module:
    return ast.parse("\n".join(cell.source for cell in lesson.cells if cell.kind == CODE))


def modules_of(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def text_of(lesson: Lesson) -> str:
    return "\n".join(cell.source for cell in lesson.cells if cell.kind == MARKDOWN)


def test_lessons_are_numbered_without_gaps() -> None:
    assert [lesson.number for lesson in LESSONS] == list(range(len(LESSONS)))
    assert len(LESSONS) >= 2


@every_lesson
def test_a_lesson_takes_less_than_an_hour(lesson: Lesson) -> None:
    assert 10 <= lesson.minutes <= 60


@every_lesson
def test_sections_are_in_order_and_at_the_start_of_a_cell(lesson: Lesson) -> None:
    starts = [cell.source.split("\n", 1)[0] for cell in lesson.cells if cell.kind == MARKDOWN]
    assert [start[3:] for start in starts if start.startswith("## ")] == SECTIONS
    anywhere = re.findall(r"^## (.*)", text_of(lesson), re.MULTILINE)
    assert anywhere == SECTIONS


@every_lesson
def test_products_are_not_read_as_emphasis(lesson: Lesson) -> None:
    """In Markdown, 2*3 and 4*5 in one paragraph make "3 and 4" italic: write 2 * 3."""
    words = re.sub(r"`[^`]*`|\*\*", " ", text_of(lesson))
    assert not re.search(r"\w\*\w", words)


@every_lesson
def test_claims_are_asserted(lesson: Lesson) -> None:
    tree = code_of(lesson)
    claims = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    assert claims, "a lesson without an assert claims nothing"
    assert not [claim for claim in claims if isinstance(claim.test, ast.Constant | ast.Tuple)]


@every_lesson
def test_a_lesson_uses_the_package(lesson: Lesson) -> None:
    uses = modules_of(code_of(lesson))
    rooms = ("layers", "models", "backends", "data", "training", "evaluation")
    assert any(module.startswith(f"tinyalex.{room}") for room in rooms for module in uses), uses


@every_lesson
def test_a_lesson_can_run_in_a_notebook_and_from_any_folder(lesson: Lesson) -> None:
    tree = code_of(lesson)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & (FORBIDDEN | {"__file__"})
    screens = ("argparse", "matplotlib.pyplot")
    assert not [module for module in modules_of(tree) if module.startswith(screens)]


@every_lesson
def test_required_lessons_come_before(lesson: Lesson) -> None:
    needed = [int(number) for number in re.findall(r"\b\d{1,2}\b", lesson.needs)]
    assert all(number < lesson.number for number in needed)


@every_lesson
def test_the_named_exercises_exist(lesson: Lesson) -> None:
    folder = FOLDER / "exercises"
    known = {path.stem for path in folder.glob("*.py")}
    if not known:
        pytest.skip("no exercises here yet")
    named = re.findall(r"tinyalex exercise start (\w+)", text_of(lesson))
    assert set(named) <= known


@every_lesson
def test_the_readme_lists_every_lesson(lesson: Lesson) -> None:
    link = f"[{lesson.number:02d} {lesson.title}]({lesson.path.name})"
    row = f"| {link} | {lesson.minutes} | {lesson.goal.rstrip('.')} |"
    lines = (FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
    assert row in lines, f"this line is missing in lessons/README.md: {row}"


@every_new_lesson
def test_every_line_fits_into_a_terminal_with_its_number(lesson: Lesson) -> None:
    lines = lesson.path.read_text(encoding="utf-8").splitlines()
    long = [number for number, line in enumerate(lines, 1) if len(line) > LONGEST_LINE]
    assert not long, f"{lesson.path.name}: lines {long} have more than {LONGEST_LINE} characters"


@every_new_lesson
def test_a_beginner_can_read_the_code(lesson: Lesson) -> None:
    """No assignment inside an expression, no zip of more than two, no plotting by hand."""
    tree = code_of(lesson)
    assert not [node.lineno for node in ast.walk(tree) if isinstance(node, ast.NamedExpr)]
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    zips = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "zip"]
    assert all(len(call.args) <= 2 for call in zips)
    assert not [module for module in modules_of(tree) if module.startswith("matplotlib")]
