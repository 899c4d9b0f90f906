"""What a command is doing right now: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import threading
import time
from typing import Any, Protocol

from rich.progress import BarColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from tinyalex import outside
from tinyalex.notice import Phase

FIRST_SECONDS = 2.0  # a phase that takes longer is shown also where there is no terminal
PLAIN_SECONDS = 30.0  # between two lines of one phase


class Screen(Protocol):
    """What a command prints to: `console.Output`."""

    quiet: bool
    as_json: bool
    active: Any  # the bar that is drawn

    @property
    def is_watched(self) -> bool: ...

    def bar(self, *columns: Any, **options: Any) -> Any: ...

    def note(self, line: str) -> None: ...


class Phases:
    """Shows the progress that `notice.phase` tells of; nothing if the output is quiet or JSON.

    Parameters
    ----------
    output : Screen
        On a terminal there is a bar, or a spinner if nothing is counted. Elsewhere a phase that
        takes longer than two seconds gets lines on stderr, where they are not part of the result.
    """

    def __init__(self, output: Screen) -> None:
        self.output = output
        self.bar: Any = None
        self.plain: _PlainLines | None = None

    def __call__(self, phase: Phase | None) -> None:
        if self.output.quiet or self.output.as_json:
            return
        if phase is None:
            self.stop()
        elif not self.output.is_watched:
            self.plain = self.plain or _PlainLines(self.output)
            self.plain.phase = phase
        elif self.bar is not None or self.output.active is None:
            self._draw(phase)

    def stop(self) -> None:
        """Remove the bar, and print no further lines."""
        if self.bar is not None:
            self.bar.stop()
        if self.plain is not None:
            self.plain.stop()
        self.bar = self.plain = None

    def _draw(self, phase: Phase) -> None:
        if self.bar is None:
            bar = self.output.bar(
                SpinnerColumn("line"),
                TextColumn("{task.description}", markup=False),
                _OfSomething(bar_width=None),
                _TimeLeft(),
                transient=True,
                expand=True,
            )
            bar.add_task("", total=None)
            bar.start()
            self.bar = bar
        (task,) = self.bar.tasks
        task.total = phase.total or None  # `update` leaves a total as it is rather than None
        self.bar.update(task.id, description=_in_words(phase), completed=phase.done)


def _in_words(phase: Phase, share: bool = False) -> str:
    text = outside.shown(phase.what)
    return f"{text}: {phase.done:,} of {phase.total:,}" if share and phase.total else text


class _OfSomething(BarColumn):
    """A bar, but only if something is counted."""

    def render(self, task: Task) -> Any:
        return super().render(task) if task.total else Text()


class _TimeLeft(TimeRemainingColumn):
    """Time left, with the word: ``0:01:23 left``; nothing while it is not known."""

    def render(self, task: Task) -> Text:
        if task.time_remaining is None:
            return Text()
        return super().render(task) + Text(" left", style="progress.remaining")


class _PlainLines:
    """Prints a line for a phase that lasts, from a thread: the phase itself may not report."""

    def __init__(self, output: Screen) -> None:
        self.output = output
        self.phase: Phase | None = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        self.thread.join()

    def _watch(self) -> None:
        told: list[Phase | None] = [None]
        current, since = self.phase, time.monotonic()
        last = since - PLAIN_SECONDS + FIRST_SECONDS
        while not self.ended.wait(FIRST_SECONDS / 4):
            phase, now = self.phase, time.monotonic()
            if phase is not current:
                current, since = phase, now
            is_new = now - since >= FIRST_SECONDS and all(phase is not other for other in told)
            if phase is not None and (is_new or now - last >= PLAIN_SECONDS):
                self.output.note(f"{_in_words(phase, share=True)} ...")
                last = now
                told.append(phase)
