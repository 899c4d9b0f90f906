"""Slides of a lesson: what is on them, and that they need no network."""

from __future__ import annotations

import re

import pytest

from tests.browser import browser
from tests.learn import lessons
from tests.learn.test_lesson_files import LESSONS, in_turns
from tests.learn.test_lesson_rendering import letters, of_kind, visible, words_of
from tinyalex.learn import notebooks
from tinyalex.learn.lesson_file import CODE, MARKDOWN, read
from tinyalex.learn.slides import split, to_slides

for _package in ("jupytext", "nbconvert"):
    pytest.importorskip(_package)

ASKING = """
# %% [markdown]
# ## Code
# **Your turn.** How much is it?

# %%
total = 2 + 3  # your turn: the sum
assert total == 5
"""


def slides_of(page: str) -> list[str]:
    return re.findall(r"<section.*?</section>", page, re.DOTALL)


def page_of(lesson) -> str:
    return to_slides(lesson, notebooks.to_notebook(lesson))


@pytest.fixture
def asking(tmp_path):
    return read(lessons.write(tmp_path, 4, "asking", ASKING))


@pytest.mark.parametrize("lesson", in_turns(LESSONS))
def test_the_slides_have_every_character_of_the_lesson(lesson):
    page = page_of(lesson)
    shown = "".join(visible(page, "text_cell_render", "jp-RenderedMarkdown"))
    assert shown == "".join(words_of(cell.source) for cell in of_kind(lesson, MARKDOWN))
    code = "".join(visible(page, "highlight"))
    assert all(letters(cell.source) in code for cell in of_kind(lesson, CODE))


def test_a_long_text_continues_on_the_next_slide():
    paragraph = "word " * 40
    text = f"## Check\n\n{paragraph}\n\n{paragraph}\n\n{paragraph}"
    parts = split(text, words=90)
    assert [part.count("word") for part in parts] == [80, 40]
    assert parts[0].startswith("## Check")


def test_a_heading_and_a_list_are_not_left_alone():
    long = "word " * 100
    parts = split(f"## Check\n\n{long}\n\nTwo things:\n\n- one {long}\n- two\n\nend", words=90)
    assert [part.split()[0] for part in parts] == ["##", "Two", "end"]


def test_a_text_is_divided_without_loss():
    text = "a\n\nb c d\n\n- e\n- f\n\n    code\n\n1. g\n\nh i\n\nj"
    assert "\n\n".join(split(text, words=1)) == text


def test_the_answer_is_on_the_slide_after_the_question(asking):
    slides = slides_of(page_of(asking))
    [asked] = [i for i, slide in enumerate(slides) if "total" in slide and "..." in slide]
    assert "2" not in "".join(visible(slides[asked], "highlight"))
    assert "total=2+3" in letters("".join(visible(slides[asked + 1], "highlight")))


def test_the_notebook_stays_as_it_was(asking):
    book = notebooks.to_notebook(asking)
    before = notebooks.to_text(book)
    to_slides(asking, book)
    assert notebooks.to_text(book) == before


def test_nothing_is_loaded_from_a_network(asking):
    page = page_of(asking)
    assert "default-src 'none'" in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", page)
    assert "@import" not in page and "url(" not in page


def test_every_slide_after_a_heading_says_in_which_part_it_is(asking):
    asked = slides_of(page_of(asking))[-1]
    assert '<p class="part">Code</p>' in asked


def test_they_print_one_slide_a_page(asking):
    page = page_of(asking)
    printing = page[page.index("@media print") :]
    assert "break-after: page" in printing and "display: block" in printing


@pytest.fixture(scope="module")
def window():
    with browser() as found:
        yield found


def check_shows(window, slide):
    """One slide is shown, its number is said, and the page has no error."""
    shown = "return [...document.querySelectorAll('section')].map(x => x.className)"
    slides = window.run(shown)
    assert [i for i, name in enumerate(slides) if name == "now"] == [slide % len(slides)]
    assert f"{slide % len(slides) + 1} / {len(slides)}" in window.run(
        "return document.body.innerText"
    )
    assert window.log() == []


@pytest.mark.parametrize(("place", "shown"), [("", 0), ("#2", 1), ("#99", -1)])
def test_a_browser_shows_one_slide(asking, tmp_path, window, place, shown):
    path = tmp_path / "slides.html"
    path.write_text(page_of(asking), encoding="utf-8")
    check_shows(window.open(f"{path.as_uri()}{place}"), shown)


@pytest.mark.parametrize(
    ("keys", "shown"),
    [("ARROW_RIGHT", 1), ("PAGE_DOWN PAGE_DOWN ARROW_LEFT", 1), ("END", -1), ("END HOME", 0)],
)
def test_keys_turn_the_slides(asking, tmp_path, window, keys, shown):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    path = tmp_path / "slides.html"
    path.write_text(page_of(asking), encoding="utf-8")
    window.open(path)
    for key in keys.split():
        ActionChains(window.driver).send_keys(getattr(Keys, key)).perform()
    check_shows(window, shown)
