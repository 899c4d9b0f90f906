"""Judges a student's file in this process: the part of the grader that the child runs.

Same file, same seed: same verdict, byte for byte.
"""

from __future__ import annotations

import contextlib
import random
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
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
from tinyalex.learn.grader.verdict import Outcome, Told, Verdict
from tinyalex.learn.places import solutions_folder

# Where the common random numbers stand when calls are made again: not where Hypothesis puts them.
ELSEWHERE = 12345
# A property's hints say nothing about these.
NO_HINT = {Outcome.NOT_WRITTEN, Outcome.GRADER, Outcome.FORBIDDEN, Outcome.MEMORY, Outcome.TIME}


@dataclass
class Progress:
    """What is being done at this moment; a watching thread may read it."""

    held: list[str] = field(default_factory=list)
    running: Property | None = None
    arguments: Mapping[str, Any] | None = None
    answer: StudentAnswer | None = None


def examine(
    exercise: Exercise,
    path: Path,
    *,
    seed: int = 0,
    source: bytes | None = None,
    reference: Path | None = None,
    shrink: bool = True,
    progress: Progress | None = None,
    announce: Callable[[Progress], None] = lambda _: None,
) -> Verdict:
    """Judge an answer, in this process: nothing ends a loop that has no end.

    Parameters
    ----------
    exercise : Exercise
    path : Path
        The student's file.
    seed : int
        Draws the inputs.
    source : bytes, optional
        What the file holds, where it is not to be read.
    reference : Path, optional
        The reference solution, read for its signatures only.
    shrink : bool
        Look for the smallest input on which a property fails; otherwise take the first.
    progress : Progress, optional
        Kept up to date.
    announce : callable
        Called with it when a property begins.
    """
    progress = progress if progress is not None else Progress()
    reference = reference or solutions_folder() / f"{exercise.name}.py"
    guarding.install()
    guard = Guard(exercise, path)
    try:
        source = reading.read(path) if source is None else source
        answer = _load(exercise, path, source, reference, guard, progress)
        for one in exercise.properties:
            progress.running, progress.arguments = one, None
            announce(progress)
            if broken := _judge(one, answer, seed, shrink, progress):
                verdict = _verdict(exercise, progress, *broken)
                return verdict.with_notes(guard.prints.notes())
            progress.held.append(one.name)
        progress.running = None
        return _verdict(exercise, progress).with_notes(guard.prints.notes())
    except Told as told:
        return _verdict(exercise, progress, told).with_notes(guard.prints.notes())
    finally:
        guard.close()
        sys.modules.pop(_module_name(exercise), None)


def _module_name(exercise: Exercise) -> str:
    return f"answer_to_{exercise.name}"


def _load(
    exercise: Exercise,
    path: Path,
    source: bytes,
    reference: Path,
    guard: Guard,
    progress: Progress,
) -> StudentAnswer:
    """Run a student's file, under a name that no other module has, and look for its functions."""
    tree = reading.parse(source, path.name)
    reading.scan(tree, exercise, source)
    declared = reading.signatures(reference)
    module = types.ModuleType(_module_name(exercise))
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and others look themselves up there
    module.__dict__["__builtins__"] = guard.builtins()
    lines = source.decode("utf-8", "replace").splitlines()
    wanted = {name: declared[name] for name in exercise.functions}
    progress.answer = StudentAnswer(module, {}, guard, lines)
    try:
        with guard:
            exec(compile(tree, str(path), "exec", dont_inherit=True), module.__dict__)
    except BaseException as error:
        guard.check()
        told = progress.answer.told(error, "reading the file")
        if isinstance(error, ImportError):
            told.outcome, told.what = Outcome.IMPORT, str(error)
        raise told from None
    guard.check()
    for signature in wanted.values():
        check_signature(module, signature)
    progress.answer = StudentAnswer(module, wanted, guard, lines)
    return progress.answer


