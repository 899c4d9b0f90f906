"""Judges a student's file in this process.

The same file and the same seed give the same verdict, byte for byte.
"""

from __future__ import annotations

import contextlib
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
from hypothesis.errors import Flaky, Unsatisfiable, UnsatisfiedAssumption
from hypothesis.internal.conjecture import providers

from tinyalex.learn.grader import guard as guarding
from tinyalex.learn.grader import reading, showing
from tinyalex.learn.grader.answer import StudentAnswer, check_signature
from tinyalex.learn.grader.guard import Guard
from tinyalex.learn.grader.spec import Broken, Exercise, Property
from tinyalex.learn.grader.verdict import AnswerError, Outcome, Verdict
from tinyalex.learn.places import exercises_folder

# Added to the seed for NumPy's global random numbers, so that repeated calls find another state
# than the first calls, which Hypothesis seeds.
SEED_OFFSET = 12345
# Outcomes for which the property's hints do not help.
NO_HINT = {Outcome.NOT_WRITTEN, Outcome.GRADER, Outcome.FORBIDDEN, Outcome.MEMORY, Outcome.TIME}


@dataclass
class Progress:
    """What the grader is doing; another thread may read it."""

    held: list[str] = field(default_factory=list)
    running: Property | None = None
    arguments: Mapping[str, Any] | None = None
    answer: StudentAnswer | None = None


def examine(
    exercise: Exercise,
    path: Path,
    *,
    seed: int = 0,
    reference: Path | None = None,
    shrink: bool = True,
    progress: Progress | None = None,
    announce: Callable[[Progress], None] = lambda _: None,
) -> Verdict:
    """Judge an answer in this process, without a time limit.

    Parameters
    ----------
    exercise : Exercise
    path : Path
        The student's file.
    seed : int
        Seed of the inputs.
    reference : Path, optional
        The stub, or another file that declares the same; only its signatures are used.
    shrink : bool
        Look for the smallest input that fails; otherwise show the first.
    progress : Progress, optional
        Updated while the answer is judged.
    announce : callable
        Called with it at the beginning of each property.
    """
    progress = progress if progress is not None else Progress()
    reference = reference or exercises_folder() / f"{exercise.name}.py"
    guarding.install()
    guard = Guard(exercise, path)
    try:
        answer = _load(exercise, path, reference, guard, progress)
        for prop in exercise.properties:
            progress.running, progress.arguments = prop, None
            announce(progress)
            if failure := _judge(prop, answer, seed, shrink, progress):
                verdict = _verdict(exercise, progress, *failure)
                return verdict.with_notes(guard.prints.notes())
            progress.held.append(prop.name)
        progress.running = None
        return _verdict(exercise, progress).with_notes(guard.prints.notes())
    except AnswerError as error:
        return _verdict(exercise, progress, error).with_notes(guard.prints.notes())
    finally:
        guard.close()
        sys.modules.pop(_module_name(exercise), None)


def _module_name(exercise: Exercise) -> str:
    return f"answer_to_{exercise.name}"


def _load(
    exercise: Exercise, path: Path, reference: Path, guard: Guard, progress: Progress
) -> StudentAnswer:
    """Run a student's file as a module with a unique name, and find its functions."""
    source = reading.read(path)
    tree = reading.parse(source, path.name)
    reading.scan(tree, exercise, source)
    declared = reading.signatures(reference)
    module = types.ModuleType(_module_name(exercise))
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and others look up their module there
    module.__dict__["__builtins__"] = guard.builtins()
    lines = source.decode("utf-8", "replace").splitlines()
    wanted = {name: declared[name] for name in exercise.functions}
    progress.answer = StudentAnswer(module, {}, guard, lines)
    try:
        with guard:
            exec(compile(tree, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException as raised:
        guard.check()
        error = progress.answer.explain(raised, "reading the file")
        if isinstance(raised, ImportError):
            error.outcome, error.what = Outcome.IMPORT, str(raised)
        raise error from None
    guard.check()
    for signature in wanted.values():
        check_signature(module, signature)
    progress.answer = StudentAnswer(module, wanted, guard, lines)
    return progress.answer


def _judge(
    prop: Property, answer: StudentAnswer, seed: int, shrink: bool, progress: Progress
) -> tuple[AnswerError, Mapping[str, Any] | None] | None:
    """Look for an input on which a property fails; return what is wrong, and the input."""
    judged = 0
    failing: Mapping[str, Any] = {}

    def attempt(arguments: dict[str, Any]) -> None:
        nonlocal judged, failing
        progress.arguments = arguments
        try:
            prop.judge(answer, arguments)
        except UnsatisfiedAssumption:
            raise
        except Exception:
            failing = arguments
            raise
        judged += 1

    answer.forget()
    random.seed(seed + SEED_OFFSET)
    np.random.seed((seed + SEED_OFFSET) % 2**32)
    try:
        with _reproducible_draws(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            hypothesis.seed(seed)(_settings(prop, shrink)(hypothesis.given(prop.given)(attempt)))()
        answer.repeat()
    except Flaky:
        unstable = AnswerError(Outcome.STATE, "the same input passed once and failed once")
        unstable.hint = "Does the file keep something between calls, or draw random numbers?"
        unstable = _repeat(answer) or unstable
        return unstable, unstable.arguments or failing
    except AnswerError as error:
        return error, error.arguments
    except Broken as broken:
        if state := _repeat(answer):
            return state, state.arguments
        wrong = AnswerError(Outcome.BROKEN, broken.what)
        wrong.compare = showing.compare(broken.expected, broken.got)
        return wrong, failing
    except MemoryError:
        return AnswerError(Outcome.MEMORY, "no memory is left for the grader"), failing
    except Unsatisfiable:
        pass  # nothing was judged; see below
    except Exception as raised:
        what = f"the grader cannot use the result: {type(raised).__name__}: {raised}"
        return AnswerError(Outcome.BROKEN, what), failing
    if not judged:
        return AnswerError(Outcome.GRADER, "no input was judged; tell your teacher"), None
    return None


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


def _verdict(
    exercise: Exercise,
    progress: Progress,
    error: AnswerError | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Verdict:
    verdict = replace(Verdict.of(exercise, Outcome.PASSED), held=tuple(progress.held))
    if progress.running is not None:
        verdict = replace(verdict, broken=progress.running.name, says=progress.running.says)
    if error is None:
        return verdict
    hints: tuple[str, ...] = ()
    if error.hint:
        hints = (error.hint,)
    elif progress.running is not None and error.outcome not in NO_HINT:
        hints = progress.running.hints
    if error.outcome is Outcome.NOT_WRITTEN:
        arguments = None
    return replace(
        verdict,
        outcome=error.outcome,
        what=error.what,
        code=error.code,
        case=showing.describe(arguments) if arguments else (),
        compare=error.compare,
        hints=hints,
    )


def stopped(exercise: Exercise, progress: Progress, error: AnswerError) -> Verdict:
    """The verdict on an answer that was stopped while it was judged."""
    return _verdict(exercise, progress, error, progress.arguments)
