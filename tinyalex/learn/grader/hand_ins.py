"""What a student or a class handed in: every file is an answer to an exercise, or is listed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tinyalex.errors import ConfigError
from tinyalex.learn import exercises
from tinyalex.learn.grader import filenames, inventory
from tinyalex.learn.grader.filenames import Match
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.spec import Exercise

RULE = "the last hand-in, then the nearest folder, then the nearest name"
NOBODY = "(no student)"
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
        found = None if file.why else filenames.match(_own_name(file.name))
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
        submissions += _judged(exercise, candidates, student, all_count=bool(several))
        if not candidates:
            submissions.append(Submission(exercise, None, student, missing))
    warning = ""
    if several:
        listed = f"{', '.join(several[:MOST_NAMED])}{', ...' if several[MOST_NAMED:] else ''}"
        warning = f"the names look like those of several students ({listed}): add --class"
    return HandedIn(tuple(submissions), tuple(unread), warning)


def of_class(folder: Path, wanted: Sequence[Exercise] = ()) -> HandedIn:
    """A class: folders or archives of students, files with students' names, or all of these.

    Students who handed in nothing that can be judged are listed as well.
    """
    folder, warning = _inner(folder)
    loose: list[File] = []
    parts: dict[tuple[str, str], list[File]] = {}
    for path in sorted(folder.iterdir()):
        if not inventory.is_junk(path.name):
            who = _student_of(path)
            files = parts.setdefault(who, []) if who is not None else loose
            files += _files_at(path)
    if not parts and not loose:
        raise ConfigError(
            f"{folder} has no folders or files of students",
            "make one folder per student, or unpack what Canvas or Moodle exports",
        )
    students: dict[str, list[File]] = {}
    for who, label in _labels(parts).items():
        students.setdefault(label, []).extend(parts[who])
    given = [e for files in students.values() for e in _exercises_in(files)]
    expected = wanted or [e for e in exercises.all_exercises() if e in given]
    total = HandedIn(warning=warning)
    for student in sorted(students):
        files = students[student] or [File(f"{student}/", folder, why="an empty folder")]
        total += of_files(files, expected, student)
    return replace(total, unread=total.unread + tuple(_nobodys(loose)))


def _judged(
    exercise: Exercise, files: list[File], student: str, all_count: bool
) -> list[Submission]:
    """All files for one exercise, the one that counts first, each with a note."""
    submissions = []
    for i, file in enumerate(files):
        counts = all_count or i == 0
        exact = file.shown == f"{exercise.name}.py"
        notes = [] if exact and len(files) == 1 else [f"read from {file.shown}"]
        if len(files) > 1 and i == 0 and not all_count:
            others = ", ".join(other.shown for other in files[1:])
            notes.append(f"it counts ({RULE}); also judged: {others}")
        elif not counts:
            notes.append(f"it does not count: {files[0].shown} does")
        submissions.append(Submission(exercise, file.path, student, "; ".join(notes), file, counts))
    return submissions


def _rank(answer: tuple[File, Match]) -> tuple[int, int, int, list[int]]:
    """What counts comes first; of equals, the last by name ("v3" after "v2")."""
    file, match = answer
    export = filenames.export(file.name)
    again = export.again if export else 0
    backwards = [-ord(letter) for letter in file.shown]
    return -again, file.shown.count("/"), match.extra, backwards


def _own_name(name: str) -> str:
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


def _student_of(path: Path) -> tuple[str, str] | None:
    """The student that something in a class's folder belongs to, and a number to tell namesakes."""
    name = path.name
    if path.is_symlink():
        return None
    export = filenames.export(name)
    if export is not None:
        return export.student, export.number
    if path.is_dir():
        return None if name.startswith((".", "__")) else (name, "")
    if filenames.is_archive(name):
        stem = filenames.unpacked_name(name)
        match = filenames.match(f"{stem}.py")
        return (match.around if match and match.around else stem), ""
    match = filenames.match(name)
    if match is None:
        return None
    return match.around or name, ""


def _labels(students: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What each student is called; namesakes are told apart by the course system's number.

    A folder or a file without a number belongs to the only student of its name.
    """
    numbers: dict[str, set[str]] = {}
    for name, number in students:
        numbers.setdefault(name, set()).add(number)
    return {
        (name, number): f"{name} ({number})" if number and len(numbers[name] - {""}) > 1 else name
        for name, number in students
    }


def _files_at(path: Path) -> list[File]:
    if path.is_symlink() or not path.is_dir():
        return inventory.file_at(path, path.name)
    if path.name.startswith((".", "__")):
        return [File(f"{path.name}/", path, why="a folder of tools, not looked into")]
    return inventory.files_in(path)


def _inner(folder: Path) -> tuple[Path, str]:
    """The folder inside, if that is all there is and it has the hand-ins of several students."""
    inside = [path for path in folder.iterdir() if not inventory.is_junk(path.name)]
    if len(inside) != 1 or inside[0].is_symlink() or not inside[0].is_dir():
        return folder, ""
    names = set()
    for path in inside[0].iterdir():
        if _exercises_in(_files_at(path)):
            who = _student_of(path)
            if who is None or not filenames.is_a_name(who[0]):
                return folder, ""
            names.add(who)
    if len(names) < 2:
        return folder, ""
    return inside[0], f"the students are taken from {inside[0].name}, the only folder in {folder}"


def _exercises_in(files: Iterable[File]) -> list[Exercise]:
    found = (filenames.match(_own_name(file.name)) for file in files if not file.why)
    return [match.exercise for match in found if match]


def _what_was_found(unread: Sequence[Unread]) -> str:
    """A note about what a student handed in instead of an answer."""
    others = [str(file) for file in unread if not file.exercise]
    if not others:
        return ""
    more = len(others) - MOST_NAMED
    rest = f" and {more} more" if more > 0 else ""
    return f"found {', '.join(others[:MOST_NAMED])}{rest}"


def _nobodys(files: Iterable[File]) -> Iterable[Unread]:
    for file in files:
        yield Unread("", file.shown, file.why or filenames.advice(file.name))
