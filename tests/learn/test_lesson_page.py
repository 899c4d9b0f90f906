"""A lesson as a page and as a notebook: places for guesses, a blank with its answer folded away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser, browser
from tests.learn.test_lesson_files import LESSONS, NOT_YET, in_turns
from tests.learn.test_lesson_rendering import visible
from tests.needed import needs
from tinyalex.learn import notebooks, questions
from tinyalex.learn.lesson_file import Lesson

needs("jupytext", "nbconvert")

ASKING = [lesson for lesson in LESSONS if lesson.name not in NOT_YET]

every_asking = pytest.mark.parametrize("lesson", ASKING, ids=lambda lesson: lesson.name)


def page_of(lesson: Lesson) -> str:
    book = notebooks.to_notebook(lesson)
    notebooks.hide_answers(book, as_page=True)
    i = LESSONS.index(lesson)
    before, after = LESSONS[i - 1] if i else None, [*LESSONS, None][i + 1]
    return notebooks.to_page(lesson, book, before, after)


@every_asking
def test_a_notebook_for_students_has_blanks_instead_of_answers(lesson: Lesson) -> None:
    book = notebooks.to_notebook(lesson)
    given = {cell.source for cell in book.cells}
    notebooks.hide_answers(book)
    blanks = [cell for cell in book.cells if " = ...  # your turn: " in cell.source]
    assert len(blanks) == 1
    after = book.cells[book.cells.index(blanks[0]) + 1]
    assert after.source.startswith("<details><summary>") and after.cell_type == "markdown"
    guesses = [cell for cell in book.cells if cell.source.startswith("**Your guesses**")]
    assert len(guesses) == 1
    place = book.cells.index(guesses[0])
    assert book.cells[place - 1].source.startswith(questions.PREDICT)
    rest = {cell.source for cell in book.cells} - given
    assert len(rest) == 3 and len(book.cells) == len(given) + 2


@pytest.mark.parametrize("lesson", in_turns(ASKING))
def test_a_page_hides_the_answer_and_has_a_field_for_each_guess(lesson: Lesson) -> None:
    page = page_of(lesson)
    blank = next(filter(None, map(questions.blank_of, lesson.cells)))
    [predict] = [cell for cell in lesson.cells if questions.begins(cell, questions.PREDICT)]
    assert page.count("<input ") == len(questions.questions(predict))
    assert page.count("<label ") == page.count("<input ")
    [details] = re.findall(r"<details>(.*?)</details>", page, re.DOTALL)
    answer = "".join(f"{blank.name} = {blank.answer}".split())
    [folded] = visible(f'<div class="here">{details}</div>', "here")
    assert answer in folded
    outside = page.replace(details, "")
    assert answer not in "".join(visible(f'<div class="here">{outside}</div>', "here"))


def test_a_page_links_to_the_lesson_before_and_after() -> None:
    first, second, third = LESSONS[:3]
    page = page_of(second)
    for lesson, rel in ((first, "prev"), (third, "next")):
        assert page.count(f'<a rel="{rel}" href="{lesson.name}.html">') == 2
        assert f"{lesson.number:02d} {lesson.title}" in page
    assert 'rel="prev"' not in page_of(first)
    assert 'rel="next"' not in page_of(LESSONS[-1])


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.mark.parametrize("lesson", ASKING[1:3], ids=lambda lesson: lesson.name)
def test_on_a_telephone_only_code_scrolls(lesson: Lesson, tmp_path: Path, window: Browser) -> None:
    page = tmp_path / "lesson.html"
    page.write_text(page_of(lesson), encoding="utf-8")
    window.open(page, width=390).check()
    fields = "return [...document.querySelectorAll('input, summary, nav a')]"
    assert window.run(f"{fields}.length") > 3
    assert window.run(f"{fields}.filter(x => x.tabIndex < 0).length") == 0
