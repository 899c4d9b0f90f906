"""What is nearly an answer: files under other names, in other forms, or one folder too deep."""

from __future__ import annotations

import difflib
import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tinyalex.learn import exercises
from tinyalex.learn.grader.spec import Exercise

# What names end in that hold Python once they are renamed, exported, or saved as plain text.
CODE, NOTEBOOK = {"py", "pyw", "py3"}, {"ipynb"}
PLAIN, FORMATTED = {"txt", "text", "bak", "orig"}, {"doc", "docx", "html", "odt", "pdf", "rtf"}
ENDINGS = CODE | NOTEBOOK | PLAIN | FORMATTED
ARCHIVES = (
    ".zip", ".rar", ".7z", ".tar", ".tgz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz",
    ".tar.zst", ".gz", ".bz2", ".xz",
)  # fmt: skip
DEEPEST = 3  # folders below the one that is looked through
MOST_FILES = 2000  # that are looked at in them


def number_of(exercise: Exercise) -> tuple[str, str]:
    """``02`` and ``im2col`` of ``02_im2col``."""
    number, _, rest = exercise.name.partition("_")
    return number, rest


def exercise_of(path: Path) -> Exercise | None:
    """The exercise that a file's name belongs to: ``02_im2col.py``, ``im2col.py``, ``02.py``."""
    if path.suffix != ".py":
        return None
    stem = path.stem.lower()
    for exercise in exercises.all_exercises():
        if stem in (exercise.name, *number_of(exercise)):
            return exercise
    # What a browser or a course system makes of it: "02_im2col (1).py", "anna_02_im2col.py".
    inside = [exercise for exercise in exercises.all_exercises() if exercise.name in stem]
    return max(inside, key=lambda exercise: len(exercise.name), default=None)


def nearly(path: Path) -> Exercise | None:
    """The exercise that a file was probably meant for, where `exercise_of` knows none.

    Examples
    --------
    >>> from pathlib import Path
    >>> nearly(Path("02-im2col.py.txt")).name
    '02_im2col'
    """
    if exercise_of(path) is not None or is_archive(path):
        return None
    stem, endings = _taken_apart(path)
    last = path.suffix[1:].lower()
    if last.isalnum() and last not in ENDINGS:
        return None  # a picture, a table, what Python has compiled
    code = bool(endings & (CODE | NOTEBOOK))
    text = "_".join(stem)
    for exercise in exercises.all_exercises():
        number, rest = number_of(exercise)
        known = (exercise.name, *((rest, number) if code else ()))
        if "".join(stem) in [name.replace("_", "") for name in known]:
            return exercise
    inside = [one for one in exercises.all_exercises() if f"_{one.name}_" in f"_{text}_"]
    if inside:
        return max(inside, key=lambda exercise: len(exercise.name))
    by_name = {exercise.name: exercise for exercise in exercises.all_exercises()}
    close = difflib.get_close_matches(text, by_name, n=1, cutoff=0.85) if code else []
    return by_name[close[0]] if close else None


def advice(path: Path, exercise: Exercise) -> str:
    """What makes an answer of a file that is `nearly` one."""
    _, endings = _taken_apart(path)
    if endings & NOTEBOOK:
        return f"export its code as {exercise.name}.py"
    if endings & FORMATTED:
        return f"save it as plain text, called {exercise.name}.py"
    return f"rename it to {exercise.name}.py"


def misses(folder: Path, deeper: bool) -> dict[str, str]:
    """For each exercise what was found in place of its file, and what to do.

    Parameters
    ----------
    folder : Path
    deeper : bool
        Look into its folders, too.
    """
    found: dict[str, str] = {}
    for path in itertools.islice(_files(folder, DEEPEST if deeper else 0), MOST_FILES):
        inside = path.relative_to(folder)
        exact = exercise_of(path) if len(inside.parts) > 1 else None
        exercise = exact or nearly(path)
        if exercise is not None:
            what = f"move it up into {folder.resolve().name}" if exact else advice(path, exercise)
            found.setdefault(exercise.name, f"found {inside}: {what}")
    return found


def packed(folder: Path) -> str:
    """The archives in a folder, with what to do; empty if there is none."""
    names = sorted(path.name for path in folder.iterdir() if is_archive(path))
    return f"found {', '.join(names)}: unpack it" if names else ""


def is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVES) and not path.name.startswith(".")


def unpacked_name(path: Path) -> str:
    """``anna`` for ``anna.tar.gz``: the folder that comes out of it, most likely."""
    endings = (ending for ending in ARCHIVES if path.name.lower().endswith(ending))
    return path.name[: -max(map(len, endings))]


def _taken_apart(path: Path) -> tuple[list[str], set[str]]:
    """The words of a name before what it ends in, and all that it ends in."""
    words = [word for word in re.split(r"[\W_]+", path.name.lower()) if word]
    at = next((i for i, word in enumerate(words) if i and word in ENDINGS), len(words))
    return words[:at], set(words[at:]) & ENDINGS


def _files(folder: Path, depth: int) -> Iterator[Path]:
    """The files of a folder and, so deep, of its folders; links to folders are not followed."""
    for root, folders, names in os.walk(folder):
        level = len(Path(root).relative_to(folder).parts)
        kept = [name for name in sorted(folders) if not name.startswith((".", "__"))]
        folders[:] = kept if level < depth else []
        yield from (Path(root) / name for name in sorted(names) if not name.startswith("."))
