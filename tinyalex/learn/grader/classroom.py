"""Judges what a student or a class handed in, one process per answer."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from pathlib import Path

from tinyalex.learn.exercises import get
from tinyalex.learn.grader import class_folder, examine, hand_ins
from tinyalex.learn.grader.hand_ins import Submission
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.notebook_code import is_notebook
from tinyalex.learn.grader.results import Graded
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.student_process import Limits
from tinyalex.learn.grader.verdict import AnswerError, Outcome, Verdict
from tinyalex.processes import Pool

__all__ = ["Graded", "Submission", "class_of", "grade_all", "handed_in"]

_PLAIN_NAME = re.compile(r"[\w .()-]{1,100}")


def handed_in(folder: Path, wanted: Sequence[Exercise] = (), student: str = "") -> list[Submission]:
    """The answers in a folder; `hand_ins.of_folder` also gives the files that are none."""
    return list(hand_ins.of_folder(folder, wanted, student).submissions)


def class_of(folder: Path, wanted: Sequence[Exercise] = ()) -> list[Submission]:
    """The answers of a class; `class_folder.of_class` also gives the files that are none."""
    return list(class_folder.of_class(folder, wanted).submissions)


def grade_all(
    submissions: Sequence[Submission],
    *,
    seed: int = 0,
    limits: Limits | None = None,
    workers: int = 1,
    user: tuple[int, int] | None = None,
) -> Generator[Graded, None, None]:
    """Judge submissions, in order, ``workers`` at a time; a file cannot stop the others.

    Close the iterator if you do not take all: what is being judged is ended then, at once.
    ``user``: see `examine.grade`.
    """
    with _temporary_folder() as place:
        if user is not None:
            Path(place).chmod(0o711)  # that user must reach what is inside
        judge = partial(_start, place=place, seed=seed, limits=limits, user=user)
        workers = min(workers, len(submissions))
        pool = Pool(workers) if workers > 1 else None
        is_complete = False
        try:
            waiting = [judge(submission, pool) for submission in submissions]
            for submission, verdict in zip(submissions, waiting, strict=True):
                yield Graded(submission, _result(submission, verdict))
            is_complete = True
        finally:
            if pool is not None:
                pool.shutdown() if is_complete else pool.kill()


@contextlib.contextmanager
def _temporary_folder() -> Iterator[str]:
    """A new folder; at the end it goes, even if an answer that is being ended writes into it."""
    place = tempfile.mkdtemp(prefix="answers-")
    try:
        yield place
    finally:
        for _ in range(200):
            shutil.rmtree(place, ignore_errors=True)
            if not os.path.exists(place):
                break
            time.sleep(0.05)


def _start(
    submission: Submission,
    pool: Pool | None,
    *,
    place: str,
    seed: int,
    limits: Limits | None,
    user: tuple[int, int] | None,
) -> Callable[[], Verdict]:
    """Read an answer, and begin to judge it: in the pool, or when the verdict is asked for."""
    exercise, path = submission.exercise, submission.path
    if path is None:
        what = f"there is no file {exercise.name}.py"
        what += f"; {submission.note}" if submission.note else ""
        return lambda: Verdict.of(exercise, Outcome.ABSENT, what)
    file = submission.file or File(path.name, path)
    try:
        content = file.content()
    except AnswerError as error:
        unreadable = Verdict.of(exercise, error.outcome, error.what)
        return lambda: unreadable
    name = _plain_name(file.name, exercise)
    if pool is None:
        return partial(_grade, exercise, name, content, place, seed, limits, user)
    return pool.submit(_grade, exercise.name, name, content, place, seed, limits, user).result


def _result(submission: Submission, verdict: Callable[[], Verdict]) -> Verdict:
    try:
        judged = verdict()
    except Exception as error:  # the machine's fault: no process, no disk
        what = f"{type(error).__name__}: {error}"
        return Verdict.of(submission.exercise, Outcome.GRADER, what)
    noted = submission.note and submission.path is not None
    return judged.with_notes([submission.note] if noted else [])


def _grade(
    exercise: Exercise | str,
    name: str,
    content: bytes,
    place: str,
    seed: int,
    limits: Limits | None,
    user: tuple[int, int] | None,
) -> Verdict:
    """Judge a private copy of the answer: a file in no archive and without neighbours.

    All that is made for it is in ``place``, which goes even if this is interrupted or killed.
    """
    before, tempfile.tempdir = tempfile.tempdir, place
    try:
        with tempfile.TemporaryDirectory(prefix="answer-", ignore_cleanup_errors=True) as folder:
            copy = Path(folder) / name
            copy.write_bytes(content)
            which = get(exercise) if isinstance(exercise, str) else exercise
            return examine.grade(copy, which, seed=seed, limits=limits, user=user)
    finally:
        tempfile.tempdir = before


def _plain_name(name: str, exercise: Exercise) -> str:
    """The name of the copy; messages show it."""
    stem = name.rpartition(".")[0] or name
    ending = ".ipynb" if is_notebook(name) else ".py"
    return f"{stem if _PLAIN_NAME.fullmatch(stem) else exercise.name}{ending}"
