"""Check Python, versions, processor, threads, disk, Numba's cache and the data folders."""

from __future__ import annotations

import os
import platform
import shutil
import uuid
from pathlib import Path

from tinyalex import __version__
from tinyalex.backends.cuda.check import package_version
from tinyalex.check.bench.machine import cpu_name
from tinyalex.check.doctor.blas import cpu_flags
from tinyalex.check.doctor.finding import RED, WARNING, Finding
from tinyalex.data.cifar import find_cifar10
from tinyalex.data.names import VARIABLE, default_root
from tinyalex.data.read_ahead import usable_cores
from tinyalex.errors import DataError, TinyalexError
from tinyalex.extras import install

PACKAGES = ("numpy", "numba", "scipy", "scikit-learn", "pillow", "safetensors")
GIB = 1 << 30
LITTLE, NOTHING = 2 * GIB, GIB // 10  # a checkpoint of AlexNet is 0.5 GB
CPU_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def look(data_root: Path | None = None) -> list[Finding]:
    """Check everything about the machine except its BLAS and its GPU."""
    folders, about_data = {"the runs' folder": Path.cwd()}, []
    try:
        root = default_root() if data_root is None else data_root
        folders["the data's folder"] = root
        was_named = data_root is not None or bool(os.environ.get(VARIABLE))
        about_data.append(look_at_data(root, was_named))
    except DataError as error:  # no home folder, as in a container
        about_data.append(Finding("data", error.message, WARNING, error.hint))
    disks = [look_at_disk(f"{name} {folder}", folder) for name, folder in folders.items()]
    return [
        Finding("Python", f"{platform.python_version()} on {platform.platform()}"),
        look_at_packages(),
        Finding("CPU", f"{cpu_name()}{_vectors(cpu_flags())}"),
        look_at_threads(os.cpu_count() or 1, usable_cores(), os.environ.get("OMP_NUM_THREADS")),
        *look_at_quota(CPU_QUOTA, usable_cores()),
        *([look_at_numba_cache(numba_cache())] if package_version("numba") else []),
        *look_at_choices(),
        *disks,
        look_at_digits(),
        *about_data,
    ]


def look_at_packages() -> Finding:
    """List versions; warn if Numba is missing: then there is only the slow backend."""
    versions = {name: package_version(name) for name in PACKAGES}
    text = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    if not versions["numba"]:
        text += "; numba is missing, so only the slow backend numpy is available"
        return Finding("packages", f"tinyalex {__version__}, {text}", WARNING, "pip install numba")
    return Finding("packages", f"tinyalex {__version__}, {text}")


def _vectors(flags: set[str]) -> str:
    for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("asimd", "NEON")):
        if flag in flags:
            return f", {name}"
    return ""


def look_at_threads(cores: int, usable: int, asked: str | None) -> Finding:
    """Check the number of cores, the usable ones, and OMP_NUM_THREADS."""
    text = f"{usable} of {cores} cores may be used"
    if not asked:
        return Finding("threads", f"{text}, one thread each (OMP_NUM_THREADS is not set)")
    text += f", OMP_NUM_THREADS={asked}"
    if not asked.isdigit() or int(asked) < 1:
        hint = "unset OMP_NUM_THREADS, or make it a number"
        return Finding("threads", f"{text} is not a number of threads", WARNING, hint)
    if int(asked) > usable:
        hint = f"OMP_NUM_THREADS={usable}, or --threads {usable}"
        return Finding("threads", f"{text}: more threads than cores", WARNING, hint)
    if int(asked) < usable:
        return Finding("threads", f"{text}: not all cores are used")
    return Finding("threads", text)


def look_at_quota(path: Path, usable: int) -> list[Finding]:
    """Warn if a container's CPU quota is below its number of cores (cgroup v2, cpu.max)."""
    try:
        quota, period = path.read_text().split()
        cores = int(quota) / int(period)
    except (OSError, ValueError):  # no container, or "max"
        return []
    if cores >= usable:
        return []
    fewer = max(1, int(cores))
    text = f"this container may use {cores:.1f} cores, but sees {usable}"
    return [Finding("threads", text, WARNING, f"--threads {fewer}, or OMP_NUM_THREADS={fewer}")]


def numba_cache() -> str | None:
    """Return the folder of Numba's compiled kernels; None if it keeps none."""
    try:
        from tinyalex.backends.numba import kernels as numba_kernels
    except ImportError:
        return None
    paths = [getattr(k, "stats", None) for k in vars(numba_kernels).values()]
    return next((str(s.cache_path) for s in paths if s is not None and s.cache_path), None)


def look_at_choices() -> list[Finding]:
    """Say for which kind of processor the Numba backend chooses."""
    try:
        from tinyalex.backends.numba.choices import IN_FORCE
    except ImportError:
        return []
    return [Finding("choices", f"Numba's convolutions as they are fastest with {IN_FORCE.kind}")]


def look_at_numba_cache(folder: str | None) -> Finding:
    """Check that compiled kernels are kept on disk."""
    hint = "NUMBA_CACHE_DIR=FOLDER, a folder that you can write to"
    if folder is None:
        text = "no folder can be written: kernels are compiled again by every process (20 s)"
        return Finding("cache", text, WARNING, hint)
    if why := cannot_write(Path(folder)):
        return Finding("cache", f"{folder} cannot be written ({why})", WARNING, hint)
    return Finding("cache", f"compiled kernels in {folder}")


def cannot_write(folder: Path) -> str:
    """Return why a folder (existing or new) cannot be written; empty if it can."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    probe = folder / f".tinyalex-{uuid.uuid4().hex}"
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def look_at_disk(name: str, folder: Path) -> Finding:
    """Check that a folder can be written and has free space."""
    if why := cannot_write(folder):
        return Finding("disk", f"{name} cannot be written ({why})", RED, "another folder: --out")
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    text = f"{name}: {free / GIB:.1f} GiB free"
    if free < LITTLE:
        state = RED if free < NOTHING else WARNING
        return Finding(
            "disk", text, state, "free some space, or choose another folder: --out, --data-root"
        )
    return Finding("disk", text)


def look_at_digits() -> Finding:
    """Check the data set of the default run."""
    from tinyalex import data

    try:
        digits = data.load("digits")
    except TinyalexError as error:
        return Finding("data", f"digits: {error}", RED, install())
    return Finding("data", f"digits: {len(digits.train) + len(digits.test):,} images")


def look_at_data(root: Path, was_named: bool) -> Finding:
    """Say where CIFAR-10 is, if it was downloaded."""
    if was_named and not root.exists():
        hint = "create it, or set TINYALEX_DATA or --data-root to the right path"
        return Finding("data", f"the data's folder {root} does not exist", WARNING, hint)
    found = find_cifar10(root)
    if found is None:
        text = f"cifar10: not in {root} (tinyalex data download cifar10 puts it there)"
        return Finding("data", text)
    return Finding("data", f"cifar10: {found}")
