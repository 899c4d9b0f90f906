"""What a class handed in, as folders, files or archives with the students' names."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from tinyalex.errors import ConfigError
from tinyalex.learn import exercises
from tinyalex.learn.grader import filenames, inventory
from tinyalex.learn.grader.hand_ins import HandedIn, Unread, of_files, own_name
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.spec import Exercise


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
    for student in sorted(students, key=lambda name: (name.casefold(), name)):
        files = students[student] or [File(f"{student}/", folder, why="an empty folder")]
        total += of_files(files, expected, student)
    return replace(total, unread=total.unread + tuple(_nobodys(loose)))


def _student_of(path: Path) -> tuple[str, str] | None:
    """The student that something in a class's folder belongs to, and a number to tell namesakes."""
    name = unicodedata.normalize("NFC", path.name)  # macOS writes an accent apart from its letter
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
    if inventory.is_link(path) or not path.is_dir():
        return inventory.file_at(path, path.name)
    if path.name.startswith((".", "__")):
        return [File(f"{path.name}/", path, why="a folder of tools, not looked into")]
    return inventory.files_in(path)


def _inner(folder: Path) -> tuple[Path, str]:
    """The folder inside, if that is all there is and it has the hand-ins of several students."""
    inside = [path for path in folder.iterdir() if not inventory.is_junk(path.name)]
    if len(inside) != 1 or inventory.is_link(inside[0]) or not inside[0].is_dir():
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
    found = (filenames.match(own_name(file.name)) for file in files if not file.why)
    return [match.exercise for match in found if match]


def _nobodys(files: Iterable[File]) -> Iterable[Unread]:
    for file in files:
        yield Unread("", file.shown, file.why or filenames.advice(file.name))
