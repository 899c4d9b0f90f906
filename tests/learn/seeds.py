"""The long run: many seeds for every right and every wrong answer.

    python -m tests.learn.seeds [--seeds 200] [--wrong-seeds 20] [-k TEXT] [--log FILE]

Right answers must pass with every seed. Wrong answers must fail with every seed, by the property
that is meant to catch them. The exit code is 1 if one of them does not.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numpy as np

from tests.learn.wrong import all_wrong
from tests.learn.wrong.judging import exercise_of, solution_of, verdict_on
from tinyalex.learn.exercises import all_exercises
from tinyalex.learn.grader.examine import grade


def right(text: str, seeds: int) -> Iterator[tuple[str, bool]]:
    """Every reference solution: its time, and each seed."""
    for exercise in all_exercises():
        if text not in exercise.name:
            continue
        started = time.perf_counter()
        verdicts = [grade(solution_of(exercise), exercise, seed=seed) for seed in range(seeds)]
        seconds = (time.perf_counter() - started) / seeds
        passed = sum(verdict.passed for verdict in verdicts)
        good = passed == seeds
        result = f"passes with {passed} of {seeds} seeds; graded in {seconds:.1f} s"
        yield f"{exercise.name:<28} {result}", good
        for seed, verdict in enumerate(verdicts):
            if not verdict.passed:
                yield f"    seed {seed}: {verdict.broken}: {verdict.what}", False


def wrong(text: str, seeds: int) -> Iterator[tuple[str, bool]]:
    """Every wrong answer."""
    with tempfile.TemporaryDirectory() as folder:
        for module, answer in all_wrong():
            if text not in exercise_of(module).name:
                continue
            verdicts = [verdict_on(module, answer, Path(folder), seed) for seed in range(seeds)]
            rejected = sum(not verdict.passed for verdict in verdicts)
            intended = sum(verdict.broken == answer.caught_by for verdict in verdicts)
            result = f"rejected {rejected}, by {answer.caught_by!r} {intended}, of {seeds} seeds"
            yield f"{module}: {answer.name:<44} {result}", rejected == intended == seeds


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.learn.seeds")
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--wrong-seeds", type=int, default=20)
    parser.add_argument("-k", default="", help="only exercises whose name contains this")
    parser.add_argument("--log", type=Path, help="also write the output to this file")
    options = parser.parse_args()
    words = f"--seeds {options.seeds} --wrong-seeds {options.wrong_seeds}"
    lines = [
        f"python -m tests.learn.seeds {words}" + (f" -k {options.k}" if options.k else ""),
        f"Python {platform.python_version()}, NumPy {np.__version__}, "
        f"Hypothesis {hypothesis.__version__}, {platform.machine()} {platform.system()}",
    ]
    print("\n".join(lines), flush=True)
    bad = 0
    for results in (right(options.k, options.seeds), wrong(options.k, options.wrong_seeds)):
        for line, good in results:
            lines.append(line if good else f"{line}   <-- WRONG")
            print(lines[-1], flush=True)
            bad += not good
    lines.append(f"{bad} lines are wrong" if bad else "all as expected")
    print(lines[-1])
    if options.log:
        options.log.parent.mkdir(parents=True, exist_ok=True)
        options.log.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
