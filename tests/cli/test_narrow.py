"""However narrow a terminal is, no number loses a character."""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import tinyalex.commands
from tests.cli.test_console import INFO, STEP
from tinyalex.check.bench.statistics import Spread
from tinyalex.check.bench.tables import layers_table, results_table, workers_table
from tinyalex.check.doctor.finding import Check
from tinyalex.commands import doctor, exercise_show, table_layout
from tinyalex.commands.bench_plan import print_table
from tinyalex.commands.console import Output, plain_table
from tinyalex.commands.lesson_screen import Screen
from tinyalex.commands.progress import TrainingProgress
from tinyalex.learn.grader import results
from tinyalex.learn.lesson_file import CODE, Cell

SHOW = table_layout.show
WIDTHS = (80, 120, 60, 40)
WIDE = 400


def numbers(text: str) -> Counter[str]:
    return Counter(re.findall(r"\d(?:[\d.,:]*\d)?", text))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Table]:
    """The tables that commands make."""
    tables: list[Table] = []
    monkeypatch.setattr(table_layout, "show", lambda table, _: tables.append(table))
    return tables


def at_width(table: Table, width: int) -> str:
    screen = io.StringIO()
    SHOW(table, Console(file=screen, width=width, color_system=None, emoji=False))
    return screen.getvalue()


def lose_nothing(tables: list[Table]) -> None:
    assert tables
    for table in tables:
        wide = numbers(at_width(table, WIDE))
        assert wide
        for width in WIDTHS:
            narrow = at_width(table, width)
            assert numbers(narrow) >= wide, f"{width} columns:\n{narrow}"
            for line in narrow.splitlines():  # a path in one piece may be longer than a line
                assert len(line) <= width or max(map(len, line.split())) > 20, line


COMMANDS = {
    "show": [["model"], ["recipe"], ["model", "alexnet"], ["model", "cifar-11pct"]]
    + [["recipe", name] for name in ("paper", "star", "cifar-11pct")],
    "data": [["data", "info", "digits"]],
    "exercise": [["exercise", "list"]],
    "reproduce": [["reproduce"]],
    "lesson": [["lesson"]],
}
OWN_TESTS = {"evaluate", "predict", "doctor", "bench_plan", "console", "exercise_show"}
OWN_TESTS |= {"look", "runs"}


@pytest.mark.parametrize("words", [w for each in COMMANDS.values() for w in each], ids=" ".join)
def test_no_table_of_a_command_loses_a_character_of_a_number(call, made, words) -> None:
    result = call(*words)
    assert result.exit_code == 0, result.output
    lose_nothing(made)


def test_every_command_that_makes_tables_is_tested_here() -> None:
    files = Path(next(iter(tinyalex.commands.__path__))).glob("*.py")
    makers = {file.stem for file in files if "plain_table(" in file.read_text(encoding="utf-8")}
    assert makers == COMMANDS.keys() | OWN_TESTS


def test_evaluate_loses_no_character_of_a_number(call, made, trained, tmp_path) -> None:
    result = call(
        "evaluate", trained, trained, "--out", tmp_path / "e.json", "--search-coefficients"
    )
    assert result.exit_code == 0, result.output
    (table,) = made
    wide = numbers(at_width(table, WIDE))
    for width in WIDTHS:  # a folder's name may be longer than a line, and stays in one piece
        assert numbers(at_width(table, width)) >= wide
        assert str(trained) in at_width(table, width)


def test_predict_loses_no_character_of_a_number(call, made, trained, tmp_path) -> None:
    Image.new("L", (16, 16), 99).save(tmp_path / "digit.png")
    assert call("predict", trained, tmp_path / "digit.png", "--top", 10).exit_code == 0
    lose_nothing(made)


def test_doctor_loses_no_character_of_a_number(made) -> None:
    name, shape = "conv2d_backward, 5x5, groups 2", "(2, 48, 27, 27)"
    check = Check("cuda", "kernel", name, shape, difference=1.25e-7, allowed=1e-5)
    doctor._print_checks(Output(), "cuda", [check])
    lose_nothing(made)