def _judge(
    one: Property, answer: StudentAnswer, seed: int, shrink: bool, progress: Progress
) -> tuple[Told, Mapping[str, Any] | None] | None:
    """Look for an input on which a property fails; returns what is wrong, and the input."""
    judged = 0
    last: Mapping[str, Any] = {}

    def attempt(arguments: dict[str, Any]) -> None:
        nonlocal judged, last
        progress.arguments = arguments
        try:
            one.judge(answer, arguments)
        except UnsatisfiedAssumption:
            raise
        except Exception:
            last = arguments
            raise
        judged += 1

    answer.forget()
    random.seed(seed + ELSEWHERE)
    np.random.seed((seed + ELSEWHERE) % 2**32)
    try:
        with _one_source_of_draws(), np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            hypothesis.seed(seed)(_settings(one, shrink)(hypothesis.given(one.given)(attempt)))()
        answer.repeat()
    except Flaky:
        unstable = _unstable(answer)
        return unstable, unstable.arguments or last
    except Told as told:
        return told, told.arguments
    except Broken as broken:
        if state := _repeat(answer):
            return state, state.arguments
        wrong = Told(Outcome.BROKEN, broken.what)
        wrong.compare = showing.compare(broken.expected, broken.got)
        return wrong, last
    except MemoryError:
        return Told(Outcome.MEMORY, "the answer leaves no memory to judge it"), last
    except Unsatisfiable:
        pass  # nothing was judged; see below
    except Exception as error:
        what = f"what the answer returns cannot be used: {type(error).__name__}: {error}"
        return Told(Outcome.BROKEN, what), last
    if not judged:
        return Told(Outcome.GRADER, "no input was judged; tell your teacher"), None
    return None


def _settings(one: Property, shrink: bool) -> hypothesis.settings:
    phases = (hypothesis.Phase.generate, hypothesis.Phase.shrink)
    return hypothesis.settings(
        max_examples=one.examples,
        derandomize=False,  # the seed does that
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        print_blob=False,
        phases=phases if shrink else phases[:1],
        suppress_health_check=list(hypothesis.HealthCheck),
        verbosity=hypothesis.Verbosity.quiet,
    )


def _repeat(answer: StudentAnswer) -> Told | None:
    try:
        answer.repeat()
    except Told as told:
        return told if told.outcome is Outcome.STATE else None
    return None


def _unstable(answer: StudentAnswer) -> Told:
    told = Told(Outcome.STATE, "the same input was right once and wrong once")
    told.hint = "does the file keep something between calls, or draw random numbers of its own?"
    return _repeat(answer) or told


@contextlib.contextmanager
def _one_source_of_draws() -> Iterator[None]:
    """Keep Hypothesis from drawing numbers that it finds in whatever modules are loaded."""
    name = "_get_local_constants"
    real = getattr(providers, name, None)
    constants = getattr(providers, "Constants", None)
    if real is None or constants is None:  # another version, which may not look for them
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
    told: Told | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Verdict:
    running = progress.running
    hints = running.hints if running is not None and told is not None else ()
    if told is not None and told.hint:
        hints = (told.hint,)
    elif told is not None and told.outcome in NO_HINT:
        hints = ()
    if told is not None and told.outcome is Outcome.NOT_WRITTEN:
        arguments = None
    return Verdict(
        exercise=exercise.name,
        title=exercise.title,
        outcome=told.outcome if told is not None else Outcome.PASSED,
        properties=tuple(one.name for one in exercise.properties),
        held=tuple(progress.held),
        broken=running.name if running is not None else "",
        says=running.says if running is not None else "",
        what=told.what if told is not None else "",
        code=told.code if told is not None else (),
        case=showing.describe(arguments) if arguments else (),
        compare=told.compare if told is not None else (),
        hints=hints,
    )


def stopped(exercise: Exercise, progress: Progress, told: Told) -> Verdict:
    """The verdict on an answer that was stopped in the middle of what ``progress`` says."""
    return _verdict(exercise, progress, told, progress.arguments)
