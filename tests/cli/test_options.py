"""Which command has which option, that each is defined once, and that hints name real options."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import tinyalex
from tests.cli.test_hostile_options import COMMANDS

PACKAGE = Path(tinyalex.__file__).parent

# Every command has --json and --quiet.
SHARED = {
    "train": "backend threads batch-size data-root seed out epochs workers",
    "evaluate": "backend threads batch-size data-root out workers",
    "predict": "backend threads batch-size data-root",
    "model": "backend threads batch-size",
    "recipe": "",
    "bench": "backend threads batch-size workers",
    "doctor": "backend threads data-root workers",
    "report": "backend threads data-root out",
    "explore": "data-root out",
    "look": "backend threads out",
    "watch": "",
    "runs": "",
    "reproduce": "backend threads data-root out epochs jobs workers",
    "lesson": "out",
    "data prepare": "seed jobs",
    "data info": "data-root",
    "data verify": "threads",
    "data download": "data-root",
    "weights import": "out",
    "weights export": "out",
    "weights download": "data-root",
    "exercise list": "",
    "exercise start": "",
    "exercise check": "seed jobs",
    "exercise train": "batch-size data-root seed out epochs jobs",
    "exercise student-wheel": "",
}
LOOKED_AT = {"backend", "threads", "batch-size", "data-root", "seed", "out", "epochs", "jobs"}
LOOKED_AT |= {"workers"}
# Commands of others' files, or options that mean more there (a list of values).
OWN_TEXT = {"train", "bench", "doctor", "reproduce"}


@cache
def options_of(path: tuple[str, ...]) -> dict[str, Any]:
    return {
        name: param
        for param in COMMANDS[path].params
        if param.param_type_name == "option"
        for name in (*param.opts, *param.secondary_opts)
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_a_command_has_the_options_that_make_sense(path: tuple[str, ...]) -> None:
    known = {name.removeprefix("--") for name in options_of(path)}
    assert {"json", "quiet", "q"} <= {name.lstrip("-") for name in known}
    assert known & LOOKED_AT == set(SHARED[" ".join(path)].split())


@pytest.mark.parametrize("name", sorted(LOOKED_AT - {"out", "epochs"}) + ["json", "quiet", "crops"])
def test_an_option_has_one_help_text(name: str) -> None:
    found = {
        (option.help, getattr(option, "rich_help_panel", None))
        for path in COMMANDS
        if path[0] not in OWN_TEXT
        for option in [options_of(path).get(f"--{name}")]
        if option is not None
    }
    assert len(found) == 1, found


@pytest.mark.parametrize(("long", "short"), [("out", "o"), ("batch-size", "b"), ("epochs", "e")])
def test_the_short_forms_are_everywhere(long: str, short: str) -> None:
    for path in COMMANDS:
        if path != ("train",) and f"--{long}" in (known := options_of(path)):
            assert known[f"--{long}"] is known.get(f"-{short}"), path


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (("evaluate",), "--search-weights", "--search-coefficients"),
        (("evaluate",), "--weights-from", "--coefficients-from"),
        (("exercise", "check"), "--workers", "--jobs"),
        (("exercise", "train"), "--workers", "--jobs"),
        (("data", "prepare"), "--workers", "--jobs"),
        (("data", "verify"), "--workers", "--threads"),
    ],
)
def test_an_old_name_works_and_is_not_shown(call: Any, path: Any, old: str, new: str) -> None:
    assert old not in call(*path, "--help").output
    assert old not in options_of(path)
    value = [] if "search" in old else ["x" if "from" in old else "0"]
    said = call(*path, "a", "b", old, *value, "--json=no").stderr  # refused, but not for its name
    assert "unknown option" not in said
    assert "unknown option" in call(*path, "a", f"{old}x").stderr


# --- options that errors advise -------------------------------------------------------------

# Who prints the errors of a folder; commands/NAME.py speaks of its own commands.
_LOADS = {"train", "evaluate", "report", "data info", "exercise train", "reproduce", "doctor"}
PRINTED_BY = {
    "data/fetch.py": {"data download"},
    "data/names.py": _LOADS | {"data download", "weights download", "predict"},
    "data/cifar.py": {"train", "evaluate", "report", "data info", "exercise train", "reproduce"},
    "data/prepare": {"data prepare"},
    "data/packed": {"train"},
    "evaluation": {"evaluate"},
    "evaluation/views.py": {"evaluate", "predict"},
    "evaluation/predict.py": {"predict"},
    "evaluation/inverted.py": {"evaluate", "predict"},
    "weights": {"weights import"},
    "weights/fetch.py": {"weights download", "predict"},
    "weights/export.py": {"weights export"},
    "learn/own": {"exercise train"},
    "learn/grader": {"exercise check"},
    "reproduce": {"reproduce"},
    "group": {"train", "evaluate"},
}
OTHERS = {"--help": None, "--mpi": None}  # every command's, and srun's
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+[a-z]")
_COMMAND = re.compile(r"tinyalex ((?:(?:data|weights|exercise) )?[a-z]+)")


def advice(file: Path) -> list[tuple[int, str]]:
    """The hints of a file's errors: texts that stand last in a call of an error class."""
    found: list[tuple[int, str]] = []
    text = file.read_text(encoding="utf-8")
    if not _OPTION.search(text):
        return found
    for call in ast.walk(ast.parse(text)):
        if not isinstance(call, ast.Call) or len(call.args) != 2:
            continue
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name.endswith("Error"):
            parts = [
                node.value
                for node in ast.walk(call.args[1])
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            found.append((call.lineno, " ".join(parts)))
    return found


def commands_of(file: Path) -> set[str]:
    """The commands that print a file's errors; empty: all of them may."""
    place = file.relative_to(PACKAGE).as_posix()
    if place.startswith("commands/"):
        stem = file.stem
        names = {" ".join(path) for path in COMMANDS}
        own = {n for n in names if n.replace(" ", "_") == stem or n.split()[0] == stem}
        return own or {n for n in names if stem.startswith(n.split()[0])}
    fitting = [known for known in PRINTED_BY if place == known or place.startswith(f"{known}/")]
    return PRINTED_BY[max(fitting, key=len)] if fitting else set()


def missing(file: Path, hints: list[tuple[int, str]]) -> list[str]:
    """Advised options that a command which prints the advice does not have."""
    wrong = []
    every = {name: None for path in COMMANDS for name in options_of(path)}
    for line, hint in hints:
        named = [c for c in _COMMAND.findall(hint) if tuple(c.split()) in COMMANDS]
        for option in _OPTION.findall(hint):
            if any(option in options_of(tuple(command.split())) for command in named):
                continue
            for command in sorted(commands_of(file)):
                if option not in options_of(tuple(command.split())) | OTHERS:
                    wrong.append(f"{file.name}:{line}: {command} has no {option}")
            if option not in every | OTHERS:
                wrong.append(f"{file.name}:{line}: no command has {option}")
    return wrong


def test_every_advised_option_exists_where_it_is_advised() -> None:
    files = {file: advice(file) for file in sorted(PACKAGE.rglob("*.py"))}
    hints = [hint for found in files.values() for _, hint in found if _OPTION.search(hint)]
    assert len(hints) > 40  # the collection finds them
    assert [wrong for file, found in files.items() for wrong in missing(file, found)] == []


def test_a_missing_option_would_be_found(tmp_path: Path) -> None:
    file = PACKAGE / "evaluation" / "pretended.py"
    text = 'raise ConfigError("x", "use --colour-space")\nraise DataError(f"{x}", f"--seed {y}")\n'
    real = Path.read_text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda self, **_: text if self == file else real(self))
        assert missing(file, advice(file)) == [
            "pretended.py:1: evaluate has no --colour-space",
            "pretended.py:1: no command has --colour-space",
            "pretended.py:2: evaluate has no --seed",
        ]
