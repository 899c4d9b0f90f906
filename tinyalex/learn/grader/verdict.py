"""What the grader says about a student's file, ready to be printed, sent and stored."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How it went; the text is what the student reads."""

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
    TIME = "time limit"
    MEMORY = "out of memory"
    ENDED = "ended the program"
    CRASHED = "crashed"
    GRADER = "the grader failed"


@dataclass(frozen=True)
class Verdict:
    """What the grader found.

    Attributes
    ----------
    exercise, title : str
    outcome : Outcome
    properties : tuple of str
        Names of all properties of the exercise, in teaching order.
    held : tuple of str
        Those that hold, up to the first that does not.
    broken, says : str
        Name and sentence of the property that was looked at when it ended; empty if none was.
    what : str
        One sentence: what is wrong, and where.
    code : tuple of str
        The line of the student's file, with its number, where there is one.
    case : tuple of str
        The smallest input on which it fails, a line of text each.
    compare : tuple of str
        Expected and got, side by side.
    hints : tuple of str
        From a nudge to almost the answer.
    notes : tuple of str
        What is no failure, yet worth knowing: the file prints.
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
    notes: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        return self.outcome is Outcome.PASSED

    @property
    def score(self) -> float:
        """Share of the properties that hold, up to the first that does not: from 0 to 1."""
        if self.passed:
            return 1.0
        # A file that ended early never has it all, whatever it says of its properties.
        held = min(len(self.held), len(self.properties) - 1)
        return held / len(self.properties) if held > 0 else 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON knows it."""
        plain = {key: list(x) if isinstance(x, tuple) else x for key, x in asdict(self).items()}
        return plain | {"outcome": str(self.outcome), "passed": self.passed, "score": self.score}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Verdict:
        """The other way."""
        known: dict[str, Any] = {
            one.name: document[one.name] for one in fields(cls) if one.name in document
        }
        values: dict[str, Any] = {}
        values |= {key: tuple(x) if isinstance(x, list) else x for key, x in known.items()}
        values["outcome"] = Outcome(values["outcome"])
        return cls(**values)

    def with_what(self, what: str) -> Verdict:
        return replace(self, what=what)

    def with_notes(self, notes: Iterable[str]) -> Verdict:
        return replace(self, notes=(*self.notes, *notes))


class Told(Exception):
    """Something is wrong with the student's file that the grader tells as what it is.

    A class of the grader's own: a student who raises it gets an ``exception`` as with any other.
    """

    def __init__(self, outcome: Outcome, what: str, code: Iterable[str] = ()) -> None:
        super().__init__(what)
        self.outcome, self.what, self.code = outcome, what, tuple(code)
        self.compare: tuple[str, ...] = ()
        self.hint = ""
        self.arguments: dict[str, Any] | None = None  # of the call, where it is one


def in_words(verdict: Verdict, hints: int = 1) -> list[str]:
    """Lines for people, with as many hints as are wanted."""
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
        says_it_all = verdict.outcome in (Outcome.BROKEN, Outcome.CHANGES)
        what = verdict.what if says_it_all else f"{verdict.outcome}: {verdict.what}"
        lines += ["", f"  {what}"]
        lines += [f"    {line}" for line in verdict.code]
    if verdict.compare:
        lines += ["", *(f"  {line}".rstrip() for line in verdict.compare)]
    if verdict.case:
        smallest = "The smallest input found on which this happens:"
        title = "The input at that moment:" if verdict.outcome is Outcome.TIME else smallest
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
