"""Which exercise a file belongs to and who handed it in, by its name."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from tinyalex.learn import exercises
from tinyalex.learn.grader.spec import Exercise

# Endings of Python files that were renamed, exported or saved as plain text.
CODE, NOTEBOOK = {"py", "pyw", "py3"}, {"ipynb"}
PLAIN, FORMATTED = {"txt", "text", "bak", "orig"}, {"doc", "docx", "html", "odt", "pdf", "rtf"}
ENDINGS = CODE | NOTEBOOK | PLAIN | FORMATTED | {"json"}
ARCHIVES = (
    ".zip", ".rar", ".7z", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz",
    ".tar.zst", ".gz", ".bz2", ".xz",
)  # fmt: skip
# Words in a file's name that are nobody's name.
NO_NAME = {
    "a", "abgabe", "answer", "answers", "aufgabe", "copy", "correct", "corrected", "done", "draft",
    "ex", "exercise", "final", "fixed", "homework", "hw", "improved", "kopie", "last", "late",
    "lesson", "loesung", "lösung", "mine", "my", "new", "neu", "of", "ok", "old", "py", "solution",
    "solved", "submission", "submit", "task", "test", "tests", "the", "update", "updated",
    "version", "week", "woche", "works", "working",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(v|ver|version|week|hw|ex|try|attempt)?\d+[a-z]?")
# What course systems put before the name of a file.
_MOODLE = r"(?P<student>.+?)_(?P<number>\d+)_assignsubmission_(?:file|onlinetext)_?(?P<file>.*)"
_CANVAS = r"(?P<student>[^_]+)_(?:LATE_)?(?P<number>\d+)_(?:question_\d+_)?\d+_(?P<file>.+)"
_BRIGHTSPACE = r"\d+-\d+ - (?P<student>.+?) - (?:.*? - )?(?P<file>[^-].*)"
_BLACKBOARD = r".*?_(?P<student>[^_]+)_attempt_\d{4}(?:-\d+){5}_(?P<file>.+)"
_EXPORTS = [re.compile(form) for form in (_MOODLE, _BLACKBOARD, _CANVAS, _BRIGHTSPACE)]
_AGAIN = re.compile(r"-(\d{1,2})(?=(\.\w+)*$)")  # Canvas: handed in again


@dataclass(frozen=True)
class Match:
    """What a file's name says.

    Attributes
    ----------
    exercise : Exercise
    extra : int
        How far the name is from ``06_relu.py``: words around it, another ending, another spelling.
    around : str
        The words around the exercise's name, as they are written, without "final", "v2" and such.
    """

    exercise: Exercise
    extra: int
    around: str


@dataclass(frozen=True)
class Export:
    """A name as a course system makes it: who handed in which file, and the how many-th time."""

    student: str
    number: str
    file: str
    again: int


def match(name: str) -> Match | None:
    """The exercise that a file belongs to; None if its name does not say, or it is no code.

    Examples
    --------
    >>> match("Anna 02-im2col v2.PY").exercise.name, match("Anna 02-im2col v2.PY").around
    ('02_im2col', 'Anna')
    """
    name = unicodedata.normalize("NFC", name)
    words, endings = _split(name)
    if not _may_be_code(name) or endings & FORMATTED:
        return None
    texts = [word[0].casefold() for word in words]
    is_code = bool(endings & (CODE | NOTEBOOK))
    found = _contained(texts, is_code) or _close(texts, is_code)
    if found is None:
        return None
    exercise, first, last = found
    exact = name.casefold() == f"{exercise.name}.py"
    rest = words[:first] + words[last:]
    number, _, short = exercise.name.partition("_")
    is_full = "_".join(texts[first:last]) == exercise.name
    is_short = "_".join(texts[first:last]) in (short, number)
    extra = 0 if exact else 1 + 2 * len(rest) + (0 if is_full else 1 if is_short else 2)
    extra += 2 * (not endings & CODE) + bool(endings & PLAIN)
    extra += 10 * any(word in ("test", "tests") for word, *_ in rest)
    return Match(exercise, extra, _around(name, words, first, last))


def advice(name: str) -> str:
    """What to do with a file that is not read; empty if nothing is known."""
    if is_archive(name):
        return "an archive: unpack it"
    words, endings = _split(name)
    found = _contained([word[0].casefold() for word in words], True)
    if found is not None and endings & FORMATTED:
        return f"save it as plain text, called {found[0].name}.py"
    return ""


def export(name: str) -> Export | None:
    """The parts of a name that Moodle, Canvas, Brightspace or Blackboard has made.

    Examples
    --------
    >>> export("smithanna_LATE_12345_678901_06_relu-1.py")
    Export(student='smithanna', number='12345', file='06_relu.py', again=1)
    """
    name = unicodedata.normalize("NFC", name)
    for form in _EXPORTS:
        if found := form.fullmatch(name):
            parts = found.groupdict()
            again = _AGAIN.search(parts["file"]) if form.pattern == _CANVAS else None
            file = _AGAIN.sub("", parts["file"]) if again else parts["file"]
            times = int(again[1]) if again else 0
            return Export(parts["student"].strip(), parts.get("number", ""), file, times)
    return None


def is_a_name(text: str) -> bool:
    """Whether a student may be called so: not ``week4``, not ``06_relu.py``."""
    words = [word[0] for word in _WORD.finditer(text)]
    return match(f"{text}.py") is None and not all(_is_no_name(word) for word in words)


def is_archive(name: str) -> bool:
    return name.lower().endswith(ARCHIVES) and not name.startswith(".")


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip") and not name.startswith(".")


def unpacked_name(name: str) -> str:
    """``anna`` for ``anna.tar.gz``: most likely the folder inside."""
    endings = (ending for ending in ARCHIVES if name.lower().endswith(ending))
    return name[: -max(map(len, endings))]


def _may_be_code(name: str) -> bool:
    """Not a picture, a table, an archive, or compiled Python."""
    if is_archive(name):
        return False
    last = PurePosixPath(name).suffix[1:].lower()
    return not (last.isalnum() and last not in ENDINGS - {"json"}) or ".ipynb.json" in name.lower()


Word = tuple[str, int, int]  # as it is written, and where it begins and ends


def _split(name: str) -> tuple[list[Word], set[str]]:
    """The words of a file's name, and its endings."""
    words = [(found[0], *found.span()) for found in _WORD.finditer(name)]
    lower = [word[0].casefold() for word in words]
    at = next((i for i, word in enumerate(lower) if i and word in ENDINGS), len(words))
    return words[:at], set(lower[at:]) & ENDINGS


