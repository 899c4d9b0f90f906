"""The pages for teachers cover every lesson and every exercise.

``python -m tests.learn.test_teaching_pages`` writes docs/teaching/common-errors.md again.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from tests.learn.test_lesson_files import LESSONS
from tests.learn.wrong import all_wrong
from tests.learn.wrong.judging import exercise_of
from tinyalex.learn.exercises import all_exercises
from tinyalex.learn.lesson_file import Lesson

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "teaching"
QUIZ, ANSWERS = FOLDER / "quiz.md", FOLDER / "answers.md"
ERRORS, RUBRIC = FOLDER / "common-errors.md", FOLDER / "rubric.md"
START = ("`tinyalex exercise start ", "`tinyalex exercise train ")
HEAD = """\
# Common errors

What students get wrong in each exercise. The grader judges the properties in this order and stops
at the first that does not hold; the student reads its first hint. This page is made from the hints
and from the wrong answers in `tests/learn/wrong`: `python -m tests.learn.test_teaching_pages`
"""

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def sections(page: Path) -> dict[str, str]:
    """Text below each heading of the second level."""
    parts = re.split(r"^## (.+)\n", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def heading_of(lesson: Lesson) -> str:
    return f"{lesson.number:02d} {lesson.title}"


def try_next(lesson: Lesson) -> list[str]:
    """The tasks in "Try next", except those that name an exercise and nothing else."""
    [text] = [c.source for c in lesson.cells if c.source.startswith("## Try next")]
    bullets = [" ".join(part.split()) for part in re.split(r"^- ", text, flags=re.MULTILINE)[1:]]
    return [bullet for bullet in bullets if not bullet.startswith(START)]


@every_lesson
def test_the_quiz_has_five_questions_with_answers(lesson: Lesson) -> None:
    section = sections(QUIZ)[heading_of(lesson)]
    items = re.split(r"^(\d)\. ", section, flags=re.MULTILINE)
    assert items[1::2] == ["1", "2", "3", "4", "5"]
    for item in items[2::2]:
        question, answer = item.split("*Answer:*")
        assert question.strip().endswith(("?", "."))
        assert answer.strip().endswith(".")


@every_lesson
def test_every_task_of_try_next_has_an_answer(lesson: Lesson) -> None:
    answers = re.split(r"^((?:> .*\n)+)", sections(ANSWERS)[heading_of(lesson)], flags=re.MULTILINE)
    tasks = [" ".join(re.sub(r"^> ", "", t, flags=re.MULTILINE).split()) for t in answers[1::2]]
    assert tasks == try_next(lesson)
    assert all(len(answer.split()) >= 8 for answer in answers[2::2])


@pytest.mark.parametrize("page", [QUIZ, ANSWERS])
def test_there_is_no_section_for_a_lesson_that_is_gone(page):
    known = {heading_of(lesson) for lesson in LESSONS} | {"The numbers, computed"}
    assert set(sections(page)) == known


def common_errors() -> str:
    """The page of common errors."""
    mistakes = defaultdict(list)
    for module, wrong in all_wrong():
        mistakes[exercise_of(module).name, wrong.caught_by].append(wrong.name)
    lines = [HEAD]
    for exercise in all_exercises():
        lines += [f"## {exercise.name}: {exercise.title}", ""]
        lines += ["| property | mistakes | first hint |", "|---|---|---|"]
        for prop in exercise.properties:
            names = "; ".join(mistakes[exercise.name, prop.name])
            cells = (prop.name, names, prop.hints[0])
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def test_the_common_errors_are_those_of_the_tests():
    run = "python -m tests.learn.test_teaching_pages"
    assert ERRORS.read_text(encoding="utf-8") == common_errors(), f"run {run}"


def test_the_rubric_weighs_every_exercise_that_it_names():
    numbers = {exercise.name[:2] for exercise in all_exercises()}
    named = re.findall(r"`(\d\d)`", RUBRIC.read_text(encoding="utf-8"))
    assert len(named) == len(set(named)) and set(named) <= numbers


@every_lesson
def test_the_plan_has_the_minutes_of_every_lesson(lesson: Lesson) -> None:
    text = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    assert f"](../lessons/{lesson.path.name}), {lesson.minutes} min |" in text


def test_the_plan_links_to_every_page():
    text = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
    for page in FOLDER.glob("*.md"):
        assert f"(teaching/{page.name})" in text, page.name


if __name__ == "__main__":
    ERRORS.write_text(common_errors(), encoding="utf-8")
