"""Judges a student's file: the properties are judged here, the student's code runs elsewhere.

Nothing that the grader knows (properties, expected values, verdicts) is in the process of the
student's code: it gets the arguments of a call, and sends the result. The same file and the same
seed give the same verdict, byte for byte.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption
from hypothesis.internal.conjecture import providers

from tinyalex.learn.grader import reading, showing
from tinyalex.learn.grader.answer import StudentAnswer
from tinyalex.learn.grader.spec import Arguments, Broken, Exercise, Property, TooSlow
from tinyalex.learn.grader.student_process import Limits
from tinyalex.learn.grader.verdict import AnswerError, Outcome, Stopped, Verdict
from tinyalex.learn.places import exercises_folder

# Added to the seed for the random numbers of Python and NumPy in the student's process.
SEED_OFFSET = 12345
# Outcomes that no input causes, and others for which the property's hints do not help.
NO_CASE = {Outcome.NOT_WRITTEN, Outcome.MISSING, Outcome.SIGNATURE, Outcome.GRADER}
NO_HINT = NO_CASE | {Outcome.FORBIDDEN, Outcome.MEMORY, Outcome.TIME}
_one_at_a_time = threading.Lock()


def grade(
    path: Path,
    exercise: Exercise,
    *,
    seed: int = 0,
    limits: Limits | None = None,
    stub: Path | None = None,
    shrink: bool = True,
    user: tuple[int, int] | None = None,
) -> Verdict:
    """Judge a file; returns a verdict, whatever the file does.

    Parameters
    ----------
    path : Path
        The student's file.
    exercise : Exercise
    seed : int
        Seed of the inputs.
    limits : Limits, optional
    stub : Path, optional
        A file that declares the functions, of an exercise that does not belong to the package.
    shrink : bool
        Look for the smallest input that fails; otherwise show the first.
    user : (int, int), optional
        Numbers of the user and group as which the student's code runs; needs root.
    """
    with _one_at_a_time:
        return Examination(exercise, seed, shrink).of(path, limits or Limits(), stub, user)


class Examination:
    """One file that is being judged.

    Attributes
    ----------
    function, failing : str, and dict or None
        The call that has failed, and its arguments.
    """

    def __init__(self, exercise: Exercise, seed: int = 0, shrink: bool = True) -> None:
        self.exercise, self.seed, self.shrink = exercise, seed, shrink
        self.held: list[str] = []
        self.running: Property | None = None
        self.function = ""
        self.failing: Mapping[str, Any] | None = None

    def of(
        self,
        path: Path,
        limits: Limits | None = None,
        stub: Path | None = None,
        user: tuple[int, int] | None = None,
    ) -> Verdict:
        """The verdict on a file."""
        answer = None
        try:
            answer = self._answer(path, limits or Limits(), stub, user)
            for prop in self.exercise.properties:
                self.running = prop
                fresh = prop.timed or "numba" not in self.exercise.allowed
                answer.begin(fresh, bounds=not prop.timed)
                self.failing = None
                if error := self._judge(prop, answer):
                    return self._verdict(error).with_notes(answer.notes())
                self.held.append(prop.name)
            self.running = None
            return self._verdict().with_notes(answer.notes())
        except Stopped as stopped:
            if not self.held and stopped.error.arguments is None:
                self.running = None  # the file itself cannot be run
            self.function = answer.function if answer else ""
            verdict = self._verdict(self._kept(stopped.error))
            return verdict.with_notes(answer.notes() if answer else ())
        except AnswerError as error:  # before anything ran
            return self._verdict(error)
        except OSError as error:  # no process, no disk
            what = f"{type(error).__name__}: {error}"
            return self._verdict(AnswerError(Outcome.GRADER, what))
        finally:
            if answer is not None:
                answer.end()

    def _answer(
        self, path: Path, limits: Limits, stub: Path | None, user: tuple[int, int] | None
    ) -> StudentAnswer:
        if missing := [name for name in self.exercise.allowed if find_spec(name) is None]:
            what = f"this exercise needs {missing[0]}, which is not installed here"
            raise AnswerError(Outcome.GRADER, f"{what} (try: pip install {missing[0]})")
        source = reading.read(path)
        reading.scan(reading.parse(source, path.name), self.exercise, source)
        return StudentAnswer(
            self.exercise,
            source.decode(),
            f"{self.exercise.name}.py",
            reading.signatures(stub or exercises_folder() / f"{self.exercise.name}.py"),
            limits,
            seed=self.seed + SEED_OFFSET,
            user=user,
        )

    def _judge(self, prop: Property, answer: StudentAnswer) -> AnswerError | None:
        """Look for an input on which a property fails; return what is wrong."""
        judged, judging = 0, False
        cheap = "numba" not in self.exercise.allowed  # a new process need not compile again

        def attempt(arguments: Arguments) -> None:
            nonlocal judged, judging
            judging = True
            try:
                prop.judge(answer, arguments)
            except UnsatisfiedAssumption:
                raise
            except Exception:
                self.function, self.failing = answer.function, answer.last
                raise
            judged, judging = judged + 1, False

        try:
            with _reproducible_draws(), np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                test = _settings(prop, self.shrink)(hypothesis.given(prop.given)(attempt))
                hypothesis.seed(self.seed)(test)()
                if prop.large is not None:
                    attempt(prop.large())
            answer.repeat()
        except Flaky:
            if prop.timed:
                return None  # it was fast enough once; other programs can only slow it down
            unstable = AnswerError(Outcome.STATE, "the same input passed once and failed once")
            unstable.hint = "Does the file keep something between calls, or draw random numbers?"
            return self._kept(_repeat(answer) or unstable)
        except AnswerError as error:
            alone = cheap and error.outcome is Outcome.EXCEPTION
            state = answer.alone(*answer.last_call(), error) if alone else None
            return self._kept(state or error)
        except Broken as broken:
            slow = isinstance(broken, TooSlow)
            last = answer.last_call()
            if not slow and (state := _repeat(answer)):
                return self._kept(state)
            alone = cheap and broken.arguments is None and not slow
            if alone and (state := answer.alone(*last)):
                return self._kept(state)
            wrong = AnswerError(Outcome.SLOW if slow else Outcome.BROKEN, broken.what)
            wrong.compare = showing.compare(broken.expected, broken.got, broken.wrong)
            wrong.hint, wrong.arguments = broken.hint, broken.arguments
            return self._kept(wrong)
        except MemoryError:
            return AnswerError(Outcome.MEMORY, "no memory is left for the grader")
        except Unsatisfiable:
            pass  # nothing was judged; see below
        except Exception as raised:
            text = f"{type(raised).__name__}: {raised}"
            if not judging:
                return AnswerError(Outcome.GRADER, f"an input could not be made: {text}")
            return AnswerError(Outcome.BROKEN, f"the grader cannot use the result: {text}")
        if not judged:
            return AnswerError(Outcome.GRADER, "no input was judged; tell your teacher")
        return None

    def _kept(self, error: AnswerError) -> AnswerError:
        self.failing = error.arguments or self.failing
        return error

    def _verdict(self, error: AnswerError | None = None) -> Verdict:
        verdict = replace(Verdict.of(self.exercise, Outcome.PASSED), held=tuple(self.held))
        if self.running is not None:
            verdict = replace(verdict, broken=self.running.name, says=self.running.says)
        if error is None:
            return verdict
        hints: tuple[str, ...] = ()
        if error.hint:
            hints = (error.hint,)
        elif self.running is not None and error.outcome not in NO_HINT:
            hints = self.running.hints
        failing = None if error.outcome in NO_CASE else self.failing
        return replace(
            verdict,
            outcome=error.outcome,
            what=error.what,
            code=error.code,
            case=showing.describe(failing) if failing else (),
            compare=error.compare,
            hints=hints,
        )


def _settings(prop: Property, shrink: bool) -> hypothesis.settings:
    phases = (hypothesis.Phase.generate, hypothesis.Phase.shrink)
    return hypothesis.settings(
        max_examples=prop.examples,
        derandomize=False,  # the seed makes it reproducible
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        phases=phases if shrink else phases[:1],
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )


def _repeat(answer: StudentAnswer) -> AnswerError | None:
    try:
        answer.repeat()
    except AnswerError as error:
        return error if error.outcome is Outcome.STATE else None
    return None


@contextlib.contextmanager
def _reproducible_draws() -> Iterator[None]:
    """Keep Hypothesis from drawing constants that it finds in the loaded modules."""
    name = "_get_local_constants"
    real = getattr(providers, name, None)
    constants = getattr(providers, "Constants", None)
    if real is None or constants is None:  # another version of Hypothesis
        yield
        return
    setattr(providers, name, constants)
    try:
        yield
    finally:
        setattr(providers, name, real)
