"""The command `tinyalex`: one function per command, each a thin call into the package."""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tinyalex import __version__
from tinyalex.commands.console import accept_any_text, explain, print_error
from tinyalex.commands.interrupt import INTERRUPTED, RaisesAnException
from tinyalex.commands.usage import UsageError, explain_usage, no_such_command
from tinyalex.errors import TinyalexError

USER_ERROR = 2

USE, LOOK, LEARN = "Train and test", "Look inside", "Learn"
FILES, MACHINE = "Data and weights", "This machine"
# Each command's panel in the help, and its module.
COMMANDS = {
    "train": (USE, "train"),
    "evaluate": (USE, "evaluate"),
    "predict": (USE, "predict"),
    "runs": (USE, "runs"),
    "report": (LOOK, "report"),
    "explore": (LOOK, "explore"),
    "look": (LOOK, "look"),
    "watch": (LOOK, "watch"),
    "model": (LOOK, "show"),
    "recipe": (LOOK, "show"),
    "lesson": (LEARN, "lesson"),
    "exercise": (LEARN, "exercise"),
    "reproduce": (LEARN, "reproduce"),
    "data": (FILES, "data"),
    "weights": (FILES, "weights"),
    "doctor": (MACHINE, "doctor"),
    "bench": (MACHINE, "bench"),
}


class _Group(TyperGroup):
    """A group of commands that suggests the nearest one."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for command in self.commands.values():
            command.help = _without_line_ends(command.help)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        is_known = not args or self.get_command(ctx, args[0]) is not None
        if not (is_known or ctx.resilient_parsing or args[0].startswith("-")):
            raise no_such_command(self, ctx.command_path, args[0])
        return super().resolve_command(ctx, args)


def _without_line_ends(text: str | None) -> str:
    """A docstring whose paragraphs, but not its examples, the terminal wraps at its own width."""
    paragraphs = inspect.cleandoc(text or "").split("\n\n")
    return "\n\n".join(
        paragraph if paragraph.startswith("[bold]Example") else paragraph.replace("\n", " ")
        for paragraph in paragraphs
    )


@cache
def _command(name: str) -> Any:
    """Import and build a command, or a group of commands."""
    panel, file = COMMANDS[name]
    module = importlib.import_module(f"tinyalex.commands.{file}")
    around = typer.Typer(rich_markup_mode="rich")
    if group := getattr(module, f"{name}_app", None):
        around.add_typer(group, name=name, cls=_Group, rich_help_panel=panel)
    else:
        settings = getattr(module, "RENAMED", None)  # old names of options
        around.command(rich_help_panel=panel, context_settings=settings)(getattr(module, name))
    command: Any = typer.main.get_group(around).commands[name]
    command.help = _without_line_ends(command.help)
    return command


class _WhenAskedFor(Mapping[str, Any]):
    """All commands by their names, each built when it is asked for: the others cost no time."""

    def __getitem__(self, name: str) -> Any:
        return _command(name)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Commands(_Group):
    """The group of all commands. Errors that a user can cause end without a traceback."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _WhenAskedFor()

    def main(self, args: Any = None, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        try:
            code = super().main(args, standalone_mode=False, **extra)
        except typer.Abort:
            code = INTERRUPTED
        except UsageError as error:
            code = USER_ERROR
            if type(error).__name__ == "NoArgsIsHelpError":
                sys.stdout.write(error.format_message())
            else:
                print_error(*explain_usage(error))
        if standalone_mode:
            sys.exit(code)
        return code

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        # An empty path would mean the working folder: a run would be written into it.
        for before, word in pairwise(["", *args]):
            name, equals, value = word.partition("=")
            if word == "" or (name.startswith("--") and equals and not value):
                name = name or (before if before.startswith("-") else "")
                hint = "give it a value (a shell variable may be empty)"
                print_error(f"{name or 'an argument'}: is empty", hint)
                raise typer.Exit(USER_ERROR)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        try:
            with RaisesAnException():
                return super().invoke(ctx)
        except BrokenPipeError:
            raise  # the program that read our output has ended; typer ends quietly
        except (TinyalexError, KeyboardInterrupt, MemoryError, OSError) as error:
            # None: the command itself was unknown.
            command = self.commands.get(ctx.invoked_subcommand)
            print_error(*(explain(error, dict(_option_names(command))) or ()))
            code = INTERRUPTED if isinstance(error, KeyboardInterrupt) else USER_ERROR
            raise typer.Exit(getattr(error, "exit_code", code)) from error


def _option_names(command: Any) -> Iterator[tuple[str, str]]:
    """The name and the option of every parameter of a command and of those in it."""
    yield from ((param.name, param.opts[0]) for param in getattr(command, "params", ()))
    for child in getattr(command, "commands", {}).values():
        yield from _option_names(child)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tinyalex {__version__}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """AlexNet from first principles: train it, test it, take it apart."""


def main() -> None:
    """Run the command line."""
    accept_any_text()
    # Pictures become files here. A notebook that starts us may name a backend that is missing.
    os.environ["MPLBACKEND"] = "agg"
    app(prog_name="tinyalex")
