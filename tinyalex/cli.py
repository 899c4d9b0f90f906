"""The command `tinyalex`: one function per command, each a thin call into the package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tinyalex import __version__
from tinyalex.commands.bench import bench
from tinyalex.commands.console import accept_any_text, explain, print_error
from tinyalex.commands.data import data_app
from tinyalex.commands.doctor import doctor
from tinyalex.commands.evaluate import evaluate
from tinyalex.commands.exercise import exercise_app
from tinyalex.commands.explore import explore
from tinyalex.commands.interrupt import INTERRUPTED, RaisesAnException
from tinyalex.commands.lesson import lesson
from tinyalex.commands.look import look
from tinyalex.commands.predict import predict
from tinyalex.commands.report import report
from tinyalex.commands.reproduce import reproduce
from tinyalex.commands.show import model, recipe
from tinyalex.commands.train import train
from tinyalex.commands.weights import weights_app
from tinyalex.errors import TinyalexError

USER_ERROR = 2


class _Commands(TyperGroup):
    """The group of commands. Errors that a user can cause end without a traceback."""

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
            print_error(*(explain(error, dict(_option_names(self))) or ()))
            code = INTERRUPTED if isinstance(error, KeyboardInterrupt) else USER_ERROR
            raise typer.Exit(getattr(error, "exit_code", code)) from error


def _option_names(command: Any) -> Iterator[tuple[str, str]]:
    """The name and the option of every parameter of all commands."""
    yield from ((param.name, param.opts[0]) for param in command.params)
    for child in getattr(command, "commands", {}).values():
        yield from _option_names(child)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    add_completion=False,
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


for command in (train, evaluate, predict, model, recipe, bench, doctor, report, reproduce, lesson):
    app.command()(command)
for command in (look, explore):
    app.command()(command)
app.add_typer(data_app, name="data")
app.add_typer(weights_app, name="weights")
app.add_typer(exercise_app, name="exercise")


def main() -> None:
    """Run the command line."""
    accept_any_text()
    # Pictures become files here. A notebook that starts us may name a backend that is missing.
    os.environ["MPLBACKEND"] = "agg"
    app()
