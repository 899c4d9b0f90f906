"""Plant one bug after the other into a copy of the package and see the tests fail.

    python -m tests.mutants [-n WORKERS] [-k PART_OF_A_NAME]

First the named tests must pass on the package as it is. Then each planted bug must make at least
one of its own tests fail; a test that cannot even be collected does not count. Exits with 1 when
a bug went unnoticed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mutants.planted import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
PASSED, FAILED = 0, 1  # exit codes of pytest; others mean that no test could be run
TIMED_OUT = -1
SECONDS = 300  # for one bug's tests, which take a few; a bug that makes them hang is not caught


def copy_house(to: Path) -> Path:
    """Copy what tests need: package, lessons, tests, documents, settings."""
    junk = shutil.ignore_patterns("__pycache__", ".hypothesis", ".pytest_cache")
    for name in ("tinyalex", "lessons", "tests", "docs"):
        shutil.copytree(ROOT / name, to / name, ignore=junk)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, to)
    return to


def run_tests(
    house: Path,
    tests: Iterable[str],
    further: Iterable[tuple[str, str]] = (),
    timeout: int | None = None,
) -> tuple[int, str]:
    """Run tests in a house, with further variables set; stops at the first that fails."""
    environment = os.environ | {
        "HYPOTHESIS_PROFILE": "ci",
        "OMP_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(house),
        "TINYALEX_TEST_BACKENDS": "numpy",  # nothing to compile, where a bug is not about that
    }
    environment |= dict(further)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment.pop("CI", None)  # there pytest draws long differences in full, which takes minutes
    try:
        done = subprocess.run(
            command,
            cwd=house,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return TIMED_OUT, f"the tests ran for more than {timeout} s"
    return done.returncode, done.stdout + done.stderr


def plant(house: Path, mutant: Mutant) -> None:
    """Write the bug into a house."""
    path = house / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.name}: its old text is not in {mutant.file} exactly once")
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")


def hunt(mutant: Mutant) -> tuple[str, str]:
    """Plant one bug; returns the verdict, and the output of the tests if they did not catch it."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        house = copy_house(Path(folder))
        plant(house, mutant)
        code, output = run_tests(house, mutant.tests, mutant.environment, SECONDS)
    if code == FAILED:
        return "caught", ""
    return ("NOT CAUGHT" if code == PASSED else f"NO TEST RAN (pytest {code})"), output


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("-n", type=int, default=os.cpu_count() or 1, help="bugs at a time")
    parser.add_argument("-k", default="", help="only bugs whose name contains this")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.k in mutant.name]
    started = time.perf_counter()

    with tempfile.TemporaryDirectory(prefix="no-mutant-") as folder:
        house = copy_house(Path(folder))
        for further in dict.fromkeys(mutant.environment for mutant in chosen):
            alike = [mutant for mutant in chosen if mutant.environment == further]
            tests = dict.fromkeys(test for mutant in alike for test in mutant.tests)
            code, output = run_tests(house, tests, further)
            if code != PASSED:
                print(output)
                print("the tests must pass before bugs are planted")
                return 1

    missed = []
    with ThreadPoolExecutor(options.n) as workers:
        for mutant, (verdict, output) in zip(chosen, workers.map(hunt, chosen), strict=True):
            print(f"{verdict:<10}  {mutant.name}", flush=True)
            if verdict != "caught":
                print(output)
                missed.append(mutant.name)
    seconds = time.perf_counter() - started
    print(f"{len(chosen) - len(missed)} of {len(chosen)} planted bugs caught in {seconds:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
