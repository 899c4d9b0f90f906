"""A lesson asks for guesses and for one line, and continues where it was left."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from tests.learn import lessons
from tinyalex.cli import app
from tinyalex.commands import lesson as command
from tinyalex.commands.lesson_screen import GUESS, PROMPT
from tinyalex.learn import lesson_file

ASKING = """
# %% [markdown]
# ## Predict
# Two and two.
#
# 1. How much is it?
# 2. And twice that?

# %% [markdown]
# ## Code

# %%
four = 2 + 2
print("four is", four)

# %%
eight = 4 + 4  # your turn: twice as much
assert eight == 2 * four, "it is not twice four"

# %% [markdown]
# ## Check
# **Prediction 1.** It is four.
#
# **Prediction 2.** It is eight.

# %%
print("eight is", eight)
"""

FIRST, SECOND = GUESS.format(1), GUESS.format(2)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The file of lesson 7, which asks."""
    folder = tmp_path / "lessons"
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: folder)
    return lessons.write(folder, 7, "asking", ASKING)


@pytest.fixture
def typed(path, tmp_path, monkeypatch):
    """Run lesson 7 as if somebody typed these lines; returns what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "_is_interactive", lambda: True)

    def run(*lines, words=()):
        text = "".join(f"{line}\n" for line in lines)
        result = CliRunner().invoke(app, ["lesson", "7", *words], input=text)
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def test_each_guess_is_shown_beside_its_answer(typed):
    output = typed("5 *or* so", "", "", "8", "")
    assert output.index("And twice that?") < output.index(FIRST) < output.index(SECOND)
    assert output.index(SECOND) < output.index("four is 4")
    assert "Prediction 1. (You guessed: 5 *or* so.) It is four." in output
    assert "Prediction 2. It is eight." in output
    assert "End of lesson 07" in output


def test_a_right_line_is_accepted_and_its_value_is_used(typed):
    output = typed("", "", "", "2 * four", "")
    assert "eight = ...  # your turn: twice as much" in output
    assert "4 + 4" not in output and "2 * four" not in output.split("your turn")[0]
    assert "Right.\n" in output and "eight is 8" in output


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("9", "Not yet: it is not twice four"),
        ("eight = 7", "Not yet: it is not twice four"),
        ("...", "Not yet: it is not twice four"),
        ("nine", "Not yet: NameError"),
        ("8 +", "is not a Python expression"),
        ("8; print(1)", "is not a Python expression"),
        ("import os", "is not a Python expression"),
    ],
)
def test_a_wrong_line_is_refused_and_the_next_try_may_be_right(typed, wrong, reason):
    output = typed("", "", "", wrong, "eight = 8", "")
    assert reason in output
    assert "3 tries" in output and "2 tries" in output and "1 try" not in output
    assert "Right.\n" in output and "eight is 8" in output


@pytest.mark.parametrize("lines", [["1", "2", "3"], ["1", ""], [""]])
def test_after_three_tries_or_enter_the_answer_is_shown_and_the_lesson_goes_on(typed, lines):
    output = typed("", "", "", *lines, "")
    assert "Right." not in output
    assert output.count("Not yet") == len([line for line in lines if line])
    assert "One right answer: eight = 4 + 4" in output
    assert "eight is 8" in output


@pytest.mark.parametrize("where", [["q"], ["", "", "", "q"]])
def test_q_quits_at_a_guess_and_at_the_line(typed, where):
    output = typed(*where)
    assert "To continue there: tinyalex lesson 7" in output
    assert "eight is" not in output


def test_without_a_person_nothing_is_asked(call, path):
    result = call("lesson", 7)
    assert result.exit_code == 0
    assert FIRST not in result.stdout and "tries" not in result.stdout
    assert "eight = 4 + 4" in result.stdout and "eight is 8" in result.stdout
    assert not (path.parents[1] / "lesson-pictures").exists()


def test_after_s_nothing_is_asked(typed):
    output = typed("", "", "s")
    assert output.count(PROMPT) == 1 and "tries" not in output
    assert "eight is 8" in output


def test_it_continues_where_it_was_left_with_its_names_and_guesses(typed):
    before = typed("5", "", "", "q")
    assert "four is 4" in before
    after = typed("2 * four", "")
    assert "Continuing at cell 5 of 7. From the start: tinyalex lesson 7 --from-start" in after
    assert FIRST not in after and "How much is it?" not in after
    assert "four is 4" not in after  # it ran, silently
    assert "eight is 8" in after and "You guessed: 5." in after


def test_a_lesson_that_is_done_begins_again(typed, tmp_path):
    typed("", "", "", "8", "")
    assert json.loads((tmp_path / "lesson-pictures" / "progress.json").read_text()) == {}
    assert "Continuing" not in typed("q")


def test_a_changed_lesson_begins_again(typed, path):
    typed("5", "", "", "q")
    path.write_text(path.read_text() + "\nprint('new')\n")
    output = typed("q")
    assert "Continuing" not in output and FIRST in output


def test_from_start_begins_again(typed):
    typed("5", "", "", "q")
    output = typed("", "", "", "8", "", words=["--from-start"])
    assert "Continuing" not in output and "You guessed" not in output
    assert "four is 4" in output


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"07_asking": 3}', '{"07_asking": {"cell": -1}}', "[" * 9999]
)
def test_a_damaged_place_counts_as_none(typed, tmp_path, content):
    typed("5", "", "", "q")
    (tmp_path / "lesson-pictures" / "progress.json").write_text(content)
    output = typed("", "", "", "8", "")
    assert "Continuing" not in output and "End of lesson 07" in output


def test_where_no_place_can_be_kept_it_is_said_once(typed, tmp_path):
    (tmp_path / "lesson-pictures").write_text("a file, where a folder should be")
    output = typed("", "", "", "8", "")
    assert output.count("Your place in the lesson is not kept") == 1
    assert "End of lesson 07" in output


def test_the_places_of_two_lessons_do_not_disturb_each_other(typed, path, tmp_path):
    typed("5", "", "", "q")
    lessons.write(path.parent, 8, "other", ASKING)
    result = CliRunner().invoke(app, ["lesson", "8"], input="\n\n\nq\n")
    assert "Stopped" in result.stdout
    assert "Continuing at cell 5" in typed("q")
