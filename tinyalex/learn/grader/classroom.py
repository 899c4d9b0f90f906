"""Judges what a student or a class handed in, one process per answer."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tinyalex.learn.grader import class_folder, hand_ins, process
from tinyalex.learn.grader.hand_ins import Submission
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.notebook_code import is_notebook
from tinyalex.learn.grader.process import Limits
from tinyalex.learn.grader.results import Graded
from tinyalex.learn.grader.spec import Exercise
from tinyalex.learn.grader.verdict import AnswerError, Outcome, Verdict

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
) -> Iterator[Graded]:
    """Judge submissions, in order, ``workers`` at a time; a file cannot stop the others."""

    def judge(submission: Submission) -> Graded:
        try:
            verdict = _verdict(submission, seed, limits)
        except Exception as error:  # the machine's fault: no process, no disk
            what = f"{type(error).__name__}: {error}"
            verdict = Verdict.of(submission.exercise, Outcome.GRADER, what)
        return Graded(submission, verdict)

    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(judge, submissions)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            process.stop_all()
            raise


def _verdict(submission: Submission, seed: int, limits: Limits | None) -> Verdict:
    """Judge a private copy of the answer: a file in no archive and without neighbours."""
    exercise, path = submission.exercise, submission.path
    if path is None:
        what = f"there is no file {exercise.name}.py"
        what += f"; {submission.note}" if submission.note else ""
        return Verdict.of(exercise, Outcome.ABSENT, what)
    file = submission.file or File(path.name, path)
    notes = [submission.note] if submission.note else []
    try:
        content = file.content()
    except AnswerError as error:
        return Verdict.of(exercise, error.outcome, error.what).with_notes(notes)
    with tempfile.TemporaryDirectory(prefix="answer-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / _plain_name(file.name, exercise)
        copy.write_bytes(content)
        return process.grade(copy, exercise, seed=seed, limits=limits).with_notes(notes)


def _plain_name(name: str, exercise: Exercise) -> str:
    """The name of the copy; messages show it."""
    stem = name.rpartition(".")[0] or name
    ending = ".ipynb" if is_notebook(name) else ".py"
    return f"{stem if _PLAIN_NAME.fullmatch(stem) else exercise.name}{ending}"
