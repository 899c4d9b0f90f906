"""A student's files, loaded into this process."""

from __future__ import annotations

import contextlib
import hashlib
import sys
import types
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tinyalex.errors import TinyalexError
from tinyalex.learn.grader import source
from tinyalex.learn.grader.hand_ins import Submission
from tinyalex.learn.grader.inventory import File
from tinyalex.learn.grader.verdict import AnswerError


class OwnError(TinyalexError, RuntimeError):
    """A student's function raises, or returns what the network cannot use."""


@dataclass(frozen=True)
class OwnAnswer:
    """A file that answers an exercise.

    Attributes
    ----------
    exercise : str
    path : Path
    source : bytes
        Its Python code.
    """

    exercise: str
    path: Path
    source: bytes

    @cached_property
    def sha256(self) -> str:
        """Of the code, in hex."""
        return hashlib.sha256(self.source).hexdigest()

    @cached_property
    def lines(self) -> list[str]:
        return self.source.decode("utf-8", "replace").splitlines()

    @cached_property
    def module(self) -> types.ModuleType:
        """The file as a module; it runs at the first use."""
        module = types.ModuleType(f"own_{self.exercise}")
        module.__file__ = str(self.path)
        sys.modules[module.__name__] = module  # dataclasses look up their module there
        try:
            code = compile(self.source, str(self.path), "exec", dont_inherit=True)
            exec(code, module.__dict__)
        except Exception as error:
            raise OwnError(
                f"{self.path}: cannot be loaded: {type(error).__name__}: {error}",
                f"tinyalex exercise check {self.path}",
            ) from None
        return module

    def function(self, name: str) -> Any:
        """One of the functions that the exercise asks for."""
        try:
            return getattr(self.module, name)
        except AttributeError:
            raise OwnError(
                f"{self.path}: does not define {name}", f"tinyalex exercise check {self.path}"
            ) from None

    def line(self, number: int) -> str:
        """``line 12: the line's text``."""
        text = self.lines[number - 1].strip()[:100] if 0 < number <= len(self.lines) else ""
        return f"line {number}: {text}"


def read_answers(submissions: Iterable[Submission]) -> dict[str, OwnAnswer]:
    """The code of the files that were handed in, by exercise; of several, the first that counts.

    Files that cannot be read are left out: the grader says why.
    """
    answers: dict[str, OwnAnswer] = {}
    for submission in submissions:
        name = submission.exercise.name
        if submission.path is None or name in answers:
            continue
        with contextlib.suppress(OSError, AnswerError):
            file = submission.file or File(submission.path.name, submission.path)
            code = source.python_of(file.content(), file.name)
            answers[name] = OwnAnswer(name, submission.path, code)
    return answers
