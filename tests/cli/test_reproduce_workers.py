"""`tinyalex reproduce --workers`: each run of a claim is trained by several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.many import TINYALEX, tinyalex
from tests.cli.test_reproduce import pictures  # noqa: F401 (a fixture)
from tests.group.ranks import wait_for
from tests.processes import environment

pytest.importorskip("mpi4py")

pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
    pytest.mark.usefixtures("no_process_left", "pictures"),
]

CLAIM: tuple[object, ...] = (
    "reproduce",
    "tencrop",
    "--data",
    "pictures",
    "--backend",
    "numpy",
    "--threads",
    1,
)
CLAIM += ("--seeds", 1)


def found(out: Path) -> dict[str, bytes]:
    """All that a claim leaves but times and the folder's own name."""
    files = (path for path in out.rglob("*") if path.suffix in (".safetensors", ".md", ".png"))
    results = [out / "laptop" / "tencrop" / "result.json"]
    return {str(path.relative_to(out)): path.read_bytes() for path in [*files, *results]}


@pytest.mark.slow
def test_two_workers_leave_the_claim_of_one_with_two_shards(tmp_path: Path) -> None:
    for options in ("--shards", 2), ("--workers", 2):
        words = (*CLAIM, "--epochs", 1, *options, "--out", options[0][2:])
        done = tinyalex(tmp_path, *words)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("epoch 1/1") == done.stdout.count("**The paper:**") == 1
    one, two = (found(tmp_path / name) for name in ("shards", "workers"))
    assert one == two and any(name.endswith("checkpoint.safetensors") for name in one)
    result = json.loads(two["laptop/tencrop/result.json"])
    assert result["command"].endswith(" --shards 2") and "workers" not in result["command"]


@pytest.mark.slow
def test_a_claim_that_is_stopped_is_resumed_by_other_workers(tmp_path: Path) -> None:
    claim = (*CLAIM, "--epochs", 30, "--shards", 2)
    whole = tinyalex(tmp_path, *claim, "--out", "whole")
    assert whole.returncode == 0, whole.stderr
    command = [*TINYALEX, *map(str, claim), "--workers", "2", "--out", "cut"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: any('"epoch"' in log.read_text() for log in tmp_path.glob("cut/**/*.jsonl")))
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.endswith(": stopped and saved\nTry: the same command resumes it\n")
    assert error.count("error: ") == 1
    again = tinyalex(tmp_path, *claim, "--out", "cut")
    assert again.returncode == 0, again.stderr
    assert found(tmp_path / "cut") == found(tmp_path / "whole")


@pytest.mark.slow
def test_jobs_do_not_go_together_with_workers(tmp_path: Path) -> None:
    done = tinyalex(tmp_path, *CLAIM, "--workers", 2, "--jobs", 2)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: --jobs 2: 2 workers train one run at a time\nTry: leave out --jobs\n"
    )
