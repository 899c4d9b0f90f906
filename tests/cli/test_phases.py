"""Progress of long phases: a bar on a terminal, lines on stderr elsewhere, nothing when quiet."""

from __future__ import annotations

import io
import threading
from types import SimpleNamespace

import pytest
from rich.console import Console

from tests.cli.test_console import INFO
from tinyalex import notice, training
from tinyalex.commands import phases, progress
from tinyalex.commands.console import Output
from tinyalex.commands.progress import TrainingProgress


@pytest.fixture(autouse=True)
def nobody_follows():
    yield
    notice.follow(None)


def on_a_terminal(width: int, **options) -> tuple[Output, io.StringIO]:
    output, screen = Output(**options), io.StringIO()
    output.console = Console(
        file=screen, force_terminal=True, width=width, color_system=None, legacy_windows=False
    )
    return output, screen


def last_line(screen: io.StringIO) -> str:
    lines = screen.getvalue().replace("\r", "\n").rstrip("\n").split("\n")
    return lines[-1].replace("\x1b[2K", "")


@pytest.mark.parametrize("width", [120, 80, 60])
def test_a_terminal_shows_a_bar_that_fits_and_goes_away(width) -> None:
    output, screen = on_a_terminal(width)
    with notice.phase("first, ten crops", total=1000) as reached:
        reached(500)
        output.phases.bar.refresh()
        line = last_line(screen)
        assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" in line
        assert "first, ten crops" in line and "-:--" not in line and len(line) <= width
        (task,) = output.phases.bar.tasks
        assert (task.completed, task.total) == (500, 1000)
        with notice.phase("compiling max_pool2d (first use, 15-40 s)"):
            output.phases.bar.refresh()
            assert "compiling max_pool2d" in last_line(screen)
            assert "left" not in last_line(screen) and len(last_line(screen)) <= width
            assert "\N{BOX DRAWINGS HEAVY HORIZONTAL}" not in last_line(screen)
        (task,) = output.phases.bar.tasks
        assert (task.description, task.completed, task.total) == ("first, ten crops", 500, 1000)
    assert output.phases.bar is None and output.active is None


def test_two_bars_are_never_drawn_at_once() -> None:
    output, screen = on_a_terminal(80)
    with notice.phase("downloading"), output.bar() as bar:
        assert output.active is bar and output.phases.bar is None
        with notice.phase("compiling"):
            assert output.phases.bar is None
    assert output.active is None and "compiling" not in screen.getvalue()


@pytest.mark.parametrize("options", [{"quiet": True}, {"as_json": True}])
def test_a_quiet_command_shows_none(options, capsys, monkeypatch) -> None:
    output, screen = on_a_terminal(80, **options)
    monkeypatch.setattr(phases, "FIRST_SECONDS", 0.01)
    with notice.phase("testing", total=2) as reached:
        reached(1)
        assert output.phases.bar is None and output.phases.plain is None
    output.console.file = None
    assert screen.getvalue() == "" and capsys.readouterr() == ("", "")


def test_a_pipe_gets_a_line_on_stderr_for_a_phase_that_lasts(capsys, monkeypatch) -> None:
    monkeypatch.setattr(phases, "FIRST_SECONDS", 0.02)
    output = Output()
    told = threading.Event()
    note = output.note
    monkeypatch.setattr(output, "note", lambda line: (note(line), told.set()))
    with notice.phase("testing [a]\x1b", total=4000) as reached:
        reached(1000)
        assert told.wait(60)
        told.clear()
        with notice.phase("compiling lrn (first use, 15-40 s)"):
            assert told.wait(60)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[:2] == [
        "testing [a]\\x1b: 1,000 of 4,000 ...",
        "compiling lrn (first use, 15-40 s) ...",
    ]
    assert output.phases.plain is None


