"""The messages in docs/teaching/messages.md are the grader's verdicts on the answers above them.

``python -m tests.learn.test_teaching_page`` updates them.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest

from tinyalex.learn.exercises import all_exercises, get
from tinyalex.learn.grader.examine import grade
from tinyalex.learn.grader.verdict import in_words

DOCS = Path(__file__).resolve().parents[2] / "docs"
PLAN, PAGE = DOCS / "teaching.md", DOCS / "teaching" / "messages.md"
PAIR = re.compile(r"(```py\n(.*?)```\n\n```text\n)(.*?)(```\n)", re.DOTALL)
EXERCISE = "16_sgd"


def message(text: str) -> str:
    """The grader's verdict on this answer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{EXERCISE}.py"
        path.write_text(text, encoding="utf-8")
        verdict = grade(path, get(EXERCISE))
    return "\n".join(line.rstrip() for line in in_words(verdict)) + "\n"


PAIRS = PAIR.findall(PAGE.read_text(encoding="utf-8"))


@pytest.mark.parametrize("pair", PAIRS, ids=range(len(PAIRS)))
def test_a_message_is_what_the_grader_says(pair):
    _, answer, shown, _ = pair
    assert shown == message(answer)
    assert f"{EXERCISE}: not passed" in shown


def test_the_most_common_mistakes_are_shown():
    assert len(PAIRS) >= 8


def test_the_plan_lists_every_exercise_with_its_lesson_and_minutes():
    rows = [line.split("|") for line in PLAN.read_text(encoding="utf-8").splitlines()]
    plan = {
        row[2].split()[0].strip("["): row
        for row in rows
        if len(row) == 6 and row[2].strip()[:1] == "["
    }
    assert sorted(plan) == [f"{lesson:02d}" for lesson in range(19)]
    for exercise in all_exercises():
        assert f"`{exercise.name}` {exercise.minutes}" in plan[f"{exercise.lesson:02d}"][3]
    for lesson, row in plan.items():
        homework = [e for e in all_exercises() if e.lesson == int(lesson)]
        minutes = sum(exercise.minutes for exercise in homework)
        assert row[4].strip() == (f"{minutes} min" if homework else "")
        assert row[3].count("`") == 2 * len(homework)


def update() -> None:
    text = PAGE.read_text(encoding="utf-8")
    text = PAIR.sub(lambda found: found[1] + message(found[2]) + found[4], text)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    update()
