"""Small limits and large data: few open files, little memory, many epochs, many classes."""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tests.campaign.jobs import SECONDS, TINYALEX, Broken, check_words, run
from tests.processes import environment

_TRAIN = ("train", "--model", "tiny", "--backend", "numpy", "--quiet", "--data")
_CLASSES = 10_000
_MOST_MIB = 1024  # that evaluate and report of so many classes may take


def campaign(folder: Path, times: int, seed: int) -> Iterator[tuple[str, str]]:
    """Each limit once; ``times`` decides how many epochs, classes and open files there are."""
    for name, part in (
        ("few open files", _few_files),
        ("little address space", _little_space),
        ("many epochs", _many_epochs),
        ("many classes", _many_classes),
    ):
        place = folder / name.replace(" ", "-")
        place.mkdir(parents=True)
        try:
            for outcome in part(place, times):
                yield name, outcome
        except Broken as error:
            yield name, f"BROKEN: {error}"


def _few_files(folder: Path, times: int) -> Iterator[str]:
    """Train on, and verify, more shards than files may be open."""
    limits = (24, 48)[:times]
    _pictures(folder / "pictures", classes=2, each=4 * limits[-1], side=224)
    prepare = ("data", "prepare", "pictures", "packed", "--size", "224", "--shard-mb", "1")
    run(folder, *prepare, "--quiet")
    shards = len(list((folder / "packed").glob("*.rec")))
    for limit in limits:
        if shards <= limit:
            raise Broken(f"only {shards} shards")
        for arguments in (
            ("data", "verify", "packed"),
            (*_TRAIN, "packed", "--epochs", "1", "--out", f"run{limit}"),
        ):
            code, printed = _limited(folder, arguments, resource.RLIMIT_NOFILE, limit)
            if code != 0:
                raise Broken(f"{limit} files: {' '.join(arguments)}: {printed[-400:]}")
        yield f"{shards} shards, {limit} files at a time: trained, verified"


def _little_space(folder: Path, times: int) -> Iterator[str]:
    """The main job trains, or one sentence says why not; no traceback at any size."""
    _pictures(folder / "pictures", classes=2, each=20, side=32)
    for mib in range(500, 2001, 1500 // min(16, 2 * times)):
        arguments = (*_TRAIN, "pictures", "--epochs", "1", "--out", f"run{mib}")
        code, printed = _limited(folder, arguments, resource.RLIMIT_AS, mib << 20)
        # Below some size Python cannot import what it needs; that is not ours to word.
        if code not in (0, 2) and mib > 1000:
            raise Broken(f"{mib} MiB of address space: ends with {code}: {printed[-400:]}")
        yield f"{mib} MiB of address space: {'trained' if code == 0 else 'refused'}"


def _many_epochs(folder: Path, times: int) -> Iterator[str]:
    """Memory and open files do not grow over the epochs."""
    _pictures(folder / "pictures", classes=2, each=40, side=32)
    epochs = min(1000, 60 * times)
    process = subprocess.Popen(
        [*TINYALEX, *_TRAIN, "pictures", "--epochs", str(epochs), "--out", "run"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
    )
    early = late = (0.0, 0)
    while process.poll() is None:
        done = _epochs_done(folder / "run" / "metrics.jsonl")
        with contextlib.suppress(OSError, IndexError):
            late = _taken(process.pid) if 0 < done < epochs else late  # then pictures are drawn
            early = late if done <= epochs // 4 + 1 else early
        time.sleep(0.05)
    if process.returncode or late[0] > early[0] + 8 or late[1] > early[1]:
        raise Broken(f"ends with {process.returncode}; MiB and open files {early}, then {late}")
    yield f"{epochs} epochs: {late[0]:.0f} MiB, {late[1]} open files, flat"


def _taken(process: int) -> tuple[float, int]:
    status = Path(f"/proc/{process}/status").read_text().split("VmRSS:")[1]
    return int(status.split()[0]) / 1024, len(list(Path(f"/proc/{process}/fd").iterdir()))


def _epochs_done(metrics: Path) -> int:
    lines = metrics.read_text().splitlines() if metrics.exists() else []
    return sum('"epoch"' in line and '"test_error"' in line for line in lines)


def _many_classes(folder: Path, times: int) -> Iterator[str]:
    """`evaluate` and `report` take memory and disk by the pictures, not by the classes."""
    classes = min(_CLASSES, 500 * times)
    _pictures(folder / "pictures", classes, each=2, side=16)
    run(folder, *_TRAIN, "pictures", "--epochs", "1", "--out", "run")
    for arguments in (("evaluate", "run"), ("report", "run")):
        began = time.monotonic()
        measure = "import resource, runpy, sys; sys.argv[0] = 'tinyalex'\ntry:\n"
        measure += "    runpy.run_module('tinyalex', run_name='__main__')\nfinally:\n"
        measure += "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
        done = subprocess.run(
            [sys.executable, "-c", measure, *arguments, "--backend", "numpy", "--quiet"],
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
        )
        mib = int(done.stdout.split()[-1])
        if done.returncode or mib > _MOST_MIB:
            raise Broken(f"{arguments[0]}, {classes} classes: {mib} MiB, {done.stderr[-400:]}")
        seconds = time.monotonic() - began
        size = sum(p.stat().st_size for p in (folder / "run").iterdir()) / 1e6
        yield f"{arguments[0]}, {classes:,} classes: {mib} MiB, {seconds:.0f} s, run {size:.0f} MB"
    json.loads((folder / "run" / "evaluation.json").read_text())


def _pictures(folder: Path, classes: int, each: int, side: int) -> None:
    rng = np.random.default_rng(0)
    for label in range(classes):
        place = folder / f"class{label:05d}"
        place.mkdir(parents=True)
        for i in range(each):
            pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
            Image.fromarray(pixels).resize((side, side), Image.Resampling.NEAREST).save(
                place / f"{i}.png"
            )


def _limited(folder: Path, arguments: tuple[str, ...], which: int, limit: int) -> tuple[int, str]:
    """Run a command under a limit of the operating system; gives its code and its words."""
    done = subprocess.run(
        [*TINYALEX, *arguments],
        cwd=folder,
        env=environment(COLUMNS="200"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        preexec_fn=lambda: resource.setrlimit(which, (limit, limit)),
    )
    check_words(done.stdout)
    return done.returncode, done.stdout
