"""Why meta.mat is not read by SciPy: damaged files, each read in a process that may crash.

    PYTHONPATH=. python docs/results/fuzz/scipy_mat.py [FILES]

Of FILES (default 20,000) variants of a small meta.mat one to five bytes are changed; in every third
one these lie under sound compression. Prints how many ended the reading process, which may have
4 GiB (a file of a kilobyte can ask for more). POSIX only.
"""

from __future__ import annotations

import io
import os
import platform
import random
import resource
import signal
import struct
import sys
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from mmap import mmap

import scipy
from scipy.io import loadmat

from tests.data.prepare.archives import IDS, meta_mat
from tinyalex.data.prepare.matlab import read_structs

HEADER = 128
WHOLE = meta_mat(IDS, compress=False)


def damaged(seed: int) -> bytes:
    draw, content = random.Random(seed), bytearray(WHOLE)
    for _ in range(draw.randint(1, 5)):
        place = draw.randrange(HEADER, len(content))
        content[place] = draw.choice([0, 255, draw.randrange(256), draw.randrange(16)])
    if seed % 3:
        return bytes(content)
    body = zlib.compress(bytes(content[HEADER:]))
    return bytes(content[:HEADER]) + struct.pack("<II", 15, len(body)) + body


def crashes(read: Callable[[bytes], object], files: int) -> Counter[str]:
    """How many files ended a process, by the signal."""
    at, found, begun = mmap(-1, 8), Counter[str](), 0
    while begun < files:
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            for seed in range(begun, files):
                at[:] = seed.to_bytes(8, "little")
                try:
                    read(damaged(seed))
                except Exception:
                    continue
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if not os.WIFSIGNALED(status):
            break
        found[signal.Signals(os.WTERMSIG(status)).name] += 1
        begun = int.from_bytes(at[:], "little") + 1
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{files:,} files, Python {platform.python_version()}, {platform.machine()}")
    readers: dict[str, Callable[[bytes], object]] = {
        f"SciPy {scipy.__version__}": lambda content: loadmat(
            io.BytesIO(content), variable_names=["synsets"]
        ),
        "ours": lambda content: read_structs(content, "synsets", "meta.mat"),
    }
    for name, read in readers.items():
        found = crashes(read, files)
        print(f"{name}: {found.total():,} ended the process {dict(found)}", flush=True)
