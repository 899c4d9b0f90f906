"""Every piece of code that a reader is shown runs, and prints what the page says.

In README.md and docs/ these fences are run, in order, a page in one empty folder:

    ```python     one namespace a page; a ```text fence right behind it is its output
    ```console    lines behind "$ " are commands, the lines below are their output

``...`` stands for anything. Times, rates and sizes are free, and numbers with a decimal point
may differ a little: another processor rounds, and so trains, a little differently. Kernels are
compiled by whatever command comes first, so the note that says so may stand anywhere.
The examples in the package's docstrings run as doctests, in which ``np`` is NumPy and
``runs/tiny-digits-seed0`` is the run that ``tinyalex train`` writes.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.processes import ROOT, environment
from tinyalex import training

README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").rglob("*.md"))]
# They train, or bring in AlexNets.
LONG = ("first-run.md", "look.md", "photographs.md", "runs.md", "weights.md")
WITH_EXAMPLES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): text
    for path in sorted((ROOT / "tinyalex").rglob("*.py"))
    if ">>> " in (text := path.read_text(encoding="utf-8"))
}

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$(\n*)", re.MULTILINE | re.DOTALL)
CLOSE = r"[-+]?\d+\.\d+(?:e[-+]\d+)?"
NUMBER = r"\d[\d,]*(?:\.\d+)?"
UNIT = r"(?:ms|s|min|h|images/s|kB|MB|GB|KiB|MiB|GiB)(?![\w/])"
DURATION = r"(?:\d+ h )?(?:\d+ min )?\d+(?:\.\d+)? s(?!\w)"
TOKEN = re.compile(
    rf"(?P<any>\.\.\.)|(?P<duration>{DURATION})|(?P<clock>\d+(?::\d\d)+)|(?P<free>{NUMBER}(?=\s*{UNIT}))"
    rf"|(?P<close>{CLOSE})|(?P<rule>[━─]+)|(?P<bar>[█▉▊▋▌▍▎▏]+)|(?P<space>\s+)|(?P<exact>.)"
)
PROGRESS = re.compile(r"^.* \.\.\.\n", re.MULTILINE)  # of a phase that lasts, on stderr


@dataclass(frozen=True)
class Fence:
    language: str
    text: str
    line: int
    output: str | None


def fences(page: str) -> Iterator[Fence]:
    """Fenced blocks of a page; a python block takes the text block right behind it."""
    found = list(FENCE.finditer(page))
    for i, match in enumerate(found):
        behind = found[i + 1] if i + 1 < len(found) else None
        follows = behind is not None and behind[1] == "text" and behind.start() == match.end()
        yield Fence(
            language=match[1],
            text=match[2],
            line=page.count("\n", 0, match.start()) + 1,
            output=behind[2] if behind is not None and follows else None,
        )


def same_output(expected: str, got: str) -> bool:
    """Whether a snippet printed what the page shows, within the tolerance described above."""
    pattern, close = "", []
    for token in TOKEN.finditer(expected.strip()):
        kind, text = token.lastgroup, token[0]
        if kind == "close":
            close.append(float(text))
        pattern += {
            "any": ".*?",
            "clock": r"\d+(?::\d\d)+",
            "duration": DURATION,
            "free": NUMBER,
            "close": r"([-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?)",
            "rule": "[━─]+",
            "bar": "[█▉▊▋▌▍▎▏]*",
            "space": r"\s+",
            "exact": re.escape(text),
        }[str(kind)]
    match = re.fullmatch(pattern, got.strip(), re.DOTALL)
    return match is not None and all(
        abs(want - float(have)) <= max(1.0, 0.2 * abs(want))
        for want, have in zip(close, match.groups(), strict=True)
    )


def commands(text: str) -> Iterator[tuple[str, str]]:
    """(command, output) pairs of a console block; a comment behind two spaces is no command."""
    for block in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = block.partition("\n")
        yield command.partition("  # ")[0], output


def run_python(fence: Fence, namespace: dict[str, object], where: str) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        # Blank lines in front keep the page's line numbers in a traceback.
        exec(compile("\n" * fence.line + fence.text, where, "exec"), namespace)
    if fence.output is not None:
        same = same_output(fence.output, printed.getvalue())
        assert same, f"{where}: shown:\n{fence.output}\nprinted:\n{printed.getvalue()}"


def run_console(fence: Fence, folder: Path, where: str) -> None:
    path = os.pathsep.join([str(folder / ".bin"), str(Path(sys.executable).parent)])
    env = environment(
        PATH=path + os.pathsep + os.environ.get("PATH", ""),
        PYTHONIOENCODING="utf-8",
        COLUMNS="100",
        NO_COLOR="1",
    )
    for command, output in commands(fence.text):
        done = subprocess.run(
            command,
            shell=True,
            cwd=folder,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            encoding="utf-8",
            timeout=600,
        )
        got = f"{where}: $ {command}\nexit code {done.returncode}, printed:\n{done.stdout}"
        refused = "Try:" in output  # a page may show an error
        assert done.returncode == (2 if refused else 0), got
        if output.strip():
            printed = PROGRESS.sub("", done.stdout)
            assert same_output(output, printed), f"{got}\nshown:\n{output}"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(p, marks=pytest.mark.slow) if p.name in LONG or p == README else p
        for p in PAGES
    ],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_a_page_does_what_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if shutil.which("tinyalex", path=str(Path(sys.executable).parent)) is None:
        script = tmp_path / ".bin" / "tinyalex"
        script.parent.mkdir()
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tinyalex "$@"\n')
        script.chmod(0o755)
    namespace: dict[str, object] = {"__name__": "snippet"}
    for fence in fences(page.read_text(encoding="utf-8")):
        where = f"{page.relative_to(ROOT)}:{fence.line}"
        if fence.language == "python":
            run_python(fence, namespace, where)
        elif fence.language == "console":
            run_console(fence, tmp_path, where)


@pytest.fixture(scope="session")
def folder_with_a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``runs/tiny-digits-seed0`` in it, as after ``tinyalex train``."""
    folder = tmp_path_factory.mktemp("examples")
    out = folder / "runs" / "tiny-digits-seed0"
    training.train(training.RunConfig(epochs=1, backend="numpy", out=out))
    return folder


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_in_docstrings_run(
    module: str, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if module.startswith("tinyalex.backends.cuda.") and not module.endswith(".check"):
        pytest.importorskip("cupy", reason="CuPy comes with the extras for a GPU")
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    imported = importlib.import_module(module)
    needs_run = "runs/tiny-digits-seed0" in WITH_EXAMPLES[module]
    folder = request.getfixturevalue("folder_with_a_run") if needs_run else tmp_path
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    found = doctest.testmod(imported, extraglobs={"np": np}, optionflags=flags)
    assert found.attempted > 0 and found.failed == 0
    assert sorted(folder.iterdir()) == before, "an example leaves files behind"


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("test error 1.4 %  12 s", "test error 1.1 %   9 s", True),
        ("1.67 %  |  54.2 s", "1.67 %  |  1 min 02 s", True),
        ("test error 1.4 %", "test error 9.4 %", False),
        ("epoch 3 of 10", "epoch 4 of 10", False),
        ("first\n...\nlast", "first\n2\n3\nlast\n", True),
        ("time left 0:00:12, 1,250 images/s", "time left 0:01:02, 980.5 images/s", True),
        ("x  -1.5e+00  -3.97e-11", "x  -1.5e+00  +1.02e-12", True),
        ("─────── 50%", "━━━━ 50%", True),
        ("tiny", "alexnet", False),
    ],
)
def test_shown_and_printed_output_are_compared(shown: str, printed: str, same: bool) -> None:
    assert same_output(shown, printed) is same
