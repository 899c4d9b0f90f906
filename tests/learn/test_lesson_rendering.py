"""Every cell of every lesson, in a terminal, as a page and as a notebook, says what its file says.

The visible text is compared with the source, without white space: a lost star fails.
"""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console

from tests.learn import lessons
from tests.learn.test_lesson_files import LESSONS, NOT_YET, in_turns
from tinyalex.commands.console import Output
from tinyalex.commands.lesson_screen import CONTINUED, Screen
from tinyalex.learn import notebooks
from tinyalex.learn.lesson_file import CODE, MARKDOWN, Cell, Lesson, read
from tinyalex.learn.markdown import escaped, plain

HARD = """\
# %% [markdown]
# ## Powers
# y = x / (k + alpha x**2) ** 0.75 grows and then **falls**: for large x it is like
# x / x**1.5, (a + b)**2 is a**2 + 2 * a * b +
# b**2, and 2*3 and 4*5 is not 30. **A rule over
# two lines**, `p**q and r**s`, **`u**v`**, 3 ** 4 ** 5, a**b**c, **-1/9**: negative.
#
#     code  w ** 2 ** 3    **not bold**
#
# 1. **"dy / s\\*\\*beta"** forgets x_0**2 and x_1**2
# 2. a**b**c and *italics*

# %%
very_long = "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 012"
no_space = "01234567890123456789012345678901234567890123456789012345678901234567890123456789"
"""

TEXT = """\
Powers
y = x / (k + alpha x**2) ** 0.75 grows and then falls: for large x it is like
x / x**1.5, (a + b)**2 is a**2 + 2 * a * b +
b**2, and 2*3 and 4*5 is not 30. A rule over
two lines, p**q and r**s, u**v, 3 ** 4 ** 5, a**b**c, -1/9: negative.
code  w ** 2 ** 3    **not bold**
"dy / s**beta" forgets x_0**2 and x_1**2
a**b**c and italics
"""

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def letters(text: str) -> str:
    return "".join(text.split())


def words_of(source: str, number: str = "", bullet: str = "") -> str:
    """What a reader should see of a cell of text: an oracle apart from the package's code.

    Bold marks are those beside a letter, a quote or a code span, with white space, a bracket or a
    sign of punctuation on the other side.
    """
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0].strip("`") if match[0][0] == "`" else match[0])
        return f"\x02{len(kept) - 1}\x03"

    text = re.sub(r"^    .*$|`[^`]+`", keep, source, flags=re.MULTILINE)
    text = re.sub(r"^(\d+)\. ", number, text, flags=re.MULTILINE)
    text = re.sub(r"^- ", bullet, text, flags=re.MULTILINE)
    text = re.sub(r"^#+ ", "", text, flags=re.MULTILINE)
    text = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", text)
    text = re.sub(r"(^|(?<=[\s(]))\*\*(?=[\w\"\x02(-])", "", text)  # opens
    text = re.sub(r"(?<=[\w\".,:!?)\x03])\*\*(?=[\s.,:;)]|$)", "", text)  # closes
    text = re.sub(r"(?<!\S)\*(\w[^*\n]*)\*(?!\w)", r"\1", text)  # italics
    text = re.sub(r"\\(?=[*_])", "", text)
    return letters(re.sub(r"\x02(\d+)\x03", lambda match: kept[int(match[1])], text))


def on_a_terminal(cell: Cell, width: int = 80) -> str:
    out, paper = Output(), io.StringIO()
    out.console = Console(file=paper, force_terminal=True, width=width, color_system=None)
    screen = Screen(out)
    if cell.kind == MARKDOWN:
        screen.markdown(cell.source)
    else:
        screen.code(cell)
    lines = paper.getvalue().splitlines()
    assert max(map(len, lines), default=0) <= width
    return "\n".join(lines)


class Visible(HTMLParser):
    """The text of a page by cell: of the elements whose class is in ``wanted``."""

    def __init__(self, *wanted: str) -> None:
        super().__init__()
        self.wanted, self.depth, self.cells = wanted, 0, list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if self.depth or any(name in classes for name in self.wanted):
            if not self.depth:
                self.cells.append("")
            self.depth += tag not in ("img", "br", "input", "hr")

    def handle_endtag(self, tag: str) -> None:
        self.depth -= bool(self.depth)

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.cells[-1] += data


def visible(page: str, *wanted: str) -> list[str]:
    parser = Visible(*wanted)
    parser.feed(page)
    return [letters(text.replace("\N{PILCROW SIGN}", "")) for text in parser.cells]


def of_kind(lesson: Lesson, kind: str) -> list[Cell]:
    return [cell for cell in lesson.cells if cell.kind == kind]


