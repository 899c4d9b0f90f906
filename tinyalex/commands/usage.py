"""Wrong command lines: the parser's errors in the words and the form of all other errors."""

from __future__ import annotations

import difflib
import re
from typing import Any

import typer

from tinyalex.errors import TinyalexError, unknown

# The parser's own classes: Typer has Click inside, or uses it, as its version may be.
UsageError: Any = typer.BadParameter.__mro__[1]

_GOT = re.compile(r"^'(.*?)' is not|^(\S+) is not in the range", re.DOTALL)
_EXTRA = re.compile(r"unexpected extra arguments?(?:\(s\))? \((.*)\)", re.DOTALL)
_MISSING = re.compile(r"requires (an|\d+) argument")


def explain_usage(error: Any) -> tuple[str, str]:
    """What is wrong with a command line, and what to try."""
    kind, context = type(error).__name__, error.ctx
    option = getattr(error, "option_name", None)
    if kind == "NoSuchOption":
        return _no_such_option(str(option), context)
    if kind == "MissingParameter":
        return f"{_name(error.param)} is missing", _example(context)
    if kind == "BadParameter" and error.param is not None:
        return _bad_value(error)
    if option and _MISSING.search(error.message):
        return f"{option}: its value is missing", f"{option} VALUE"
    if option:
        return _plain(error.message), f"{option} alone"
    if extra := _EXTRA.search(error.message):
        return f"one argument too many: {extra[1]}", _example(context)
    return _plain(error.message), _example(context)


def no_such_command(group: Any, path: str, name: str) -> TinyalexError:
    """The error for a command that does not exist; the nearest one comes first."""
    known = [known for known, command in group.commands.items() if not command.hidden]
    error = unknown("command", name, known)
    return type(error)(error.message, f"{error.hint} (`{path} --help`)")


def _no_such_option(name: str, context: Any) -> tuple[str, str]:
    text = f"unknown option {name}"
    if context is None:
        return text, "--help shows all options"
    params = [param for param in context.command.params if not getattr(param, "hidden", False)]
    known = [option for param in params for option in param.opts if option.startswith("--")]
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return text, f"{near[0] + '; ' if near else ''}`{context.command_path} --help` shows all"


def _bad_value(error: Any) -> tuple[str, str]:
    """As the errors of the package: NAME must be MUST (got VALUE). Try: NAME INSTEAD."""
    param, name = error.param, _name(error.param)
    got = _got(error)
    if choices := _choices(param):
        if all(choice.isdecimal() for choice in choices):
            *first, last = choices
            text = f"{name} must be {', '.join(first)} or {last} (got {got})"
            return text, f"{name} {last}"
        said = unknown(name, got, choices)
        return said.message, said.hint
    least, most, number = _bounds(param)
    must = {"int": "a whole number", "float": "a number"}.get(number)
    if must is None:
        return f"{name}: {_plain(error.message)}", _example(error.ctx)
    ends = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
    try:
        float(got)
        must = " and ".join(ends) or must
    except ValueError:
        must = " of ".join([must, *ends[:1]])
    return f"{name} must be {must} (got {got})", f"{name} {1 if least is None else least}"


def _got(error: Any) -> str:
    """The value that was given: the validator's input, or what Click's message begins with."""
    if hasattr(error.__cause__, "errors"):
        return str(error.__cause__.errors()[0]["input"])
    found = _GOT.match(error.message)
    return next(filter(None, found.groups()), "") if found else ""


def _choices(param: Any) -> list[str]:
    described = getattr(param, "type_descriptor", None) or param.type
    return [str(choice) for choice in getattr(described, "choices", None) or ()]


def _bounds(param: Any) -> tuple[Any, Any, str]:
    """The least and the most value, and whether it is an int or a float."""
    if (described := getattr(param, "type_descriptor", None)) is not None:
        about = described.parameter_info
        name = str(getattr(described.annotation, "__name__", ""))
        if name == "list":
            name = described.annotation.__args__[0].__name__
        return about.min, about.max, name
    kind = str(param.type.name).split()[0]
    name = {"integer": "int", "float": "float"}.get(kind, "")
    return getattr(param.type, "min", None), getattr(param.type, "max", None), name


def _name(param: Any) -> str:
    """An option by its long form, an argument in capitals."""
    if param.param_type_name == "option":
        return str(next((name for name in param.opts if name.startswith("--")), param.opts[0]))
    return str(param.metavar or param.name).upper().strip("[].")


def _example(context: Any) -> str:
    """The command's first example."""
    if context is None:
        return "--help"
    text = context.command.help or ""
    example = re.search(rf"^\s*({re.escape(context.command_path)} .*)$", text, re.MULTILINE)
    return example[1].strip() if example else f"{context.command_path} --help"


def _plain(message: str) -> str:
    text = message.strip().rstrip(".").replace("\n", " ").replace("\t", " ")
    return text[:1].lower() + text[1:]
