"""What a lesson asks: a line that only a right answer fills, predictions that are answered."""

from __future__ import annotations

import ast

import pytest

from tests.learn.test_lesson_files import LESSONS, NOT_YET
from tests.learn.test_lesson_rendering import letters, visible
from tinyalex.learn import questions
from tinyalex.learn.lesson_file import CODE, MARKDOWN, Cell, Lesson
from tinyalex.learn.markdown import escaped, plain
from tinyalex.learn.questions import Blank, NotAnAnswer, blank_of, try_answer
from tinyalex.learn.stepping import CellError, new_names, run_cell

ASKING = [lesson for lesson in LESSONS if lesson.name not in NOT_YET]

LONG_BEFORE = {
    "08_augmentation",
    "15_look_inside",
    "16_before_2012",
}  # what they compute before their question

every_asking = pytest.mark.parametrize("lesson", ASKING, ids=lambda lesson: lesson.name)


def section(lesson: Lesson, heading: str) -> list[Cell]:
    """The cells of a section."""
    cells, is_in_it = [], False
    for cell in lesson.cells:
        if cell.kind == MARKDOWN and cell.source.startswith("## "):
            is_in_it = questions.begins(cell, heading)
        if is_in_it:
            cells.append(cell)
    return cells


def the_blank(lesson: Lesson) -> tuple[Cell, Blank]:
    found = [(cell, blank_of(cell)) for cell in lesson.cells]
    [(cell, blank)] = [(cell, blank) for cell, blank in found if blank is not None]
    return cell, blank


@every_asking
def test_every_prediction_is_numbered_and_answered_in_check(lesson: Lesson) -> None:
    [predict] = [cell for cell in lesson.cells if questions.begins(cell, questions.PREDICT)]
    asked = questions.questions(predict)
    assert asked and asked == [str(i + 1) for i in range(len(asked))]
    texts = [cell.source for cell in section(lesson, questions.CHECK) if cell.kind == MARKDOWN]
    assert sorted(questions.answered("\n\n".join(texts))) == asked


@every_asking
def test_one_line_is_left_to_fill_in_and_its_check_does_not_tell_it(lesson: Lesson) -> None:
    cell, blank = the_blank(lesson)
    assert cell in section(lesson, "## Code")
    assert lesson.path.read_text(encoding="utf-8").count("# your turn: ") == 1
    first, *claims = ast.parse(cell.source).body
    assert isinstance(first, ast.Assign)
    assert claims and all(isinstance(claim, ast.Assert) for claim in claims)
    answer = ast.dump(first.value)
    for claim in claims:
        assert answer not in ast.dump(claim), "the check has the answer's text"


@pytest.mark.parametrize(
    "lesson",
    [
        pytest.param(
            lesson,
            marks=pytest.mark.slow if lesson.name in LONG_BEFORE else (),
            id=lesson.name,
        )
        for lesson in ASKING
    ],
)
def test_only_a_right_answer_is_accepted(lesson: Lesson, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for package in ("skimage", "sklearn"):
        if any(package in cell.source for cell in lesson.cells):
            pytest.importorskip(package)
    blank_cell, blank = the_blank(lesson)
    names = new_names()
    for cell in lesson.cells[: lesson.cells.index(blank_cell)]:
        if cell.kind == CODE:
            run_cell(lesson, cell, names)
    for wrong in (f"({blank.answer}) + 1", f"({blank.answer}) * 2", "0", "None", "..."):
        with pytest.raises(CellError):
            try_answer(lesson, blank_cell, wrong, names)
    try_answer(lesson, blank_cell, blank.answer, names)


@every_asking
def test_break_it_prints_what_goes_wrong(lesson: Lesson) -> None:
    code = [cell.source for cell in section(lesson, "## Break it") if cell.kind == CODE]
    body = ast.parse("\n".join(code)).body
    outside = [node for node in body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    calls = [node for statement in outside for node in ast.walk(statement)]
    names = [
        call.func.id for call in calls if isinstance(call, ast.Call) and hasattr(call.func, "id")
    ]
    assert "print" in names


def test_a_blank_is_read_from_the_first_line():
    cell = Cell(CODE, "n = 3 * 9  # your turn: how many?\nassert n == 27", 5)
    assert blank_of(cell) == Blank("n", "3 * 9", "how many?")
    assert questions.hidden(cell, blank_of(cell)) == (
        "n = ...  # your turn: how many?\nassert n == 27"
    )


@pytest.mark.parametrize(
    "source",
    ["n = 3", "n = 3  # my turn: why", "x\nn = 3  # your turn: why", " n = 3  # your turn: w"],
)
def test_other_lines_are_no_blank(source):
    assert blank_of(Cell(CODE, source, 1)) is None
    assert blank_of(Cell(MARKDOWN, "n = 3  # your turn: why", 1)) is None


@pytest.mark.parametrize("typed", ["", "x = 1; y = 2", "lambda", "\0"])
def test_what_is_no_expression_is_refused(typed, tmp_path):
    cell = Cell(CODE, "n = 3  # your turn: how many?\nassert n == 3", 1)
    with pytest.raises(NotAnAnswer):
        try_answer(LESSONS[0], cell, typed, new_names())


@pytest.mark.parametrize(
    "guess", ["8", "*a* **b**", "`c` [d](e) _f_ g_h", "<i> # \\ 2**3", "  x  "]
)
def test_a_guess_is_shown_as_it_was_typed(guess):
    text = questions.with_guesses("**Prediction 1.** It is 8.", {"1": guess})
    assert plain(text) == f"Prediction 1. (You guessed: {guess.strip()}.) It is 8."
    mistune = pytest.importorskip("nbconvert.filters.markdown_mistune")
    page = mistune.markdown2html_mistune(escaped(text))
    [seen] = visible(f'<div class="here">{page}</div>', "here")
    assert seen == letters(f"Prediction 1. (You guessed: {guess}.) It is 8.")


def test_without_a_guess_the_text_is_as_it_was():
    text = "**Prediction 1.** It is 8.\n\n**Prediction 2.** No."
    assert questions.with_guesses(text, {}) == text
    assert questions.with_guesses(text, {"1": " ", "2": ""}) == text