@pytest.fixture
def hard(tmp_path) -> Lesson:
    return read(lessons.write(tmp_path, 3, "hard", "\n" + HARD))


def test_the_oracle_reads_the_hard_cell(hard):
    assert words_of(hard.cells[1].source) == letters(TEXT)


def check_terminal(lesson: Lesson) -> None:
    for cell in of_kind(lesson, MARKDOWN):
        seen = re.sub("[━┏┓┗┛┃]", "", on_a_terminal(cell))  # around the title
        wanted = words_of(cell.source, number=r"\1 ", bullet="\N{BULLET} ")
        assert letters(seen) == wanted, f"{lesson.name}:{cell.line}"
        number, bullet = r"\1. ", "- "
        without_lines = re.sub(r"(?m)^[=-]+$", "", plain(cell.source))
        italics = re.sub(r"(?<!\S)\*(\w[^*\n]*)\*(?!\w)", r"\1", without_lines)
        assert letters(italics) == words_of(cell.source, number, bullet)


def check_code_on_a_terminal(lesson: Lesson) -> None:
    for cell in of_kind(lesson, CODE):
        seen = []
        for row in on_a_terminal(cell).splitlines()[1:]:
            sign, text = row[:4].strip(), row[5:]
            if sign == CONTINUED:
                seen[-1] += text
            else:
                assert sign == str(cell.line + len(seen))
                seen.append(text)
        assert [row.rstrip() for row in seen] == cell.source.splitlines(), lesson.name


def check_notebook(lesson: Lesson) -> None:
    pytest.importorskip("jupytext")
    mistune = pytest.importorskip("nbconvert.filters.markdown_mistune")
    book = notebooks.to_notebook(lesson)
    for cell, shown in zip(lesson.cells, book.cells, strict=True):
        if cell.kind == CODE:
            assert shown.source == cell.source
            continue
        page = mistune.markdown2html_mistune(shown.source)
        [seen] = visible(f'<div class="here">{page}</div>', "here")
        assert seen == words_of(cell.source), f"{lesson.name}:{cell.line}"


def check_page(lesson: Lesson) -> None:
    pytest.importorskip("jupytext")
    pytest.importorskip("nbconvert")
    page = notebooks.to_page(lesson, notebooks.to_notebook(lesson))
    texts = visible(page, "text_cell_render", "jp-RenderedMarkdown")
    assert texts == [words_of(cell.source) for cell in of_kind(lesson, MARKDOWN)]
    code = visible(page, "highlight")
    assert [text for text in code] == [letters(cell.source) for cell in of_kind(lesson, CODE)]


@pytest.mark.parametrize(
    "check", [check_terminal, check_code_on_a_terminal, check_notebook, check_page]
)
def test_nothing_of_a_hard_cell_is_lost(hard, check):
    check(hard)


@every_lesson
def test_a_terminal_of_80_columns_shows_every_character_of_the_text(lesson: Lesson) -> None:
    check_terminal(lesson)


@every_lesson
def test_a_terminal_of_80_columns_shows_every_character_of_the_code(lesson: Lesson) -> None:
    check_code_on_a_terminal(lesson)
    rows = [row for cell in of_kind(lesson, CODE) for row in on_a_terminal(cell).splitlines()]
    assert lesson.name in NOT_YET or not any(CONTINUED in row for row in rows)


@every_lesson
def test_a_notebook_shows_every_character(lesson: Lesson) -> None:
    check_notebook(lesson)


@pytest.mark.parametrize("lesson", in_turns(LESSONS))
def test_a_page_shows_every_character(lesson: Lesson) -> None:
    check_page(lesson)


@pytest.mark.parametrize("width", [20, 40, 60])
def test_long_code_is_wrapped_with_a_sign(hard, width):
    cell = hard.cells[-1]
    rows = on_a_terminal(cell, width).splitlines()[1:]
    assert sum(CONTINUED in row for row in rows) >= 2
    assert "".join(row[5:] for row in rows) == cell.source.replace("\n", "")


@pytest.mark.parametrize(
    "text",
    [
        "x**2",
        "2 ** 3 ** 4",
        "(a)**b**",
        "x**2 + y**2",
        "a**b c\nd** e",
        "2*3 and 4*5",
        "(**x a**2)",
    ],
)
def test_powers_and_products_keep_their_stars(text):
    assert plain(escaped(text)) == text
    assert plain(text) == text
    assert escaped(escaped(text)) == escaped(text)


@pytest.mark.parametrize("text", ["**bold**", "a **b c\nd** e", "`x**2 y**2`", "    x**2 y**2"])
def test_bold_words_and_code_are_left_as_they_are(text):
    assert escaped(text) == text
