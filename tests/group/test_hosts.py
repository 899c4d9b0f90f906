"""Workers on two hosts, each with an address and a host name of its own, over TCP."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.group.hosts import Hosts
from tests.group.ranks import processes, wait_for
from tests.processes import environment
from tinyalex.runs.checkpoint import load_checkpoint

pytest.importorskip("mpi4py")
pytestmark = pytest.mark.slow

TRAIN = (sys.executable, "-m", "tinyalex", "train", "--backend", "numpy", "--threads", "1")
TRAIN += ("--quiet", "--shards", "4")


@pytest.fixture
def hosts(tmp_path: Path, no_process_left: None) -> Iterator[Hosts]:
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(Hosts(tmp_path))
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            pytest.skip(f"no network namespaces can be made here ({error})")
        yield made


def start(hosts: Hosts, folder: Path, *words: object) -> subprocess.Popen[str]:
    """Two workers, one on each host."""
    from tinyalex.group.launch import find_mpiexec

    mpiexec = [find_mpiexec(), "-launcher", "ssh", "-launcher-exec", str(hosts.shell)]
    mpiexec += ["-hosts", ",".join(hosts.addresses), "-n", "2"]
    return subprocess.Popen(
        [str(hosts.shell), hosts.addresses[0], *mpiexec, *TRAIN, *map(str, words)],
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_hosts_train_together_and_end_with_the_bytes_of_one(
    hosts: Hosts, tmp_path: Path
) -> None:
    options = ("--epochs", 1)
    one_worker = [*TRAIN, *map(str, options), "--out", "one"]
    subprocess.run(one_worker, cwd=tmp_path, env=environment(), check=True)
    before = hosts.sent()
    out, error = start(hosts, tmp_path, *options, "--out", "two").communicate(timeout=120)
    assert (out, error) == ("two\n", "")
    one, two = (
        (tmp_path / name / "checkpoint.safetensors").read_bytes() for name in ("one", "two")
    )
    assert one == two
    # Half of the 60,106 gradients and half of the sums, in each of 45 steps.
    assert hosts.sent() - before > 45 * 60_106 * 4


def test_both_hosts_end_when_the_link_is_cut(hosts: Hosts, tmp_path: Path) -> None:
    process = start(hosts, tmp_path, "--epochs", 5000, "--timeout", 5, "--out", "run")
    metrics = tmp_path / "run" / "metrics.jsonl"
    wait_for(lambda: metrics.exists() and '"step"' in metrics.read_text())
    hosts.cut()
    _, error = process.communicate(timeout=60)
    assert process.returncode != 0
    name = hosts.names[1]
    assert error.count("error: ") == 1
    assert f"error: rank 1 on {name} is stopped or cannot be reached: silent for 5 se" in error
    wait_for(lambda: not list(processes(tmp_path)))
    assert load_checkpoint(tmp_path / "run").state["epoch"] >= 0
