"""Results that lessons and the pages for teachers quote are those in docs/results."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "docs" / "results" / "reproduced"
LESSON_18 = "lessons/18_what_each_part_brought.py"
ANSWERS = "docs/teaching/answers.md"


def rows(experiment: str) -> dict[str, list[float]]:
    """The numbers of each row of an experiment's table, by the row's name."""
    table = json.loads((RESULTS / experiment / "result.json").read_text(encoding="utf-8"))["rows"]
    found = {row[0]: re.findall(r"[-+]?\d+\.\d+", " ".join(row[1:])) for row in table}
    return {name: [float(number) for number in numbers] for name, numbers in found.items()}


def text_of(file: str) -> str:
    """A file's text in one line, without comment signs."""
    return " ".join((ROOT / file).read_text(encoding="utf-8").replace("\n#", "\n").split())


def ablation(name: str, column: int) -> float:
    return rows("ablations")[name][column]


ONE, SEVEN = rows("ensemble")["1"][0], rows("ensemble")["7"][0]
BEFORE = list(rows("before2012").values())
QUOTED = [
    (LESSON_18, "from {:.1f} to", ablation("with everything", 2)),
    (LESSON_18, "to {:.1f} %, and the test error", ablation("no crops, no mirrors", 2)),
    (LESSON_18, "rises from {:.1f} to", ablation("with everything", 0)),
    (LESSON_18, "to {:.1f} %. The colour shift", ablation("no crops, no mirrors", 0)),
    (LESSON_18, "({:.2f} points, give or take", ablation("no colour shift", 4)),
    (LESSON_18, "come from {:.1f} to", ONE),
    (LESSON_18, "to {:.1f} %, as one", SEVEN),
    (LESSON_18, "factor is {:.2f},", SEVEN / ONE),
    (ANSWERS, "{:.2f} % becomes", ONE),
    (ANSWERS, "becomes {:.2f} %", sum(row[1] for row in rows("tencrop").values()) / 7),
    (ANSWERS, "{:.1f} % with hand-crafted features", min(row[0] for row in BEFORE[:-2])),
    (ANSWERS, "{:.1f} % with one network", ONE),
    (ANSWERS, "{:.1f} % with seven", SEVEN),
]


@pytest.mark.parametrize(("file", "form", "number"), QUOTED)
def test_a_quoted_result_is_the_measured_one(file, form, number):
    assert form.format(number) in text_of(file)
