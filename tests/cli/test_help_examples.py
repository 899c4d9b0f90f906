"""The examples in the help: each is a command line that its command accepts."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import typer

from tests.cli.test_hostile_options import COMMANDS
from tinyalex import models, recipes, reproduce
from tinyalex.cli import app
from tinyalex.learn import exercises, lesson_file

HEAD = "[bold]Examples[/]\n"
# What finds the names of models and so on, by argument or by command; it raises if there is none.
FIND: dict[str, Callable[[str], object]] = {
    "model": models.spec,
    "recipe": recipes.get,
    "exercise": exercises.get,
    "exercise start": exercises.get,
    "reproduce": reproduce.get,
    "lesson": lesson_file.find,
}


def examples() -> Iterator[str]:
    for path, command in COMMANDS.items():
        about, _, lines = command.help.partition(HEAD)
        assert about and lines, path
        yield from lines.strip().splitlines()


def parsed(line: str) -> tuple[str, dict[str, Any]]:
    """The command that a line calls, and its arguments by name; UsageError if one is wrong."""
    line = re.sub(r"\$\(.*\)", "runs/a", line)  # where a shell puts the name of a run
    words = shlex.split(line)[1:]
    command, path = typer.main.get_command(app), []
    while hasattr(command, "commands"):
        path.append(words.pop(0))
        command = command.commands[path[-1]]
    return " ".join(path), command.make_context(path[-1], words).params


@pytest.mark.parametrize("line", list(examples()))
def test_an_example_is_accepted(line: str) -> None:
    called, arguments = parsed(line)
    assert line.startswith(f"tinyalex {called}")
    positional = arguments.get("name") or arguments.get("which")
    for name, given in {**arguments, called: positional}.items():
        for value in given if isinstance(given, list | tuple) else [given]:
            if name in FIND and value is not None:
                FIND[name](str(value))