def _contained(texts: list[str], is_code: bool) -> tuple[Exercise, int, int] | None:
    """The exercise with the longest name in these words, and the words' range.

    ``06_relu``, ``06relu`` and, of code, ``relu``; ``06`` only if there is no other word.
    """
    best: tuple[int, Exercise, int, int] | None = None
    for exercise in exercises.all_exercises():
        number, _, short = exercise.name.partition("_")
        joined = short.replace("_", "")
        names = {number + joined, *([joined] if is_code else [])}
        for first in range(len(texts)):
            text = ""
            for last in range(first, len(texts)):
                text += texts[last]
                if text in names and (best is None or len(text) > best[0]):
                    best = len(text), exercise, first, last + 1
        rest = [text for text in texts if text not in ("exercise", "ex", "task", "aufgabe")]
        if is_code and best is None and rest == [number]:
            at = texts.index(number)
            best = 0, exercise, at, at + 1
    return best and best[1:]


def _close(texts: list[str], is_code: bool) -> tuple[Exercise, int, int] | None:
    """The exercise whose name has a typing error here: ``01_conv_loop``."""
    by_name = {exercise.name: exercise for exercise in exercises.all_exercises()}
    close = difflib.get_close_matches("_".join(texts), by_name, n=1, cutoff=0.85) if is_code else []
    return (by_name[close[0]], 0, len(texts)) if close else None


def _around(name: str, words: list[Word], first: int, last: int) -> str:
    """What is left of a name that may be a student's: the text before the exercise, or after it."""
    for part in (words[:first], words[last:]):
        while part and _is_no_name(part[0][0]):
            part = part[1:]
        while part and _is_no_name(part[-1][0]):
            part = part[:-1]
        if part:
            return name[part[0][1] : part[-1][2]]
    return ""


def _is_no_name(word: str) -> bool:
    text = word.casefold()
    return text in NO_NAME or _NUMBER.fullmatch(text) is not None
