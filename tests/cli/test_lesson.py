"""`tinyalex lesson`: the list, one lesson step by step, and all of them."""

from __future__ import annotations

import io
import os

import pytest
from rich.console import Console
from typer.testing import CliRunner

from tests.learn import lessons
from tinyalex.cli import app
from tinyalex.commands import lesson as command
from tinyalex.commands.console import Output
from tinyalex.commands.lesson_screen import PROMPT, Screen
from tinyalex.learn import lesson_file

PICTURE = """
# %%
import os

from matplotlib.figure import Figure

from tinyalex import learn

print("data:", os.environ.get("TINYALEX_LESSON_DATA"))
figure = Figure(figsize=(2, 1))
figure.subplots().plot([1, 2])
learn.show(figure, "07-line")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Two lessons, one of which can be replaced."""
    folder = tmp_path / "lessons"
    lessons.write(folder, 0, "first_steps", minutes=20)
    lessons.write(folder, 7, "second", minutes=70)
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: folder)
    return folder


@pytest.fixture
def typed(folder, tmp_path, monkeypatch):
    """Run lesson 7 as if somebody typed these lines; returns the result."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "_is_interactive", lambda: True)

    def run(text, *words):
        return CliRunner().invoke(app, ["lesson", "7", *words], input=text)

    return run


def test_without_a_number_they_are_listed(call, folder):
    result = call("lesson")
    assert result.exit_code == 0
    words = " ".join(result.stdout.split())
    assert "00 First steps 20 add two numbers" in words
    assert "2 lessons, 1 h 30 min" in words
    assert max(map(len, result.stdout.splitlines())) <= 80


@pytest.mark.parametrize("which", ["7", "07", "second", "07_second"])
def test_without_a_terminal_a_lesson_runs_to_its_end(call, folder, which):
    result = call("lesson", which)
    assert result.exit_code == 0, result.output
    assert PROMPT not in result.stdout
    parts = [
        "07 Second\n=",
        "Code\n-",
        "Use sum, *always*.",
        'print("a is", a)',
        "a is 2",
        "checked 2",
    ]
    places = [result.stdout.index(part) for part in parts]
    assert places == sorted(places)
    assert "  15 | print" in result.stdout  # the file's own numbers
    assert "End of lesson 07: you can add two numbers, and say why that works." in result.stdout


def test_code_is_shown_before_enter_runs_it(typed):
    result = typed("\n\n")
    assert result.exit_code == 0
    assert result.stdout.count(PROMPT) == 2
    shown, ran, checked = result.stdout.split(PROMPT)
    assert 'print("a is", a)' in shown and "a is 2" not in shown
    assert "a is 2" in ran and "checked" not in ran.split("assert")[0]
    assert "checked 2" in checked


@pytest.mark.parametrize(
    ("text", "asked", "ran"), [("q\n", 1, 0), ("\nQ\n", 2, 1), ("s\n", 1, 2), ("", 1, 0)]
)
def test_q_and_the_end_of_input_quit_and_s_asks_no_more(typed, text, asked, ran):
    result = typed(text)
    assert result.exit_code == 0
    assert result.stdout.count(PROMPT) == asked
    assert ("a is 2" in result.stdout) + ("checked 2" in result.stdout) == ran
    assert ("To continue there: tinyalex lesson 7" in result.stdout) == (ran < 2)


def test_no_pause_asks_nothing(typed):
    result = typed("", "--no-pause")
    assert PROMPT not in result.stdout
    assert "checked 2" in result.stdout


def test_ctrl_c_ends_politely(typed, folder):
    lessons.write(folder, 7, "second", "\n# %%\nraise KeyboardInterrupt\n")
    result = typed("\n")
    assert result.exit_code == 130
    assert "Interrupted. Again: tinyalex lesson 7" in result.stdout
    assert "Traceback" not in result.output


def test_a_failing_cell_ends_with_1_and_says_where(call, folder):
    lessons.write(folder, 7, "second", lessons.BROKEN)
    result = call("lesson", 7)
    assert result.exit_code == 1
    assert "07_second.py:16: a claim of the lesson does not hold here: three is not two" in (
        result.stdout
    )
    assert 'assert value == 2, "three is not two"' in result.stdout
    assert "never printed" not in result.stdout.split("so far")[0]
    assert "End of lesson" not in result.stdout
    assert "Traceback" not in result.output


def test_pictures_and_data_go_where_they_are_told(call, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TINYALEX_LESSON_DATA", "digits")
    lessons.write(folder, 7, "second", PICTURE)
    result = call("lesson", 7, "--pictures", "seen", "--data", "cifar10")
    assert result.exit_code == 0, result.output
    assert "data: cifar10" in result.stdout
    assert f"picture: {os.path.join('seen', '07-line.png')}" in result.stdout
    assert (tmp_path / "seen" / "07-line.png").read_bytes()[:4] == b"\x89PNG"
    assert os.environ["TINYALEX_LESSON_DATA"] == "digits"
    assert "TINYALEX_LESSON_PICTURES" not in os.environ


@pytest.mark.slow
def test_all_run_and_each_has_a_line_with_its_time(call, folder):
    result = call("lesson", "--all")
    assert result.exit_code == 0, result.output
    first, second, last = result.stdout.splitlines()
    assert first.startswith("00_first_steps") and first.endswith(" s  ok")
    assert second.startswith("07_second") and second.endswith(" s  ok")
    assert last.startswith("2 of 2 lessons in ")


def test_after_a_failure_the_others_run_and_it_is_named_at_the_end(call, folder):
    lessons.write(folder, 0, "first_steps", lessons.BROKEN)
    result = call("lesson", "--all")
    assert result.exit_code == 1
    assert "00_first_steps.py:16: a claim of the lesson does not hold here" in result.stdout
    assert "1 of 2 lessons in " in result.stdout
    assert result.stdout.splitlines()[-1] == "failed: 00_first_steps"


@pytest.mark.slow
def test_each_lesson_runs_in_its_own_process(call, folder):
    lessons.write(folder, 0, "first_steps", "\n# %%\nimport os\n\nos._exit(3)\n")
    result = call("lesson", "--all")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "failed: 00_first_steps"
    assert "07_second" in result.stdout


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["8"], "unknown lesson '8'"),
        (["secnod"], "'07_second'"),
        (["7", "--all"], "both lesson 7 and --all"),
        (["0", "7"], "step by step one lesson at a time (got 0 7)"),
        (["0", "8", "--notebook"], "unknown lesson '8'"),
        (["7", "--execute"], "--execute needs --notebook"),
        (["7", "--data", "cifar"], "'cifar10'"),
        (["--notebook"], "no lesson is named"),
        (["--no-pause"], "no lesson is named"),
    ],
)
def test_wrong_options_are_refused(refused, folder, words, wanted):
    assert wanted in refused("lesson", *words)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_any_console_can_show_a_real_lesson(shell, encoding):
    """Piped, without colour, in an old encoding, from another folder."""
    done = shell("lesson", "1", PYTHONIOENCODING=encoding, NO_COLOR="1", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode(encoding)
    assert "By hand\n-------" in text.replace("\r", "")
    assert "\x1b" not in text
    assert "lesson-pictures" in text


def test_on_a_terminal_text_is_set_and_code_has_the_files_line_numbers(folder):
    out, paper = Output(), io.StringIO()
    out.console = Console(file=paper, force_terminal=True, width=80, color_system=None)
    screen = Screen(out)
    lesson = lesson_file.find("7")
    screen.markdown("# Title\n\n- **one**\n- two")
    screen.code(lesson.cells[2])
    text = paper.getvalue()
    assert "**" not in text and "one" in text
    number = lesson.cells[2].line
    assert f"{number} a = 1 + 1" in text
    assert f"{number + 1} print(" in text