def test_bench_loses_no_character_of_a_number(made) -> None:
    times = {"forward_ms": 1234.5, "backward_ms": 9876.5}
    times |= {"forward_flop": 1.5e12, "backward_flop": 3e12}
    times |= {"forward_bytes": 7e10, "backward_bytes": 9e10}
    rows = [{"name": "classifier.3", "kind": "LocallyConnected2d", **times}]
    job = SimpleNamespace(task="train", implementation="numba")
    spread = Spread(median=1.23456, lower=1.0, upper=2.0, n=5)
    result = SimpleNamespace(job=job, seconds=spread, images_per_second=spread, gflops=812.0)
    result.speedup, result.memory_mib, result.gpu_memory_mib = spread, 12_345.0, None
    seconds = {"seconds_per_batch": asdict(spread), "images_per_second": asdict(spread)}
    scaled = {"workers": 1024, "threads": 12, **seconds, "waiting": 0.125}
    print_table(Output(), layers_table(rows, rows, 100, 10))
    print_table(Output(), results_table([result], 1000))
    print_table(Output(), workers_table([{**scaled, "speedup": 12.5, "efficiency": 0.875}]))
    lose_nothing(made)


def test_the_table_of_a_class_loses_no_character_of_a_number(made, monkeypatch) -> None:
    verdict = SimpleNamespace(passed=False, score=0.75, exercise="15_softmax", outcome="wrong")
    judged = [SimpleNamespace(verdict=verdict, submission=SimpleNamespace(note="", path="x"))]
    monkeypatch.setattr(results, "by_student", lambda _: {"student 1234567": judged * 21})
    stop = SimpleNamespace(exercise="15_softmax", stops_at="huge logits", students=21)
    monkeypatch.setattr(results, "summary", lambda _: [stop])
    exercise_show.print_class(Output(), judged, [])
    assert len(made) == 2
    lose_nothing(made)


WORDS = st.text("ab1[:é中", min_size=1, max_size=9)
CELLS = st.lists(WORDS, max_size=6).map(" ".join)
NUMBERS = st.integers(-(10**9), 10**9).map("{:,}".format)


@given(
    rows=st.lists(st.tuples(CELLS, NUMBERS, CELLS, NUMBERS), min_size=1, max_size=4),
    width=st.integers(12, 100),
)
def test_any_table_keeps_every_character_in_any_width(rows, width) -> None:
    table = plain_table("what", "number", "", "num-\nber", left=["what", ""])
    for row in rows:
        table.add_row(*map(escape, row))
    shown = at_width(table, width)
    assert numbers(shown) >= numbers(" ".join(cell for row in rows for cell in row))
    kept = Counter(shown) - Counter(" \n")
    assert not Counter("".join("".join(row).replace(" ", "") for row in rows)) - kept


def test_words_are_broken_and_numbers_are_not() -> None:
    table = plain_table("run", "error", left=["run"])
    table.add_row("a-very-long-word and runs/1234567890123456", "12.5 %")
    narrow = at_width(table, 30).splitlines()
    assert [line.split() for line in narrow] == [
        ["run", "error"],
        ["a-very-long-word", "and", "12.5", "%"],
        ["runs/1234567890123456"],
    ]
    assert "runs/1234567890123456" in at_width(table, 24)
    table = plain_table("a", "b", left=["a", "b"])
    table.add_row("abcdefghijklmnop", "qrstuvwxyz" * 2)
    assert at_width(table, 20).endswith("abcdefghi qrstuvwxyz\njklmnop   qrstuvwxyz\n")


def test_a_name_between_colons_is_no_picture(capsys) -> None:
    table = plain_table("class", left=["class"])
    table.add_row(":cat:")
    Output().table(table)
    Output().text(":dog:")
    assert capsys.readouterr().out.split() == ["class", ":cat:", ":dog:"]


def test_the_code_of_a_lesson_is_wrapped(made) -> None:
    output, screen = Output(), io.StringIO()
    output.console = Console(file=screen, force_terminal=True, width=40, color_system=None)
    numbers_in_a_line = [f"{1000 + i}" for i in range(12)]
    source = f"x = [{', '.join(numbers_in_a_line)}]"
    Screen(output).code(Cell(CODE, source, 7))
    assert all(number in screen.getvalue() for number in numbers_in_a_line)


def test_the_bar_of_a_training_keeps_its_numbers_or_leaves_them_out_whole() -> None:
    for width in WIDTHS:
        output, screen = Output(), io.StringIO()
        output.console = Console(
            file=screen, force_terminal=True, width=width, color_system=None, legacy_windows=False
        )
        with TrainingProgress(output) as progress:
            progress.start(INFO)
            progress.step(STEP)
            progress.bar.refresh()
        text = screen.getvalue()
        last = text[text.rindex("epoch 4/20") :].splitlines()[0]
        assert "loss 2.302" in last and "\N{HORIZONTAL ELLIPSIS}" not in last, last
        assert len(last) <= width
        assert ("12,346 images/s" in last) == ("12," in last)
