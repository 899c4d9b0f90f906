"""What a student handed in: every file is an answer to an exercise, or is listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinyalex.learn import exercises
from tinyalex.learn.grader import filenames, inventory
from tinyalex.learn.grader.filenames import Match
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.spec import Exercise

RULE = "the last hand-in, then the nearest folder, then the nearest name"
MOST_NAMED = 3  # files that one note names


@dataclass(frozen=True)
class Submission:
    """An exercise as a student handed it in.

    Attributes
    ----------
    exercise : Exercise
    path : Path, optional
        The file, or the archive that it is in; None if nothing was handed in.
    student : str
    note : str
        Where the answer comes from; if there is none: what was found instead.
    file : File, optional
        The same file as it was found.
    counts : bool
        False if the student handed in another file for this exercise, and that one counts.
    """

    exercise: Exercise
    path: Path | None
    student: str = ""
    note: str = ""
    file: File | None = None
    counts: bool = True

    @property
    def shown(self) -> str:
        """The file's path from the student's folder; empty if nothing was handed in."""
        return self.file.shown if self.file else str(self.path or "")


@dataclass(frozen=True)
class Unread:
    """A file that is not judged.

    Attributes
    ----------
    student : str
    file : str
        Its path from the student's folder.
    why : str
        Empty if its name belongs to no exercise.
    exercise : str
        Name of the exercise that it answers, if only others are judged now.
    """

    student: str
    file: str
    why: str = ""
    exercise: str = ""

    def __str__(self) -> str:
        return f"{self.file} ({self.why})" if self.why else self.file

    def to_dict(self) -> dict[str, str]:
        """A dictionary that JSON can store."""
        return {"student": self.student, "file": self.file, "why": self.why}


@dataclass(frozen=True)
class HandedIn:
    """All that was handed in.

    Attributes
    ----------
    submissions : tuple of Submission
        What is judged, and which exercises are missing.
    unread : tuple of Unread
        All other files.
    warning : str
        What looks wrong with the whole folder; empty if nothing does.
    """

    submissions: tuple[Submission, ...] = ()
    unread: tuple[Unread, ...] = ()
    warning: str = ""

    def __add__(self, other: HandedIn) -> HandedIn:
        return HandedIn(
            self.submissions + other.submissions,
            self.unread + other.unread,
            self.warning or other.warning,
        )


def of_file(path: Path, wanted: Sequence[Exercise] = ()) -> HandedIn:
    """One file, which the user has named; with one wanted exercise it may have any name."""
    files = inventory.file_at(path, path.name)
    if len(wanted) == 1 and not filenames.is_archive(path.name) and not files[0].why:
        return HandedIn((Submission(wanted[0], path, "", "", files[0]),))
    return of_files(files, wanted if filenames.is_zip(path.name) else ())


def of_folder(folder: Path, wanted: Sequence[Exercise] = (), student: str = "") -> HandedIn:
    """A student's folder: all exercises that it has files for, or the wanted ones."""
    return of_files(inventory.files_in(folder), wanted, student)


def of_files(files: Iterable[File], wanted: Sequence[Exercise] = (), student: str = "") -> HandedIn:
    """The files of one student; a wanted exercise without a file is listed without a path.

    Of several files for one exercise all are judged, and one counts: see `RULE`.
    """
    answers: dict[str, list[tuple[File, Match]]] = {}
    unread: list[Unread] = []
    names = {exercise.name for exercise in wanted}
    for file in files:
        found = None if file.why else filenames.match(own_name(file.name))
        if found is None:
            unread.append(Unread(student, file.shown, file.why or filenames.advice(file.name)))
        elif names and found.exercise.name not in names:
            name = found.exercise.name
            unread.append(Unread(student, file.shown, f"{name} is not judged now", name))
        else:
            answers.setdefault(found.exercise.name, []).append((file, found))
    several = _students_in(answers) if not student else []
    missing = _what_was_found(unread)
    submissions: list[Submission] = []
    for exercise in wanted or [e for e in exercises.all_exercises() if e.name in answers]:
        candidates = [file for file, _ in sorted(answers.get(exercise.name, ()), key=_rank)]
        submissions += _judged(exercise, candidates, student)
        if not candidates:
            submissions.append(Submission(exercise, None, student, missing))
    warning = ""
    if several:
        listed = f"{', '.join(several[:MOST_NAMED])}{', ...' if several[MOST_NAMED:] else ''}"
        warning = (
            f"the names look like those of several students ({listed}); add --class, or only one"
            " file per exercise counts"
        )
    return HandedIn(tuple(submissions), tuple(unread), warning)


def _judged(exercise: Exercise, files: list[File], student: str) -> list[Submission]:
    """All files for one exercise, the one that counts first, each with a note."""
    submissions = []
    for i, file in enumerate(files):
        counts = i == 0
        exact = file.shown == f"{exercise.name}.py"
        notes = [] if exact and len(files) == 1 else [f"read from {file.shown}"]
        if len(files) > 1 and counts:
            others = ", ".join(other.shown for other in files[1:])
            notes.append(f"it counts ({RULE}); also judged: {others}")
        elif not counts:
            notes.append(f"it does not count: {files[0].shown} does")
        submissions.append(Submission(exercise, file.path, student, "; ".join(notes), file, counts))
    return submissions


def _rank(answer: tuple[File, Match]) -> tuple[int, int, int, list[int]]:
    """What counts comes first; of equals, the last by name ("v3" after "v2")."""
    file, match = answer
    exports = filter(None, map(filenames.export, file.shown.split("/")))  # also of an archive
    again = max((export.again for export in exports), default=0)
    backwards = [-ord(letter) for letter in file.shown]
    return -again, file.shown.count("/"), match.extra, backwards


def own_name(name: str) -> str:
    """A file's name without what a course system has put before it."""
    export = filenames.export(name)
    return export.file if export and export.file else name


def _students_in(answers: dict[str, list[tuple[File, Match]]]) -> list[str]:
    """The students' names in the names of the files, if one exercise has files of several."""
    for found in answers.values():
        names = {_name_in(file.name, match) for file, match in found} - {""}
        if len(names) > 1:
            return sorted(names)
    return []


def _name_in(name: str, match: Match | None) -> str:
    export = filenames.export(name)
    return export.student if export else match.around if match else ""


def _what_was_found(unread: Sequence[Unread]) -> str:
    """A note about what a student handed in instead of an answer."""
    others = [str(file) for file in unread if not file.exercise]
    if not others:
        return ""
    more = len(others) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"found {', '.join(others[:MOST_NAMED])}{rest}"
