"""What `tinyalex exercise` prints: verdicts, a class's table, files that are not judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tinyalex.commands.console import Output, cell, plain_table
from tinyalex.errors import ConfigError
from tinyalex.outside import shown

if TYPE_CHECKING:
    from tinyalex.learn.grader.alike import Alike
    from tinyalex.learn.grader.hand_ins import Unread
    from tinyalex.learn.grader.results import Graded
    from tinyalex.learn.grader.spec import Exercise

MOST_LISTED = 20  # files per student; --json lists all


def print_verdict(out: Output, judged: Graded, hints: int, first: bool) -> None:
    """Print a verdict in words, with at most this many hints."""
    from tinyalex.learn.grader.verdict import in_words

    if not first:
        out.text()
    head, *rest = in_words(judged.verdict, hints)
    out.text(head, style="bold green" if judged.verdict.passed else "bold red")
    for line in rest:
        style = {"  BROKEN": "red", "  at    ": "red", "  holds ": "green"}.get(line[:8], "")
        out.text(line, style=style or ("yellow" if line.startswith("  Hint:") else ""))


def print_line(out: Output, judged: Graded) -> None:
    """Print one line for one answer of a class."""
    note = judged.submission.note
    text = f"{shown(judged.submission.student)}: {judged.verdict.exercise}: "
    out.text(text + str(judged.verdict.outcome) + (f"; {note}" if note else ""))


def print_textbook(out: Output, exercise: Exercise) -> None:
    """Print the package's own source of the same functions."""
    import inspect

    from tinyalex import functional

    for name in (name for name in exercise.functions if name in functional.__all__):
        function = getattr(functional, name)
        out.text(f"\nThe package's own code, in {function.__module__}:", style="bold")
        out.page(inspect.getsource(function).rstrip())


def solution_of(exercise: str) -> Path:
    """The file of an exercise's reference solution.

    Raises
    ------
    ConfigError
        This is the students' package: it has none.
    """
    from tinyalex.learn.places import solutions_folder

    path = solutions_folder() / f"{exercise}.py"
    if not path.is_file():
        raise ConfigError(
            "the solutions are not installed: this is the students' package",
            "the teachers' package, or tinyalex/learn/solutions in a clone of the repository",
        )
    return path


def print_solutions(out: Output, judged: Sequence[Graded]) -> None:
    """Print the solution of each exercise that was judged."""
    for name in dict.fromkeys(answer.verdict.exercise for answer in judged):
        out.text(f"\nSolution of {name}:", style="bold")
        out.page(solution_of(name).read_text(encoding="utf-8").rstrip())


def print_class(out: Output, judged: Sequence[Graded], unread: Sequence[Unread]) -> None:
    """Print one row per student, where students stop, and each student's other files."""
    from tinyalex.learn.grader.results import by_student, summary

    columns = "student", "passed", "score", "first not passed"
    table = plain_table(*columns, left=["student", "first not passed"])
    for student, of_student in by_student(judged).items():
        passed = sum(a.verdict.passed for a in of_student)
        score = sum(a.verdict.score for a in of_student)
        first = next((a for a in of_student if not a.verdict.passed), None)
        text = f"{first.verdict.exercise}: {_why(first)}" if first is not None else ""
        row = [cell(student), f"{passed} of {len(of_student)}", f"{score:.2f}", cell(text)]
        table.add_row(*row)
    out.text()
    out.table(table)
    stops = summary(judged)
    if stops:
        where = plain_table("exercise", "stops at", "students", left=["exercise", "stops at"])
        for stop in stops:
            where.add_row(cell(stop.exercise), cell(stop.stops_at), str(stop.students))
        out.text()
        out.table(where)
    print_unread(out, unread)


def print_unread(out: Output, unread: Sequence[Unread]) -> None:
    """Print the files that are not judged, one line per student, or one line per file."""
    from tinyalex.learn.grader.results import NOBODY, unread_by_student

    in_class = any(file.student for file in unread)
    if unread:
        out.text()
    for student, files in unread_by_student(unread).items():
        others = [str(file) for file in files if not file.exercise]
        rest = others[MOST_LISTED:]
        listed = others[:MOST_LISTED] + ([f"{len(rest):,} more (see --json)"] if rest else [])
        if later := [file.exercise for file in files if file.exercise]:
            names = ", ".join(dict.fromkeys(later))
            listed.append(f"{len(later):,} for exercises that are not judged now: {names}")
        if in_class:
            name = shown(student) if student else NOBODY
            out.text(f"{name}: not recognised: {', '.join(listed)}")
        else:
            for text in listed:
                out.text(f"not recognised: {text}")


def print_alike(out: Output, groups: Sequence[Alike]) -> None:
    """Print whose answers are the same up to names."""
    if groups:
        out.text("\nThe same up to names (a reason to ask, not a proof):")
    for group in groups:
        who = [shown(student) for student in group.students]
        who += ["the solution"] if group.solution else []
        out.text(f"{group.exercise}: {', '.join(who)}")


def _why(judged: Graded) -> str:
    """Why an answer did not pass; of a missing one, what was found instead."""
    missing = judged.submission.path is None
    return (missing and judged.submission.note) or str(judged.verdict.outcome)
