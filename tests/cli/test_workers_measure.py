"""`--workers` of the commands that measure: evaluate, doctor and bench."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.many import TINYALEX, tinyalex
from tinyalex.group import world
from tinyalex.group.launch import find_mpiexec

pytest.importorskip("mpi4py")

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="has not been tried"),
    pytest.mark.usefixtures("no_process_left"),
]


def started_by_mpi(size: int) -> list[str]:
    return [find_mpiexec(), "-n", str(size), *TINYALEX]


# ---------------------------------------------------------------------------------- evaluate


@pytest.mark.parametrize(
    ("crops", "several"), [(1, [2]), pytest.param(10, [2, 4], marks=pytest.mark.slow)]
)
def test_evaluate_says_and_writes_the_same_with_any_number_of_workers(
    call: Any, copy_of_run: Path, crops: int, several: list[int]
) -> None:
    words = ("evaluate", copy_of_run.name, "--backend", "numpy", "--crops", crops, "--json")
    evaluation = copy_of_run / "evaluation.json"
    said, written = {call(*words).stdout}, {evaluation.read_text()}
    for workers in several:
        evaluation.unlink()
        program = TINYALEX if workers == 2 else started_by_mpi(workers)
        done = tinyalex(copy_of_run.parent, *words, "--workers", workers, program=program)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("360 test images, ") == 1
        said.add(done.stdout)
        written.add(evaluation.read_text())
    assert len(said) == len(written) == 1
    assert json.loads(said.pop())["n"] == 360


@pytest.mark.slow
@pytest.mark.parametrize("command", [("evaluate", "run"), ("doctor",)])
def test_another_number_of_workers_than_mpi_started_is_refused_once(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = tinyalex(tmp_path, *command, "--workers", 2, program=started_by_mpi(3))
    assert done.returncode == 2
    assert done.stderr.endswith("error: --workers 2, but MPI started 3\nTry: --workers 3\n")
    assert done.stderr.count("error: ") == 1


@pytest.mark.slow
def test_evaluate_names_a_missing_run_once(tmp_path: Path) -> None:
    done = tinyalex(tmp_path, "evaluate", "gone", "--workers", 2)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("error: gone: not the folder of a run")
    assert done.stderr.count("error: ") == 1


# ---------------------------------------------------------------------------------- doctor

DOCTOR = "import tinyalex.check.doctor.workers as w; w.MODEL = 'tiny'; "
MAIN = "from tinyalex.cli import main; main()"
# Instead of the command it starts workers in which something has been changed.
LAUNCH = "import functools, tinyalex.group.launch as l; "
LAUNCH += "l.launch = functools.partial(l.launch, program=('-c', {!r})); " + MAIN
WRONG_ON_RANK_1 = """
from tinyalex.group.mpi import MpiGroup
right = MpiGroup.sum
MpiGroup.sum = lambda self, *rest: right(self, *rest) + self.rank
"""


def test_doctor_checks_the_workers_and_rank_0_speaks(tmp_path: Path) -> None:
    program = [*started_by_mpi(2)[:3], sys.executable, "-c", DOCTOR + MAIN]
    done = tinyalex(tmp_path, "doctor", "--backend", "numpy", program=program)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rank", "host", "MPI", "backend", "threads", "cores", "GPU"]
    assert [line.split()[0] for line in lines[1:3]] == ["0", "1"]
    for topic in ("MPI", "sum", "link", "efficiency"):
        assert sum(line.startswith(f"ok    {topic}") for line in lines) == 1
    assert lines[-1].startswith("all green: 2 workers, ")


@pytest.mark.slow
def test_doctor_ends_with_1_where_a_sum_is_wrong(tmp_path: Path) -> None:
    program = [sys.executable, "-c", LAUNCH.format(DOCTOR + WRONG_ON_RANK_1 + MAIN)]
    words = ("doctor", "--workers", 2, "--backend", "numpy", "--threads", 5, "--json")
    done = tinyalex(tmp_path, *words, program=program)
    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert document["state"] == "red"
    assert [worker["threads"] for worker in document["workers"]] == [5, 5]
    (red,) = [finding for finding in document["findings"] if finding["state"] == "red"]
    assert red["topic"] == "sum" and red["hint"]
    assert "1 red (2 workers), the first: the sum on rank 1 (" in done.stderr
    assert done.stderr.count("error: ") == 1
    assert "error: the sum on rank 1 (" in done.stderr


def test_doctor_says_what_is_missing(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "find_spec", lambda name: None)
    done = call("doctor", "--workers", 2, "--quiet")
    assert done.exit_code == 1 and done.stderr == ""
    assert "the first: several workers need mpi4py, which is not installed. Try: " in done.stdout


@pytest.mark.slow
def test_doctor_gives_workers_one_backend(tmp_path: Path) -> None:
    words = ("doctor", "--workers", 2, "--backend", "numpy", "--backend", "numba")
    done = tinyalex(tmp_path, *words)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr == "error: --backend: workers have one (got 2)\nTry: --backend numba\n"


# ---------------------------------------------------------------------------------- bench

BENCH = ("bench", "--model", "tiny", "--backend", "numpy", "--batch-size", 6, "--pairs", 3)


@pytest.mark.slow
def test_bench_compares_workers_with_one(tmp_path: Path) -> None:
    done = tinyalex(tmp_path, *BENCH, "--workers", 2, "--workers", 3, "--json")
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout)["results"]
    assert [each["workers"] for each in results] == [1, 2, 3]
    assert {each["batch_size"] for each in results} == {6}
    assert len({each["threads"] for each in results}) == 1
    for each in results:
        assert each["seconds_per_batch"]["n"] == 3 and each["images_per_second"]["median"] > 0
        assert each["efficiency"] * each["workers"] == pytest.approx(each["speedup"])
        assert (each["workers"] == 1 or 0 < each["waiting"] < 1) and each["waiting"] < 1
    rows = [line.split()[:2] for line in done.stderr.splitlines()[-5:-2]]
    assert rows == [[str(each["workers"]), str(each["threads"])] for each in results]


@pytest.mark.slow
def test_bench_measures_the_workers_that_mpi_has_started(tmp_path: Path) -> None:
    done = tinyalex(tmp_path, *BENCH, "--workers", 2, "--quiet", program=started_by_mpi(2))
    assert done.returncode == 0, done.stderr
    workers, images_per_second = done.stdout.split()
    assert workers == "2" and float(images_per_second) > 0


@pytest.mark.slow
def test_bench_ends_with_the_error_of_a_worker(tmp_path: Path) -> None:
    fail = "import tinyalex.check.bench.scaling as s; s.Step = lambda *_: {}['no such key']; "
    program = [sys.executable, "-c", LAUNCH.format(fail + MAIN)]
    done = tinyalex(tmp_path, *BENCH, "--workers", 2, program=program)
    assert done.returncode != 0 and done.stdout == ""
    assert "KeyError: 'no such key'" in done.stderr
