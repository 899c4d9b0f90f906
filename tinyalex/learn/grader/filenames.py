"""Which exercise a file belongs to, by its name; and what to do with files that are misnamed."""

from __future__ import annotations

import difflib
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tinyalex.learn import exercises
from tinyalex.learn.grader.spec import Exercise

# Endings of Python files that were renamed, exported or saved as plain text.
CODE, NOTEBOOK = {"py", "pyw", "py3"}, {"ipynb"}
PLAIN, FORMATTED = {"txt", "text", "bak", "orig"}, {"doc", "docx", "html", "odt", "pdf", "rtf"}
ENDINGS = CODE | NOTEBOOK | PLAIN | FORMATTED
ARCHIVES = (
    ".zip", ".rar", ".7z", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz",
    ".tar.zst", ".gz", ".bz2", ".xz",
)  # fmt: skip
MAX_DEPTH = 3  # levels of folders that are searched
MAX_FILES = 2000  # that are looked at


def exercise_of(path: Path) -> Exercise | None:
    """The exercise that a file belongs to: ``02_im2col.py``, ``im2col.py`` or ``02.py``."""
    if path.suffix != ".py":
        return None
    stem = path.stem.lower()
    for exercise in exercises.all_exercises():
        if stem in (exercise.name, *exercise.name.split("_", 1)):
            return exercise
    # Names from browsers and course systems: "02_im2col (1).py", "anna_02_im2col.py".
    return _longest(exercise for exercise in exercises.all_exercises() if exercise.name in stem)


def similar_exercise(path: Path) -> Exercise | None:
    """The exercise that a file was probably meant for, if `exercise_of` finds none.

    Examples
    --------
    >>> from pathlib import Path
    >>> similar_exercise(Path("02-im2col.py.txt")).name
    '02_im2col'
    """
    if exercise_of(path) is not None or is_archive(path):
        return None
    words, endings = _split(path)
    last = path.suffix[1:].lower()
    if last.isalnum() and last not in ENDINGS:
        return None  # a picture, a table, compiled Python
    code = bool(endings & (CODE | NOTEBOOK))
    text = "_".join(words)
    for exercise in exercises.all_exercises():
        number, name = exercise.name.split("_", 1)
        known = (exercise.name, name, number) if code else (exercise.name,)
        if "".join(words) in [name.replace("_", "") for name in known]:
            return exercise
    contained = _longest(e for e in exercises.all_exercises() if f"_{e.name}_" in f"_{text}_")
    if contained is not None or not code:
        return contained
    by_name = {exercise.name: exercise for exercise in exercises.all_exercises()}
    close = difflib.get_close_matches(text, by_name, n=1, cutoff=0.85)
    return by_name[close[0]] if close else None


def advice(path: Path, exercise: Exercise) -> str:
    """What to do with a file that has a `similar_exercise`."""
    _, endings = _split(path)
    if endings & NOTEBOOK:
        return f"export its code as {exercise.name}.py"
    if endings & FORMATTED:
        return f"save it as plain text, called {exercise.name}.py"
    return f"rename it to {exercise.name}.py"


def misplaced(folder: Path, deeper: bool) -> dict[str, str]:
    """For each exercise: a file with a wrong name or place, and what to do with it.

    Parameters
    ----------
    folder : Path
    deeper : bool
        Search its subfolders, too.
    """
    notes: dict[str, str] = {}
    for path in itertools.islice(_files(folder, MAX_DEPTH if deeper else 0), MAX_FILES):
        inside = path.relative_to(folder)
        exact = exercise_of(path) if len(inside.parts) > 1 else None
        exercise = exact or similar_exercise(path)
        if exercise is not None:
            what = f"move it up into {folder.resolve().name}" if exact else advice(path, exercise)
            notes.setdefault(exercise.name, f"found {inside}: {what}")
    return notes


def archives_in(folder: Path) -> str:
    """The archives in a folder, with what to do; empty if there is none."""
    names = sorted(path.name for path in folder.iterdir() if is_archive(path))
    return f"found {', '.join(names)}: unpack it" if names else ""


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES) and not path.name.startswith(".")


def unpacked_name(path: Path) -> str:
    """``anna`` for ``anna.tar.gz``: most likely the folder inside."""
    endings = (ending for ending in ARCHIVES if path.name.lower().endswith(ending))
    return path.name[: -max(map(len, endings))]


def _longest(matches: Iterator[Exercise]) -> Exercise | None:
    return max(matches, key=lambda exercise: len(exercise.name), default=None)


def _split(path: Path) -> tuple[list[str], set[str]]:
    """The words of a file's name, and its endings."""
    words = [word for word in re.split(r"[\W_]+", path.name.lower()) if word]
    at = next((i for i, word in enumerate(words) if i and word in ENDINGS), len(words))
    return words[:at], set(words[at:]) & ENDINGS


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """The files of a folder and of this many levels below; links to folders are not followed."""
    for root, folders, names in os.walk(folder):
        level = len(Path(root).relative_to(folder).parts)
        kept = [name for name in sorted(folders) if not name.startswith((".", "__"))]
        folders[:] = kept if level < depth else []
        yield from (Path(root) / name for name in sorted(names) if not name.startswith("."))
