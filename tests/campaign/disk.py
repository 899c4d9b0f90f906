"""Full disks and disks that cannot be written, for every command that writes.

The disk is a small one in memory, in a namespace of its own: nothing outside it is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.campaign.jobs import (
    REPRODUCE,
    SECONDS,
    Broken,
    check_words,
    left,
    make_inputs,
    run,
    start,
)
from tests.processes import ROOT, environment

_DISK = 64 << 20  # bytes
_PAGE = 4096
_MARK = "campaign: "  # before what the process in the namespace found

_TRAIN = ("train", "--data", "pictures", "--model", "tiny", "--backend", "numpy", "--quiet")
WRITERS = {
    "train": (*_TRAIN, "--epochs", "1", "--out", "new"),
    "train --resume": ("train", "--resume", "run", "--epochs", "3", "--quiet"),
    "evaluate": ("evaluate", "run", "--backend", "numpy", "--quiet"),
    "report": ("report", "run", "--backend", "numpy", "--quiet"),
    "weights export": ("weights", "export", "run", "--out", "run.safetensors"),
    "weights import": ("weights", "import", "old.safetensors", "--out", "imported"),
    "data prepare": ("data", "prepare", "pictures", "made", "--size", "32", "--quiet"),
    "reproduce": REPRODUCE,
    "exercise start": ("exercise", "start", "conv_loops", "answers"),
    "exercise check --csv": ("exercise", "check", "--class", "class", "--csv", "class.csv"),
    "lesson --notebook": ("lesson", "2", "--notebook", "--out", "notebooks"),
}


def campaign(folder: Path, times: int, seed: int) -> Iterator[tuple[str, str]]:
    """Try each command on a read-only disk, and ``times`` times on one that fills up."""
    command = [sys.executable, "-m", "tests.campaign.disk", str(folder), str(times), str(seed)]
    if shutil.which("unshare") is None or subprocess.run(_inside(["true"])).returncode:
        yield "all commands", "left out: no namespace of its own to be had here"
        return
    process = subprocess.Popen(
        _inside(command), cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(_MARK):
            tried, outcome = json.loads(line.removeprefix(_MARK))
            yield tried, outcome
    if process.wait():
        yield "all commands", f"BROKEN: the campaign itself ends with {process.returncode}"


def _inside(command: list[str]) -> list[str]:
    return ["unshare", "--user", "--map-root-user", "--mount", *command]


def _tries(folder: Path, times: int, seed: int) -> Iterator[tuple[str, str]]:
    inputs = folder / "inputs"
    make_inputs(inputs)
    run(inputs, *_TRAIN, "--epochs", "1", "--out", "run")
    run(inputs, "evaluate", "run", "--backend", "numpy")
    run(inputs, "weights", "export", "run", "--out", "old.safetensors")
    (inputs / "class" / "anna").mkdir(parents=True)
    (inputs / "class" / "anna" / "06_relu.py").write_text("def relu(x):\n    return 1 / 0\n")
    for name, arguments in WRITERS.items():
        needed = _needed(folder / "disk", inputs, arguments)
        yield _try(folder / "disk", inputs, f"{name}, read-only", arguments, None)
        rooms = [0, *(random.Random(f"{seed} {name} {i}").randrange(needed) for i in range(times))]
        for room in rooms:
            yield _try(folder / "disk", inputs, f"{name}, full", arguments, room)


def _needed(disk: Path, inputs: Path, arguments: tuple[str, ...]) -> int:
    """Bytes that a command needs to end well."""
    with _mounted(disk, inputs):
        free = shutil.disk_usage(disk).free
        run(disk, *arguments, expect=(0, 1))
        return max(_PAGE, free - shutil.disk_usage(disk).free)


def _try(
    disk: Path, inputs: Path, tried: str, arguments: tuple[str, ...], room: int | None
) -> tuple[str, str]:
    """One command on a disk with ``room`` bytes left, or on one that cannot be written."""
    with _mounted(disk, inputs):
        before = left(disk, ".")
        if room is None:
            _mount(disk, "remount,ro")
        else:
            _fill(disk, room)
        try:
            outcome = _outcome(disk, arguments, before)
        except Broken as error:
            outcome = f"BROKEN with {room} bytes left: {error}"
    return tried, outcome


def _outcome(disk: Path, arguments: tuple[str, ...], before: dict[str, str]) -> str:
    process = start(disk, *arguments)
    try:
        printed, _ = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Broken("hangs") from error
    check_words(printed)
    if process.returncode not in (0, 2):
        raise Broken(f"ends with {process.returncode}: {printed[-600:]}")
    if process.returncode == 2 and not any(
        reason in printed for reason in (os.strerror(28), os.strerror(30), "are free")
    ):
        raise Broken(f"does not say why: {printed[-600:]}")
    after = left(disk, ".")  # all JSON can be read
    after.pop("filler", None)
    if stray := [name for name in after if name.endswith(".tmp")]:
        raise Broken(f"left behind: {stray}")
    if lost := set(before) - set(after):
        raise Broken(f"lost: {sorted(lost)}")
    changed = [name for name in before if before[name] != after[name]]
    if process.returncode and changed and "--resume" not in arguments:
        raise Broken(f"changed although it failed: {changed}")
    if "run" in arguments or changed:
        _mount(disk, f"remount,rw,size={2 * _DISK}")
        run(disk, "evaluate", "run", "--backend", "numpy", "--out", "whole.json")
    return "refused, all kept" if process.returncode else "had room enough"


@contextlib.contextmanager
def _mounted(disk: Path, inputs: Path) -> Iterator[None]:
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "campaign", disk], check=True)
    try:
        shutil.copytree(inputs, disk, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def _mount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", options, disk], check=True)


def _fill(disk: Path, room: int) -> None:
    """Leave about ``room`` bytes free."""
    size = max(0, shutil.disk_usage(disk).free - room)
    with (disk / "filler").open("wb") as file, contextlib.suppress(OSError):
        while size > 0:
            size -= file.write(bytes(min(size, 1 << 20)))
            file.flush()


def _main(folder: str, times: str, seed: str) -> None:
    for found in _tries(Path(folder), int(times), int(seed)):
        print(_MARK + json.dumps(found), flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
