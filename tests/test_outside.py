"""Text from outside is harmless wherever it is shown, and stays readable."""

from __future__ import annotations

import csv
import io
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.names import HOSTILE, RAW
from tinyalex import outside

ANY_TEXT = st.text(st.characters(exclude_categories=[])) | st.sampled_from(list(HOSTILE.values()))


@given(ANY_TEXT)
def test_a_name_on_a_console_is_one_line_that_can_be_encoded(name):
    shown = outside.shown(name)
    assert not RAW.search(shown) and len(shown.splitlines()) <= 1
    assert shown.encode() and shown or not name
    assert outside.shown(shown) == shown


@pytest.mark.parametrize("name", ["Müller", "日本語", "a b\\c", "naïve – “x”", "🐈", "x\u3000y"])
def test_plain_names_stay_as_they_are(name):
    assert outside.shown(name) == outside.lines(name) == outside.as_csv(name) == name


def test_what_is_hidden_is_written_out():
    assert outside.shown("\x1b[0m\u202e\udcff\x9b\n\t") == "\\x1b[0m\\u202e\\xff\\x9b\\n\\t"
    assert outside.lines("one\n\ttwo\x1b") == "one\n\ttwo\\x1b"
    assert outside.shown("\U000e0041") == "\\U000e0041"


class Text(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, text):
        self.text += text


@given(ANY_TEXT)
def test_a_page_shows_a_name_as_text_inside_and_between_tags(name):
    page = Text(f'<p title="{outside.as_html(name)}">{outside.as_html(name)}</p>')
    assert page.tags == [("p", {"title": outside.shown(name)})]
    assert page.text == outside.shown(name)


@given(ANY_TEXT)
@example("a; =1+1")
def test_a_cell_of_a_table_never_begins_like_a_formula(name):
    cell = outside.as_csv(name)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([cell, "1"])
    assert list(csv.reader(text.getvalue().splitlines())) == [[cell, "1"]]
    for part in cell.split(";"):  # which divides cells where a comma is a decimal point
        assert not part.lstrip().startswith(("=", "+", "-", "@"))


def test_matplotlib_draws_a_name_as_it_is():
    from matplotlib.text import Text as Drawn

    for name in HOSTILE.values():
        assert Drawn(text="")._preprocess_math(outside.drawn(name)) == (outside.shown(name), False)