def test_a_pipe_hears_of_many_quick_phases_in_a_row(capsys, monkeypatch) -> None:
    output, told = Output(), threading.Event()
    monkeypatch.setattr(phases, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(output, "note", lambda line: told.set())
    with output.status() as say:
        number = 0
        while not told.wait(0.01):
            number += 1
            say(f"check {number}")
        watcher = output.phases.plain
        say("")
    assert number > 1 and watcher is not None and output.phases.plain is None


def test_a_pipe_gets_nothing_for_a_quick_phase(capsys) -> None:
    Output()
    for _ in range(3):
        with notice.phase("testing"):
            pass
    assert capsys.readouterr() == ("", "")


def test_an_error_removes_the_bar() -> None:
    output, _ = on_a_terminal(80)
    with pytest.raises(KeyboardInterrupt), notice.phase("testing"):
        raise KeyboardInterrupt
    assert output.phases.bar is None


def test_a_training_shows_testing_ten_crops_and_compiling_in_its_bar() -> None:
    for width in (80, 60):
        output, screen = on_a_terminal(width)
        with TrainingProgress(output) as shown:
            shown.start(INFO)
            for what in ("testing", "ten crops"):
                shown.phase(what, 180, 360)
                shown.bar.refresh()
                assert f"{what} 50%" in last_line(screen) and len(last_line(screen)) <= width
            with notice.phase("compiling lrn (first use, 15-40 s)"):
                shown.bar.refresh()
                assert "compiling lrn" in last_line(screen)
        assert notice._followers == [output.phases]


def test_a_training_in_a_pipe_tells_of_a_long_test(capsys, monkeypatch) -> None:
    monkeypatch.setattr(progress, "PLAIN_SECONDS", -1.0)
    arm = SimpleNamespace(name="no dropout")
    lines = progress.EpochLines(Output(), arm, 2)
    lines.start({"epoch": 0, "epochs": 3})
    for listener in (TrainingProgress(Output()), lines):
        listener.phase("testing", 1280, 10_000)
    assert capsys.readouterr().out.splitlines() == [
        "testing: 1,280 of 10,000 images",
        "  no dropout, seed 2, testing: 1,280 of 10,000 images",
    ]


def test_a_listener_hears_of_the_tests_of_a_run(tmp_path, pictures) -> None:
    heard: list[tuple[str, int, int]] = []

    class Hears(training.Listener):
        def phase(self, what, done, total):
            heard.append((what, done, total))

    config = training.RunConfig(
        data=str(pictures),
        model="tiny",
        epochs=1,
        batch_size=8,
        backend="numpy",
        out=tmp_path / "r",
    )
    training.train(config, Hears())
    images = heard[0][2]
    testing = [done for what, done, total in heard if what == "testing" and total == images]
    assert testing == sorted(set(testing)) and testing[-1] == images and len(testing) > 1
    crops = [done for what, done, _ in heard if what == "ten crops"]
    assert crops in ([], testing)


@pytest.mark.parametrize("words", [["evaluate"], ["evaluate", "--crops", 10], ["report"]])
def test_commands_tell_how_far_their_test_is(call, copy_of_run, monkeypatch, words) -> None:
    seen: list[notice.Phase | None] = []
    monkeypatch.setattr(
        phases.Phases, "__call__", lambda self, phase: seen.append(phase and _copy(phase))
    )
    command, *options = words
    assert call(command, copy_of_run, *options, "--backend", "numpy").exit_code == 0
    counted = [phase for phase in seen if phase is not None and phase.total == 360]
    assert counted and counted[-1].done == 360 and "copy" in counted[0].what
    assert seen[-1] is None
    assert ("ten crops" in counted[0].what) == (10 in words)


def _copy(phase: notice.Phase) -> notice.Phase:
    return notice.Phase(phase.what, phase.total, phase.done)


def test_kernels_are_named_while_they_are_compiled() -> None:
    compile = pytest.importorskip("tinyalex.backends.numba.compile")
    seen: list[str] = []
    notice.follow(lambda phase: seen.append(phase.what if phase else ""))
    listener = compile._Compilations()

    def event(name: str, module: str) -> SimpleNamespace:
        kernel = SimpleNamespace(__name__=name, __module__=module)
        return SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=kernel)})

    outer, inner = event("_lrn", "tinyalex.x"), event("helper", "tinyalex.y")
    foreign = event("f", "students")
    for happens, which in [("start", outer), ("start", foreign), ("start", inner)]:
        getattr(listener, f"on_{happens}")(which)
    for which in (inner, foreign, outer):
        listener.on_end(which)
    assert seen == [
        "compiling lrn (first use, 15-40 s)",
        "compiling helper (first use, 15-40 s)",
        "compiling lrn (first use, 15-40 s)",
        "",
    ]
