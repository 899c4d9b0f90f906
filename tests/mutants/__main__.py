"""Plant one bug after the other into a copy of the package and see the tests fail.

    python -m tests.mutants [-n PROCESSES] [-k PART_OF_A_NAME] [--one-of DAYS] [--all]

Runs the bugs whose proof no longer holds (the bug, its tests, or a file that has a part in them
has changed since it was caught), and one in 25 of the others, other ones each day. With
``--one-of 3`` a bug that was caught before is run again within three days. ``--all`` runs every
bug. First the tests must pass on the package as it is. Then each planted bug must make
at least one of its own tests fail; a test that cannot even be collected does not count. Exits with
1 when a bug went unnoticed. What was caught goes into proofs.json.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import proofs, warm
from tests.mutants.house import House
from tests.mutants.mutant import Mutant
from tests.mutants.planted import MUTANTS

DAYS = 25  # in which every bug is run once, even if nothing changes; CI plants every sixth day
SECONDS = 300  # for one bug's tests, which take a few; a bug that makes them hang is not caught
TIMED_OUT = -1
POLL = 0.01  # s

Environment = tuple[tuple[str, str], ...]


@dataclass
class Job:
    """Tests to run, with a bug or without one."""

    tests: tuple[str, ...]
    environment: Environment = ()
    mutant: Mutant | None = None
    code: int = TIMED_OUT
    caught_by: str = ""
    output: str = ""


@dataclass
class Running:
    """A job at work."""

    job: Job
    process: int
    until: float
    stack: ExitStack


class Slot:
    """A place where one job after the other runs."""

    def __init__(self, folder: Path) -> None:
        self.house = House(folder)
        self.output = folder / "output.txt"
        self.running: Running | None = None

    def start(self, job: Job, at: int) -> None:
        stack = ExitStack()
        environment = dict(job.environment)
        if job.mutant:
            stack.enter_context(self.house.planted(job.mutant, at))
            if job.mutant.file.startswith("tinyalex/backends/"):
                # Numba keeps what it compiled although a function that went into it has changed.
                cache = stack.enter_context(tempfile.TemporaryDirectory())
                environment["NUMBA_CACHE_DIR"] = cache
        process = warm.start(self.house.folder, job.tests, environment, self.output)
        self.running = Running(job, process, time.monotonic() + SECONDS, stack)

    def done(self) -> Job | None:
        """The job, if it has ended or has had its time."""
        if (running := self.running) is None:
            return None
        ended, status = os.waitpid(running.process, os.WNOHANG)
        if not ended and time.monotonic() < running.until:
            return None
        warm.end(running.process)
        if ended:
            running.job.code = os.waitstatus_to_exitcode(status)
        else:
            os.waitpid(running.process, 0)
        running.stack.close()
        running.job.caught_by = warm.caught_by(self.output)
        running.job.output = self.output.read_text(encoding="utf-8", errors="replace")
        self.running = None
        return running.job


def run(jobs: list[Job], slots: list[Slot], told: Callable[[Job], None]) -> None:
    """Run all jobs, as many at a time as there are slots."""
    waiting = list(enumerate(jobs, start=1))[::-1]
    while waiting or any(slot.running for slot in slots):
        for slot in slots:
            if job := slot.done():
                told(job)
            if waiting and slot.running is None:
                at, job = waiting.pop()
                slot.start(job, at)
        time.sleep(POLL)


def without_bugs(mutants: list[Mutant]) -> Iterator[Job]:
    """The tests of some bugs, each once: a job for each file and environment."""
    groups: dict[tuple[str, Environment], dict[str, None]] = {}
    for mutant in mutants:
        for test in mutant.tests:
            groups.setdefault((test.partition("::")[0], mutant.environment), {})[test] = None
    for (_, environment), tests in groups.items():
        yield Job(tuple(tests), environment)


def due(mutants: list[Mutant], known: proofs.Proofs, today: int, one_of: int = 1) -> list[Mutant]:
    """Bugs that were never caught, today's part of those whose proof has ended, and of the rest."""

    def days(mutant: Mutant) -> int:
        if mutant.name not in known:
            return 1
        return DAYS if proofs.holds(mutant, known) else one_of

    return [one for one in mutants if (zlib.crc32(one.name.encode()) - today) % days(one) == 0]


def choose(part: str, every: bool, one_of: int) -> list[Mutant]:
    """What to run; says what is left out, and why."""
    found = [mutant for mutant in MUTANTS if part in mutant.name]
    here = [mutant for mutant in found if all(map(importlib.util.find_spec, mutant.needs))]
    for mutant in found:
        if mutant not in here:
            print(f"left out    {mutant.name}: needs {', '.join(mutant.needs)}")
    if every or part:
        return here
    today = os.environ.get("TINYALEX_TEST_DAY") or datetime.date.today().toordinal()
    chosen = due(here, proofs.read(), int(today), one_of)
    held = sum(proofs.holds(mutant, proofs.read()) for mutant in here)
    print(f"{held} of {len(here)} proofs hold; {len(chosen)} bugs to run", flush=True)
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("-n", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument(
        "-k", default="", help="only bugs whose name contains this, and all of them"
    )
    parser.add_argument("--one-of", type=int, default=1, help="days in which old bugs are run")
    parser.add_argument("--all", action="store_true", help="every bug, proved or not")
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        parser.error("needs a system that can fork a process, such as Linux or macOS")
    started = time.perf_counter()
    chosen = choose(options.k, options.all, options.one_of)
    warm.warm_up()
    missed: list[Mutant] = []
    caught: dict[Mutant, str] = {}
    broken: list[Job] = []

    def tell_unbugged(job: Job) -> None:
        if job.code != warm.PASSED:
            broken.append(job)
            print(job.output)

    def tell(job: Job) -> None:
        assert job.mutant
        if job.code == warm.FAILED:
            caught[job.mutant] = job.caught_by
            print(f"caught      {job.mutant.name}", flush=True)
            return
        missed.append(job.mutant)
        passed = job.code == warm.PASSED
        print(f"{'NOT CAUGHT' if passed else 'NO TEST RAN'}  {job.mutant.name}")
        print(job.output if passed else f"pytest ended with {job.code}\n{job.output}", flush=True)

    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        places = (Path(folder, str(i)) for i in range(options.n))
        slots = [Slot(place) for place in places if place.mkdir() is None]
        run(list(without_bugs(chosen)), slots, tell_unbugged)
        if broken:
            print("the tests must pass before bugs are planted")
            return 1
        run([Job(one.tests, one.environment, one) for one in chosen], slots, tell)
    proofs.write(proofs.after(proofs.read(), caught, missed))
    seconds = time.perf_counter() - started
    print(f"{len(caught)} of {len(chosen)} planted bugs caught in {seconds:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
