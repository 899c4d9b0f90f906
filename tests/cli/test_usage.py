"""Wrong command lines: one look, the nearest name, and something to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import pairwise

import pytest
from typer.testing import CliRunner

from tests.cli.test_hostile_options import COMMANDS, WORDS
from tests.processes import environment
from tinyalex.cli import app

WRONG = {
    ("evaluat", "x"): ("error: unknown command 'evaluat'", "Try: 'evaluate'"),
    ("data", "prepar"): ("error: unknown command 'prepar'", "Try: 'prepare'"),
    ("exercise", "chek", "x"): ("error: unknown command 'chek'", "Try: 'check'"),
    ("evaluate",): ("error: RUNS is missing", "Try: tinyalex evaluate runs/tiny-digits-seed0"),
    ("exercise", "start"): ("error: NAME is missing", "Try: tinyalex exercise start 02_im2col"),
    ("evaluate", "x", "--cropss", "1"): ("error: unknown option --cropss", "Try: --crops; `"),
    ("evaluate", "x", "--crops", "11"): (
        "error: --crops must be 1, 9 or 10 (got 11)",
        "--crops 10",
    ),
    ("evaluate", "x", "--crops", "a"): ("error: --crops must be 1, 9 or 10 (got a)", "--crops 10"),
    ("evaluate", "x", "--backend", "nump"): ("error: unknown --backend 'nump'", "Try: 'numpy'"),
    ("bench", "--backend", "nump"): ("error: unknown --backend 'nump'", "Try: 'numpy'"),
    ("evaluate", "x", "--threads", "0"): (
        "error: --threads must be at least 1 (got 0)",
        "Try: --threads 1",
    ),
    ("evaluate", "x", "--threads", "a"): (
        "error: --threads must be a whole number of at least 1 (got a)",
        "Try: --threads 1",
    ),
    ("reproduce", "fig1", "--scale", "huge"): ("error: unknown --scale 'huge'", "laptop"),
    ("evaluate", "x", "--crops"): ("error: --crops: its value is missing", "Try: --crops VALUE"),
    ("evaluate", "x", "--json=1"): ("error: option '--json' does not take", "Try: --json alone"),
    ("model", "a", "b"): ("error: one argument too many: b", "Try: tinyalex model alexnet"),
    ("lesson", "99"): ("error: unknown lesson '99'", "Try: one of: 00_"),
    ("exercise", "start", "im2cool"): ("error: unknown exercise 'im2cool'", "Try: '02_im2col'"),
    ("model", "alexnt"): ("error: unknown model 'alexnt'", "Try: 'alexnet'"),
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_a_wrong_command_line_has_one_look(refused, words) -> None:
    said = refused(*words)
    what, to_do = WRONG[words]
    lines = said.splitlines()
    assert lines[0].startswith(what), said
    assert [line for line in lines if line.startswith("Try: ") and to_do in line], said
    assert not re.search("[╭│\x1b]", said) and "Usage:" not in said


@pytest.mark.parametrize("columns", [80, 60, 20])
def test_an_error_does_not_depend_on_the_terminal(refused, monkeypatch, columns) -> None:
    wide = refused("evaluate", "x", "--cropss", 1)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert refused("evaluate", "x", "--cropss", 1) == wide


def test_no_command_shows_the_help_and_ends_with_2(call) -> None:
    for words in ([], ["data"], ["exercise"], ["weights"]):
        result = call(*words)
        assert result.exit_code == 2 and "Usage: tinyalex" in result.output


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_suggests_an_option_and_has_an_example(refused, call, path) -> None:
    option = next(p.opts for p in COMMANDS[path].params if "--quiet" in p.opts)[0]
    assert f"Try: {option}" in refused(*path, *WORDS[path], "--quiett")
    shown = call(*path, "--help").output
    assert f"tinyalex {' '.join(path)}" in shown and "Example" in shown


@pytest.mark.parametrize("columns", [120, 80, 60])
def test_help_fits_its_terminal(call, monkeypatch, columns) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for path in [(), ("data",), *COMMANDS]:
        shown = call(*path, "--help").output
        assert max(map(len, shown.splitlines())) <= columns


@pytest.mark.parametrize("columns", [80, 60])
def test_a_help_is_wrapped_only_where_a_line_is_full(call, monkeypatch, columns) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    for path in COMMANDS:
        shown = call(*path, "--help").output
        about = shown.split(" Examples ")[0].splitlines()[2:]
        for line, following in pairwise(map(str.strip, about)):
            if line and following and not line.startswith("Usage:"):
                assert len(line) + 1 + len(following.split()[0]) > columns - 2, (path, line)


def test_commands_and_long_helps_have_panels(call) -> None:
    titles = ("Train and test", "Look inside", "Learn", "Data and weights", "This machine")
    shown = call("--help").output
    assert all(f"─ {title} ─" in shown for title in titles)
    panels = {
        ("evaluate",): ("Ensembles", "Computing", "Output"),
        ("bench",): ("Computing", "Output"),
        ("reproduce",): ("Computing", "Output"),
        ("lesson",): ("Notebooks, pages and slides", "Output"),
        ("data", "prepare"): ("Images", "Labels and split", "Files and order", "Computing"),
        ("exercise", "check"): ("Hints and solutions", "Classes", "Computing", "Output"),
    }
    for path, names in panels.items():
        shown = call(*path, "--help").output
        assert all(f"─ {name} ─" in shown for name in names), path


def offered(shell: str, *words: str) -> list[str]:
    """What a shell is offered at the end of a command line, by the protocol of its script."""
    line = " ".join(["tinyalex", *words])
    variables = {"_TINYALEX_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    variables |= {"COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    done = CliRunner().invoke(app, [], prog_name="tinyalex", env=variables)
    assert done.exit_code == 0 and done.stderr == ""
    if shell == "bash":
        return done.stdout.split()
    return re.findall(r'(?:^|\(\()"([^"]*)"', done.stdout, re.MULTILINE)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_tab_key_offers_names_and_choices(tmp_path, monkeypatch, shell) -> None:
    monkeypatch.chdir(tmp_path)
    for run in ("runs/first", "runs/second"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "config.json").touch()
    (tmp_path / "pictures").mkdir()
    wanted = {
        ("eval",): ["evaluate"],
        ("evaluate", "runs/f"): ["runs/first"],
        ("evaluate", "x", "--crops", "1"): ["1", "10"],
        ("evaluate", "x", "--backend", "nu"): ["numpy", "numba"],
        ("evaluate", "x", "--precision", "t"): ["tf32"],
        ("evaluate", "x", "--data", "c"): ["cifar10"],
        ("evaluate", "x", "--data", "p"): ["pictures/"],
        ("model", "alexnet-m"): ["alexnet-mini"],
        ("recipe", "pap"): ["paper"],
        ("lesson", "02"): ["02_convolution"],
        ("exercise", "start", "02"): ["02_im2col"],
        ("reproduce", "tenc"): ["tencrop"],
        ("reproduce", "fig1", "--scale", "im"): ["imagenet"],
        ("bench", "--backend", "cu"): ["cuda"],
        ("report", "runs/"): ["runs/first", "runs/second"],
    }
    for words, offers in wanted.items():
        assert offered(shell, *words) == offers, words


def test_the_tab_key_is_answered_quickly() -> None:
    """Names of commands and choices need no NumPy."""
    program = (
        "import sys\nfrom tinyalex import cli\n"
        "try:\n    cli.main()\n"
        "finally:\n    print({'numpy', 'numba', 'matplotlib'} & set(sys.modules))"
    )
    line = "tinyalex evaluate x --backend n"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(_TINYALEX_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD="4"),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.split() == ["numpy", "numba", "set()"], done.stderr


def test_completion_never_offers_what_a_terminal_acts_on(tmp_path, monkeypatch) -> None:
    from tinyalex.commands import complete as offers

    monkeypatch.chdir(tmp_path)
    if os.name != "nt":
        (tmp_path / "pets\x1b[31m").mkdir()
    (tmp_path / "pets").mkdir()
    (tmp_path / ".hidden").mkdir()
    assert offers.data("p") == ["pets/"]
    assert offers.runs("") == ["pets/"]
    assert offers.runs("gone/") == []
    (tmp_path / "pets" / "config.json").touch()
    assert offers.runs("pe") == ["pets"]
    assert "paper" in offers.recipes("") and "digits" in offers.data("")


def test_the_script_for_a_shell_is_shown(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tinyalex"],
        env=environment(_TINYALEX_COMPLETE="source_bash"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and "_TINYALEX_COMPLETE=complete_bash" in done.stdout
