"""ptxas, which comes with NVIDIA's wheel of nvcc: what a kernel in PTX needs on a GPU."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple


class Needs(NamedTuple):
    """What a thread needs: registers, and bytes of local memory, spilled out and read back."""

    registers: int
    local: int
    stores: int
    loads: int


@cache
def ptxas() -> str | None:
    """Path of ptxas: from NVIDIA's wheel, or from an installed CUDA."""
    spec = find_spec("nvidia")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for path in sorted(Path(folder).glob("cu*/bin/ptxas*")):
            return str(path)
    return shutil.which("ptxas")


def needs_of(text: str, cc: tuple[int, int]) -> Needs:
    """Let ptxas assemble a kernel and read what it says of it."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(text, encoding="utf-8")
        target = ["--gpu-name", f"sm_{cc[0]}{cc[1]}", "--output-file", f"{folder}/kernel.cubin"]
        command = [ptxas() or "ptxas", "--verbose", *target, str(source)]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    patterns = (
        r"Used (\d+) registers",
        r"(\d+) bytes stack frame",
        r"(\d+) bytes spill stores",
        r"(\d+) bytes spill loads",
    )
    return Needs(*(int(re.findall(pattern, said.stderr)[0]) for pattern in patterns))


def release() -> str:
    """The version of ptxas."""
    said = subprocess.run(
        [ptxas() or "ptxas", "--version"], capture_output=True, text=True, timeout=60
    )
    return str(re.findall(r"V([\d.]+)", said.stdout)[0])
