"""A lesson step by step: text, a pause before each cell of code, guesses, a line to fill in."""

from __future__ import annotations

import contextlib
import io
import sys
from pathlib import Path
from typing import Any

import typer

from tinyalex.commands.console import Output, command_line
from tinyalex.commands.interrupt import INTERRUPTED
from tinyalex.commands.lesson_screen import Screen
from tinyalex.errors import RunError
from tinyalex.learn import bookmark, questions
from tinyalex.learn.lesson_file import CODE, Cell, Lesson
from tinyalex.learn.markdown import plain
from tinyalex.learn.stepping import CellError, new_names, run_cell

FAILED = 1
TRIES = 3


class Quit(Exception):
    """The student wants to stop before this cell."""


class Steps:
    """A walk through one lesson.

    Parameters
    ----------
    out : Output
    lesson : Lesson
    folder : Path
        Where the place in the lesson is kept.
    pause : bool
        Whether a person is there to press Enter. Without pauses nothing is asked, the lesson's own
        answers are used, and no place is kept.
    from_start : bool
        Begin at the first cell, whatever place was kept.
    """

    def __init__(
        self, out: Output, lesson: Lesson, folder: Path, pause: bool, from_start: bool = False
    ) -> None:
        self.out, self.lesson, self.folder, self.pause = out, lesson, folder, pause
        self.screen, self.names = Screen(out), new_names()
        self.keeps_place = pause
        is_resumed = pause and not from_start
        self.mark = bookmark.load(folder, lesson) if is_resumed else bookmark.Bookmark()

    def run(self) -> None:
        """Show and run the lesson; exit with 1 if a cell fails."""
        again = command_line("lesson", self.lesson.number)
        try:
            self._walk()
        except Quit as stopped:
            self.out.text(f"Stopped before {stopped}. To continue there: {again}")
            return
        except CellError as error:
            sys.stdout.flush()
            self.out.text()
            self.out.page(error.in_words(), style="bold red")
            raise typer.Exit(FAILED) from error
        except KeyboardInterrupt as error:
            self.out.text(f"\nInterrupted. Again: {again}")
            raise typer.Exit(INTERRUPTED) from error
        if self.keeps_place:
            self._try_to_keep(done=True)
        goal = plain(self.lesson.goal)
        self.out.text(f"\nEnd of lesson {self.lesson.number:02d}: you can {goal}", style="bold")

    def _walk(self) -> None:
        cells = self.lesson.cells
        first = self._rerun() if self.mark.cell else 0
        for i in range(first, len(cells)):
            if cells[i].kind == CODE:
                self._code(cells[i])
            else:
                self._text(cells[i])
                if not questions.begins(cells[i], questions.PREDICT):
                    continue  # it is shown again together with the next cell of code
            self.mark.cell = i + 1
            if self.keeps_place:
                self._try_to_keep()

    def _rerun(self) -> int:
        """Run the cells before the kept place again, silently; return the first cell to show."""
        cells, at = self.lesson.cells, self.mark.cell
        start_again = command_line("lesson", self.lesson.number, "--from-start")
        self.out.text(f"Continuing at cell {at + 1} of {len(cells)}. From the start: {start_again}")
        code = [cell for cell in cells[:at] if cell.kind == CODE]
        if code:
            self.out.text("Running the cells before it again, without their output ...")
        with contextlib.redirect_stdout(io.StringIO()):
            for cell in code:
                run_cell(self.lesson, cell, self.names)
        return at

    def _text(self, cell: Cell) -> None:
        self.screen.markdown(questions.with_guesses(cell.source, self.mark.guesses))
        if not (self.pause and questions.begins(cell, questions.PREDICT)):
            return
        self.out.text()
        for number in questions.questions(cell):
            guess = self.screen.guess(number)
            if guess is None or guess.lower() == "q":
                raise Quit(f"guess {number}")
            self.mark.guesses[number] = guess[:500]

    def _code(self, cell: Cell) -> None:
        blank = questions.blank_of(cell)
        if blank is not None and self.pause:
            self._fill(cell, blank)
            return
        self.screen.code(cell)
        answer = self.screen.ask() if self.pause else "s"
        if answer == "q":
            raise Quit(f"line {cell.line}")
        self.pause = self.pause and answer != "s"
        run_cell(self.lesson, cell, self.names)
        sys.stdout.flush()

    def _fill(self, cell: Cell, blank: questions.Blank) -> None:
        """Ask for the answer until it is right, at most `TRIES` times; then show and run it."""
        self.screen.code(cell, questions.hidden(cell, blank).split("\n", 1)[0])
        for tries in range(TRIES, 0, -1):
            typed = self.screen.fill(blank, tries)
            if typed is None or typed.lower() == "q":
                raise Quit(f"line {cell.line}")
            if not typed:
                break
            if self._is_right(cell, typed):
                self.out.text("Right.", style="bold green")
                return
        run_cell(self.lesson, cell, self.names)
        self.out.text(f"One right answer: {blank.name} = {blank.answer}")

    def _is_right(self, cell: Cell, typed: str) -> bool:
        try:
            questions.try_answer(self.lesson, cell, typed, self.names)
        except questions.NotAnAnswer as error:
            self.out.text(f"Not yet: {error.message}")
            return False
        except CellError as error:
            cause: Any = error.__cause__
            reason = str(cause) if isinstance(cause, AssertionError) else error.text
            self.out.text(f"Not yet{': ' if reason else '.'}{reason}")
            return False
        return True

    def _try_to_keep(self, done: bool = False) -> None:
        """Keep the place; in a folder that cannot be written, say so once."""
        try:
            if done:
                bookmark.remove(self.folder, self.lesson)
            else:
                bookmark.save(self.folder, self.lesson, self.mark)
        except RunError as error:
            self.keeps_place = False
            self.out.text(f"Your place in the lesson is not kept: {error.message}")
