"""Runs trained at the same time, in several processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load_file

from tinyalex import notice, recipes
from tinyalex.errors import DivergedError, RunError
from tinyalex.reproduce import Arm, Lab, Store
from tinyalex.reproduce.arm import Interrupted
from tinyalex.training import Listener


def arm_of(lab: Lab, **changes: object) -> Arm:
    recipe = recipes.get("cifar-80sec")
    return Arm("net", recipe.model, recipe, lab.data_or("cifar10")).with_recipe("net", **changes)


class Dies(Listener):
    """A listener that kills its process after the first epoch."""

    def epoch(self, record: dict[str, object]) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def dies(arm: Arm, seed: int) -> Listener:
    return Dies()


def test_runs_side_by_side_are_the_runs_one_after_the_other(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [told.append])
    arm = arm_of(lab)
    items = [(arm, seed, 1) for seed in (0, 1, 2)]
    one = Store(tmp_path / "one", backend="numpy", threads=1).train_all(items)
    store = Store(tmp_path / "two", backend="numpy", threads=2, jobs=2)
    two = store.train_all(items)
    assert [path.name for path in one] == [path.name for path in two]
    for a, b in zip(one, two, strict=True):
        first, second = (load_file(run / "checkpoint.safetensors") for run in (a, b))
        assert first.keys() == second.keys()
        assert all(first[name].tobytes() == second[name].tobytes() for name in first)
    progress = [line[:6] for line in told if "runs are trained" in line]
    assert progress[:2] == ["1 of 3", "2 of 3"]  # one after the other
    assert progress[2:] == sorted(set(progress[2:]))  # two may end at the same moment
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("*")}
    assert store.train_all(items) == two
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "two").rglob("*")}


@pytest.mark.slow
def test_a_failure_is_raised_and_the_other_runs_are_kept(lab: Lab, tmp_path: Path) -> None:
    wild = arm_of(lab, lr=1e12)
    store = Store(tmp_path / "runs", backend="numpy", threads=2, jobs=2)
    with pytest.raises(DivergedError):
        store.train_all([(arm_of(lab), 0, 40), (wild, 0, 40)])
    kept = store.path(arm_of(lab), 0, 40)
    assert not (kept / "summary.json").exists()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX only")
def test_a_process_that_is_killed_is_an_error(lab: Lab, tmp_path: Path) -> None:
    store = Store(tmp_path / "runs", backend="numpy", threads=2, jobs=2, listen=dies)
    with pytest.raises(RunError, match="a process was killed"):
        store.train_all([(arm_of(lab), seed, 2) for seed in (0, 1)])


PROGRAM = """
import sys
from pathlib import Path
from tinyalex import recipes
from tinyalex.reproduce import Arm, Store
from tinyalex.errors import TinyalexError

if __name__ == "__main__":
    recipe = recipes.get("cifar-80sec")
    arm = Arm("net", recipe.model, recipe, sys.argv[2])
    store = Store(Path(sys.argv[1]), backend="numpy", threads=2, jobs=2)
    try:
        store.train_all([(arm, seed, 400) for seed in (0, 1, 2)])
    except TinyalexError as error:
        sys.exit(f"{type(error).__name__}: {error}")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX only: signals")
@pytest.mark.parametrize("who", ["the terminal", "the parent alone"])
def test_a_signal_stops_all_of_them_and_each_is_kept(lab: Lab, tmp_path: Path, who: str) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM, encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "runs"), lab.data_or("")],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    arm = arm_of(lab)
    runs = [Store(tmp_path / "runs").path(arm, seed, 400) for seed in (0, 1)]
    files = [run / "checkpoint.safetensors" for run in runs]
    give_up = time.monotonic() + 120
    while not all(file.exists() for file in files) and time.monotonic() < give_up:
        time.sleep(0.2)
    if who == "the terminal":
        os.killpg(program.pid, signal.SIGINT)
    else:
        os.kill(program.pid, signal.SIGTERM)
    _, said = program.communicate(timeout=60)
    assert program.returncode == 1 and said.startswith(Interrupted.__name__), said
    assert "Traceback" not in said
    for file in files:
        assert load_file(file) and not (file.parent / "summary.json").exists()
    assert not Store(tmp_path / "runs").path(arm, 2, 400).exists()
