"""The grader's verdict on a student's file, and its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any

from tinyalex.learn.grader.spec import Exercise


class Outcome(StrEnum):
    """The kind of verdict; its text is shown to the student."""

    PASSED = "passed"
    BROKEN = "a property does not hold"
    NOT_WRITTEN = "not written yet"
    ABSENT = "not handed in"
    UNREADABLE = "the file cannot be read"
    SYNTAX = "syntax error"
    IMPORT = "import error"
    FORBIDDEN = "not allowed"
    MISSING = "missing function"
    SIGNATURE = "wrong signature"
    EXCEPTION = "exception"
    RETURN = "wrong return type"
    CHANGES = "changes its argument"
    STATE = "not the same twice"
    SLOW = "right, but too slow"
    TIME = "time limit"
    MEMORY = "out of memory"
    ENDED = "ended the program"
    CRASHED = "crashed"
    GRADER = "the grader failed"


@dataclass(frozen=True)
class Verdict:
    """The result of grading one file.

    Attributes
    ----------
    exercise, title : str
    outcome : Outcome
    properties : tuple of str
        Names of all properties of the exercise, in teaching order.
    held : tuple of str
        Names of the properties that hold, up to the first that does not.
    broken, says : str
        Name and sentence of the property that was being checked at the end; empty if there was
        none.
    what : str
        One sentence: what is wrong, and where.
    code : tuple of str
        The line of the student's file that failed, with its number, if known.
    case : tuple of str
        The smallest input that fails, as lines of text.
    compare : tuple of str
        Expected and got, side by side.
    hints : tuple of str
        From a nudge to almost the answer.
    notes : tuple of str
        Remarks that do not change the score: the file prints.
    """

    exercise: str
    title: str
    outcome: Outcome
    properties: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    broken: str = ""
    says: str = ""
    what: str = ""
    code: tuple[str, ...] = ()
    case: tuple[str, ...] = ()
    compare: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, exercise: Exercise, outcome: Outcome, what: str = "") -> Verdict:
        """A verdict on an exercise of which no property was checked."""
        names = tuple(prop.name for prop in exercise.properties)
        return cls(exercise.name, exercise.title, outcome, names, what=what)

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def score(self) -> float:
        """Fraction of the properties that hold, up to the first that does not: from 0 to 1."""
        if self.passed:
            return 1.0
        # A file that ended the process early never gets the full score.
        held = min(len(self.held), len(self.properties) - 1)
        return held / len(self.properties) if held > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can store."""
        plain = {key: list(x) if isinstance(x, tuple) else x for key, x in asdict(self).items()}
        return plain | {"outcome": str(self.outcome), "passed": self.passed, "score": self.score}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Verdict:
        """The verdict that `to_dict` has stored."""
        values: dict[str, Any] = {}
        for name in (field.name for field in fields(cls) if field.name in document):
            value = document[name]
            values[name] = tuple(value) if isinstance(value, list) else value
        return cls(**values | {"outcome": Outcome(values["outcome"])})

    def with_notes(self, notes: Iterable[str]) -> Verdict:
        return replace(self, notes=(*self.notes, *notes))


CASE_TITLES = {
    Outcome.TIME: "The input when the time was up:",
    Outcome.STATE: "An input for which this happens:",
}


class AnswerError(Exception):
    """Something is wrong with the student's file."""

    def __init__(self, outcome: Outcome, what: str, code: Iterable[str] = ()) -> None:
        super().__init__(what)
        self.outcome, self.what, self.code = outcome, what, tuple(code)
        self.compare: tuple[str, ...] = ()
        self.hint = ""
        self.line = 0  # of the student's file
        self.key: Any = None  # the argument that was changed, and its value afterwards
        self.after: Any = None
        self.arguments: dict[str, Any] | None = None  # of the call, if it happened in a call


class Stopped(BaseException):
    """The student's process is over, so that no smaller input can be looked for."""

    def __init__(self, error: AnswerError) -> None:
        super().__init__(error.what)
        self.error = error


def in_words(verdict: Verdict, hints: int = 1) -> list[str]:
    """The text of a verdict, as lines, with at most this many hints."""
    total, held = len(verdict.properties), len(verdict.held)
    head = f"{verdict.exercise}: {'passed' if verdict.passed else 'not passed'}"
    if total and verdict.outcome is not Outcome.ABSENT:
        head += f", {held} of {total} properties hold"
    lines = [head]
    lines += [f"  holds   {name}" for name in verdict.held]
    if verdict.broken:
        label = "BROKEN" if verdict.outcome is Outcome.BROKEN else "at    "
        lines.append(f"  {label}  {verdict.broken}: {verdict.says}")
    if not verdict.passed:
        has_outcome = verdict.outcome in (Outcome.BROKEN, Outcome.CHANGES)
        what = verdict.what if has_outcome else f"{verdict.outcome}: {verdict.what}"
        lines += ["", f"  {what}"]
        lines += [f"    {line}" for line in verdict.code]
    if verdict.compare:
        lines += ["", *(f"  {line}".rstrip() for line in verdict.compare)]
    if verdict.case:
        title = CASE_TITLES.get(verdict.outcome, "The smallest failing input that was found:")
        lines += ["", f"  {title}"]
        lines += [f"    {line}".rstrip() for line in verdict.case]
    if verdict.hints and not verdict.passed:
        lines.append("")
        lines += [f"  Hint: {hint}" for hint in verdict.hints[:hints]]
        more = len(verdict.hints) - hints
        if more > 0:
            lines.append(f"  ({more} more: --hint)")
    lines += [f"  Note: {note}" for note in verdict.notes]
    return lines
