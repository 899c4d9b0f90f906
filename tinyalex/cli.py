"""The command `tinyalex`: one function a command, each a thin call into the package."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tinyalex import __version__
from tinyalex.commands.console import accept_any_text, print_error
from tinyalex.commands.data import data_app
from tinyalex.commands.evaluate import evaluate, predict
from tinyalex.commands.show import model, recipe
from tinyalex.commands.train import INTERRUPTED, train
from tinyalex.errors import TinyalexError

USER_ERROR = 2


class _Commands(TyperGroup):
    """The group of commands; errors that a user can cause end without a traceback."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        accept_any_text()
        try:
            return super().main(*args, **kwargs)
        except TinyalexError as error:
            print_error(error.message, error.hint)
            sys.exit(error.exit_code)
        except KeyboardInterrupt:
            print_error("interrupted")
            sys.exit(INTERRUPTED)
        except MemoryError as error:
            print_error(f"not enough memory ({error})", "a smaller --batch-size")
            sys.exit(USER_ERROR)
        except OSError as error:
            print_error(str(error), "is the path right, readable, and on a disk with free space?")
            sys.exit(USER_ERROR)


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


app.command()(train)
app.command()(evaluate)
app.command()(predict)
app.command()(model)
app.command()(recipe)
app.add_typer(data_app, name="data")


def main() -> None:
    """Run the command line."""
    app()
