"""Slides of a lesson: what is on them, and that they need no network."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.learn import lessons
from tests.learn.test_lesson_files import LESSONS
from tests.learn.test_lesson_rendering import letters, of_kind, visible, words_of
from tinyalex.learn import notebooks
from tinyalex.learn.lesson_file import CODE, MARKDOWN, read
from tinyalex.learn.slides import split, to_slides

for _package in ("jupytext", "nbconvert"):
    pytest.importorskip(_package)

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
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


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
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


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
@pytest.mark.parametrize(("place", "shown"), [("", 0), ("#2", 1), ("#99", -1)])
def test_a_browser_shows_one_slide(asking, tmp_path, place, shown):
    path = tmp_path / "slides.html"
    path.write_text(page_of(asking), encoding="utf-8")
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom",
         f"{path.as_uri()}{place}"],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    slides = slides_of(done.stdout)
    now = [i for i, slide in enumerate(slides) if re.match(r'<section[^>]*class="now"', slide)]
    assert now == [shown % len(slides)]
    assert f"{now[0] + 1} / {len(slides)}" in done.stdout


@pytest.mark.skipif(BROWSER is None, reason="no Chromium")
@pytest.mark.parametrize(
    ("keys", "shown"),
    [("ArrowRight", 1), ("PageDown PageDown ArrowLeft", 1), ("End", -1), ("End Home", 0)],
)
def test_keys_turn_the_slides(asking, tmp_path, keys, shown):
    path = tmp_path / "slides.html"
    presses = "".join(
        f'document.body.dispatchEvent(new KeyboardEvent("keydown",'
        f'{{key: "{key}", bubbles: true}}));'
        for key in keys.split()
    )
    page = page_of(asking).replace("</body>", f"<script>{presses}</script></body>")
    path.write_text(page, encoding="utf-8")
    done = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    slides = slides_of(done.stdout)
    now = [i for i, slide in enumerate(slides) if re.match(r'<section[^>]*class="now"', slide)]
    assert now == [shown % len(slides)]
