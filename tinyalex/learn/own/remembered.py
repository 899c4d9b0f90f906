"""What a student's folder remembers: verdicts on the files as they were, and milestones reached.

A verdict is valid for one version of a file, one seed and one version of tinyalex; a milestone for
the versions of all answers that it used. `tinyalex exercise check` never trusts this file: it
always judges.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tinyalex
from tinyalex import files
from tinyalex.errors import ConfigError
from tinyalex.learn.grader.classroom import Graded, Submission, grade_all
from tinyalex.learn.grader.verdict import Outcome, Verdict
from tinyalex.learn.own.answers import OwnAnswer, read_answers
from tinyalex.typed import fields, list_of, map_of, one_of, read_json, text, whole

FILE = ".tinyalex-milestones.json"

_HASH = text(64)
_TEXT, _TEXTS = text(100_000), list_of(text(100_000))
_VERDICT = fields(
    {"exercise": _TEXT, "title": _TEXT, "outcome": one_of(*Outcome)},
    dict.fromkeys(("broken", "says", "what"), _TEXT)
    | dict.fromkeys(("properties", "held", "code", "case", "compare", "hints", "notes"), _TEXTS),
)
_ANSWER = fields({"sha256": _HASH, "seed": whole(), "version": text(100), "verdict": _VERDICT})
_MILESTONE = fields({"answers": map_of(_HASH), "result": text(1000)})
_KIND = fields({"answers": map_of(_ANSWER), "milestones": map_of(_MILESTONE)})


@dataclass
class Remembered:
    """The content of a folder's `FILE`.

    Attributes
    ----------
    folder : Path
    answers : dict
        By exercise: hash of the file, seed, version and verdict.
    milestones : dict
        By number as text: hashes of the answers, and the result.
    """

    folder: Path
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    milestones: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Remembered:
        """Read a folder's file; without one, or if it is damaged, nothing is remembered."""
        try:
            content = read_json(folder / FILE, _KIND, ConfigError)
        except (FileNotFoundError, ConfigError):
            return cls(folder)
        return cls(folder, content["answers"], content["milestones"])

    def write(self) -> None:
        """Write the file, in one move.

        Raises
        ------
        ConfigError
            The folder cannot be written.
        """
        content = {
            "what": "remembered by tinyalex exercise; delete it to forget",
            "answers": self.answers,
            "milestones": self.milestones,
        }
        files.write_json(self.folder / FILE, content, ConfigError)

    def verdict(self, answer: OwnAnswer, seed: int = 0) -> Verdict | None:
        """The verdict on exactly this file, if there is one."""
        known = self.answers.get(answer.exercise)
        same = {"sha256": answer.sha256, "seed": seed, "version": tinyalex.__version__}
        if known is None or any(known[name] != value for name, value in same.items()):
            return None
        return Verdict.from_dict(known["verdict"])

    def verdict_before(self, answer: OwnAnswer) -> Verdict | None:
        """The last verdict on an exercise, if it was for another version of this file."""
        known = self.answers.get(answer.exercise)
        if known is None or known["sha256"] == answer.sha256:
            return None
        return Verdict.from_dict(known["verdict"])

    def remember(self, answer: OwnAnswer, verdict: Verdict, seed: int = 0) -> None:
        """Keep a verdict, unless it says something about the machine and not about the file."""
        if verdict.outcome in (Outcome.GRADER, Outcome.ABSENT, Outcome.TIME, Outcome.MEMORY):
            self.answers.pop(answer.exercise, None)
            return
        self.answers[answer.exercise] = {
            "sha256": answer.sha256,
            "seed": seed,
            "version": tinyalex.__version__,
            "verdict": verdict.to_dict(),
        }

    def reach(self, number: int, answers: Mapping[str, OwnAnswer], result: str) -> None:
        """Keep a milestone that was reached with these answers."""
        hashes = {name: answer.sha256 for name, answer in answers.items()}
        self.milestones[str(number)] = {"answers": hashes, "result": result}

    def changed(self, number: int, answers: Mapping[str, OwnAnswer]) -> list[str]:
        """The answers that are not those with which a milestone was reached."""
        hashes = self.milestones[str(number)]["answers"]
        here = {name: answer.sha256 for name, answer in answers.items()}
        return sorted(name for name, known in hashes.items() if here.get(name) != known)


def judge(
    folder: Path,
    submissions: Sequence[Submission],
    *,
    seed: int = 0,
    workers: int = 1,
    changed_too: bool = True,
) -> Generator[tuple[Graded, bool], None, None]:
    """The verdicts on the answers in a folder, each with whether its file has changed since.

    A file that the folder remembers is not judged again. What is judged here is remembered, if the
    folder can be written.

    Parameters
    ----------
    changed_too : bool
        Judge files that have changed; otherwise they keep their old verdict and are marked.
    """
    memory, answers = Remembered.of(folder), read_answers(submissions)
    known: dict[int, tuple[Verdict, bool]] = {}
    for i, submission in enumerate(submissions):
        answer = answers.get(submission.exercise.name)
        if answer is None or answer.path != submission.path:
            continue
        verdict, before = memory.verdict(answer, seed), memory.verdict_before(answer)
        if verdict is not None:
            known[i] = verdict, False
        elif before is not None and not changed_too:
            known[i] = before, True
    new = [submission for i, submission in enumerate(submissions) if i not in known]
    learned = False
    with closing(grade_all(new, seed=seed, workers=workers)) as graded:
        for i, submission in enumerate(submissions):
            if i in known:
                verdict, is_changed = known[i]
                yield Graded(submission, verdict), is_changed
                continue
            result = next(graded)
            answer = answers.get(submission.exercise.name)
            if answer is not None and answer.path == submission.path:
                memory.remember(answer, result.verdict, seed)
                learned = True
            yield result, False
    if learned:
        _write_if_possible(memory)


def refresh(graded: Sequence[Graded], seed: int = 0) -> None:
    """Update the verdicts in folders that remember some; no other folder gets a file."""
    paths = [result.submission.path for result in graded]
    for folder in {path.parent for path in paths if path is not None}:
        if not (folder / FILE).is_file():
            continue
        memory = Remembered.of(folder)
        for result in graded:
            path = result.submission.path
            answer = read_answers([result.submission]).get(result.verdict.exercise)
            if answer is not None and path is not None and path.parent == folder:
                memory.remember(answer, result.verdict, seed)
        _write_if_possible(memory)


def _write_if_possible(memory: Remembered) -> None:
    try:
        memory.write()
    except ConfigError:  # a folder to read only: then the next call judges again
        return
