"""The results of a student or a class: for Gradescope, as a table, and where students stop."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyalex.learn import exercises
from tinyalex.learn.grader.hand_ins import Submission, Unread
from tinyalex.learn.grader.verdict import Outcome, Verdict, in_words
from tinyalex.outside import as_csv as csv_cell
from tinyalex.outside import lines

POINTS = 10.0  # per exercise, on Gradescope
NOBODY = "(no student)"


@dataclass(frozen=True)
class Graded:
    """A submission and its verdict."""

    submission: Submission
    verdict: Verdict

    @property
    def counts(self) -> bool:
        """False if another file of the same student counts for this exercise."""
        return self.submission.counts

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can store."""
        submission = self.submission
        inside = submission.file is not None and submission.file.member is not None
        file = str(submission.path) if submission.path else None
        if inside and submission.path:
            file = str(submission.path.parent / submission.shown)
        student = {"student": submission.student} if submission.student else {}
        where = {"file": file, "counts": submission.counts, "note": submission.note}
        return student | where | self.verdict.to_dict()


@dataclass(frozen=True)
class Stop:
    """A place where students stop.

    Attributes
    ----------
    exercise : str
    stops_at : str
        The property that does not hold, or else what is wrong with the file ("syntax error").
    is_property : bool
    students : int
    """

    exercise: str
    stops_at: str
    is_property: bool
    students: int

    def to_dict(self) -> dict[str, Any]:
        """A dictionary that JSON can store."""
        kind = "property" if self.is_property else "outcome"
        return {"exercise": self.exercise, kind: self.stops_at, "students": self.students}


def summary(graded: Iterable[Graded]) -> list[Stop]:
    """Which property stops how many students: by exercise, the most frequent first."""
    stops = Counter(
        (result.verdict.exercise, *_stop(result.verdict))
        for result in graded
        if result.counts and not result.verdict.passed
    )
    found = [Stop(*key, students) for key, students in stops.items()]
    return sorted(found, key=lambda stop: (stop.exercise, -stop.students, stop.stops_at))


def gradescope(
    graded: Iterable[Graded],
    points: float = POINTS,
    hints: int = 1,
    unread: Sequence[Unread] = (),
    problem: str = "",
) -> dict[str, Any]:
    """``results.json`` in the format of Gradescope's autograder: one test per exercise.

    The score of an exercise is the fraction of its properties that hold, up to the first that does
    not. A file that does not count is a test of 0 points.

    Parameters
    ----------
    graded : iterable of Graded
    points : float
        Points per exercise.
    hints : int
        Hints per exercise.
    unread : sequence of Unread
        Files that are not judged; the student reads their names.
    problem : str
        Why nothing could be judged.
    """
    graded = list(graded)
    tests = [_test(result, points, hints) for result in graded]
    counting = [result for result in graded if result.counts]
    passed = sum(result.verdict.passed for result in counting)
    text = [problem or f"{passed} of {len(counting)} exercises passed"]
    text += [f"not recognised: {file}" for file in unread]
    return {
        "score": round(sum(test["score"] for test in tests), 2),
        "output": lines("\n".join(text)),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def by_student(graded: Iterable[Graded]) -> dict[str, list[Graded]]:
    """The results of each student that count, in order."""
    students: dict[str, list[Graded]] = {}
    for result in graded:
        if result.counts:
            students.setdefault(result.submission.student, []).append(result)
    return students


def unread_by_student(unread: Iterable[Unread]) -> dict[str, list[Unread]]:
    """The files of each student that are not judged, in order."""
    students: dict[str, list[Unread]] = {}
    for file in unread:
        students.setdefault(file.student, []).append(file)
    return students


def as_csv(
    graded: Sequence[Graded],
    unread: Sequence[Unread] = (),
    same: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """One row per student, one column per exercise (a score from 0 to 1, empty if not handed in).

    The last columns say where answers come from or what was found instead, list the files that are
    not judged, and list, by student, whose answers are the same (`alike.of_students`). Files that
    belong to no student have a row of their own.
    """
    present = {result.verdict.exercise for result in graded}
    columns = [e.name for e in exercises.all_exercises() if e.name in present]
    files = unread_by_student(unread)
    of_students = by_student(graded)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "passed", "score", *columns, "note", "not recognised", "same as"])
    for student in dict.fromkeys([*of_students, *files]):
        results = of_students.get(student, [])
        scores = {
            result.verdict.exercise: f"{result.verdict.score:.3f}"
            for result in results
            if result.verdict.outcome is not Outcome.ABSENT
        }
        name = student if student or results else NOBODY
        passed = sum(result.verdict.passed for result in results) if results else ""
        total = f"{sum(result.verdict.score for result in results):.3f}" if results else ""
        notes = csv_cell("; ".join(_notes(results)))
        others = csv_cell("; ".join(map(str, files.get(student, ()))))
        row = [csv_cell(name), passed, total, *(scores.get(column, "") for column in columns)]
        equals = csv_cell("; ".join((same or {}).get(student, ())))
        table.writerow([*row, notes, others, equals])
    return text.getvalue()


def _stop(verdict: Verdict) -> tuple[str, bool]:
    """Where an answer stops, and whether that is a property."""
    if verdict.broken and verdict.outcome is not Outcome.NOT_WRITTEN:
        return verdict.broken, True
    return str(verdict.outcome), False


def _test(result: Graded, points: float, hints: int) -> dict[str, Any]:
    verdict = result.verdict
    name = f"{verdict.exercise}: {verdict.title}"
    if not result.counts:
        name = f"{verdict.exercise}: {lines(result.submission.shown)}, which does not count"
    most = points if result.counts else 0.0
    return {
        "name": name,
        "score": round(most * verdict.score, 2),
        "max_score": most,
        "status": "passed" if verdict.passed else "failed",
        "output": lines("\n".join(in_words(verdict, hints))),
        "visibility": "visible",
    }


def _notes(results: Sequence[Graded]) -> list[str]:
    """The notes on a student's answers; what several exercises share is said once."""
    notes: dict[str, list[str]] = {}
    for result in results:
        if result.submission.note:
            notes.setdefault(result.submission.note, []).append(result.verdict.exercise)
    missing = {r.submission.note for r in results if r.submission.path is None}
    return [
        note if note in missing else f"{', '.join(names)}: {note}" for note, names in notes.items()
    ]
