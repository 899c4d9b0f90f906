"""Read named tensors from a .safetensors file or from PyTorch's own; no code in it is executed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import deserialize

from tinyalex.errors import BackendError, CheckpointError
from tinyalex.typed import open_tensors
from tinyalex.weights.state_dict import choose, state_dict_in

HostArray = np.ndarray[Any, Any]
Shapes = Mapping[str, tuple[int, ...]]

MOST_NUMBERS = 1 << 30  # in one file: as many as 17 AlexNets
PYTORCH = (".pth", ".pt", ".ckpt", ".pth.tar", ".pt.tar")
BFLOAT16 = "BF16"
FLOATS = {"F16", "F32", "F64", BFLOAT16}  # safetensors' names
SHOWN = 3


def read_tensors(path: Path) -> tuple[dict[str, HostArray], dict[str, str], list[str]]:
    """Read a .safetensors file, or a PyTorch file if PyTorch is installed.

    Returns
    -------
    tensors : dict of str to float32 array
        By the network's own names, without what wrappers put before them.
    metadata : dict of str to str
        The .safetensors file's metadata; empty for a PyTorch file.
    notes : list of str
        For the user: what was removed from the names, and which tensors were not read.

    Raises
    ------
    CheckpointError
        The file is damaged or far too large, or holds something else.
    BackendError
        It is a PyTorch file, and PyTorch is not installed.
    """
    if path.suffix.lower() == ".safetensors":
        return read_safetensors(path)
    tensors, notes = read_pth(path)
    return tensors, {}, notes


def read_safetensors(path: Path) -> tuple[dict[str, HostArray], dict[str, str], list[str]]:
    """Read a .safetensors file as `read_tensors` does; dtypes and sizes are checked first."""
    with open_tensors(path) as file:
        chosen = choose(list(file.keys()), str(path))
        total, dtypes = 0, set()
        for name in chosen.old.values():
            header = file.get_slice(name)
            dtype = header.get_dtype()
            if dtype not in FLOATS:
                raise CheckpointError(
                    f"{path}: {name} must be float64, float32, float16 or bfloat16 (got {dtype})",
                    "model.float() before saving",
                )
            dtypes.add(dtype)
            total += math.prod(header.get_shape())
        check_total(total, path)
        bfloat16 = _bfloat16(path) if BFLOAT16 in dtypes else {}
        tensors = {
            new: bfloat16[old] if old in bfloat16 else as_float32(file.get_tensor(old))
            for new, old in chosen.old.items()
        }
        return tensors, dict(file.metadata() or {}), chosen.notes


def _bfloat16(path: Path) -> dict[str, HostArray]:
    """The bfloat16 tensors in float32. NumPy has no bfloat16: it is the upper half of a float32."""
    tensors: list[tuple[str, dict[str, Any]]] = deserialize(path.read_bytes())  # type: ignore[no-untyped-call]
    return {
        name: (np.frombuffer(tensor["data"], "<u2").astype(np.uint32) << 16)
        .view(np.float32)
        .reshape(tensor["shape"])
        for name, tensor in tensors
        if tensor["dtype"] == BFLOAT16
    }


def read_pth(path: Path) -> tuple[dict[str, HostArray], list[str]]:
    """Read PyTorch's own format with PyTorch, ``weights_only``: tensors, never code.

    Returns
    -------
    tensors, notes
        As in `read_tensors`.
    """
    try:
        import torch
    except ImportError as error:
        raise BackendError(
            f"{path}: PyTorch's files ({', '.join(PYTORCH)}) are pickles, which only PyTorch can "
            "read safely, and it is not installed",
            "pip install torch, or the same weights as .safetensors",
        ) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of zipfile, pickle, torch and the file system
        raise CheckpointError(
            f"{path}: PyTorch cannot read it as weights alone: {plain_reason(error)}",
            "save it again with torch.save(model.state_dict(), FILE), or get a fresh copy",
        ) from error

    def is_tensor(value: Any) -> bool:
        return isinstance(value, torch.Tensor)

    state, notes = state_dict_in(content, is_tensor, str(path))
    chosen = choose([str(name) for name in state], str(path))
    taken = {new: state[old] for new, old in chosen.old.items()}
    for new, value in taken.items():
        floats = is_tensor(value) and value.is_floating_point()
        if not floats or value.layout is not torch.strided:
            got = getattr(value, "layout" if floats else "dtype", type(value).__name__)
            raise CheckpointError(
                f"{path}: {chosen.old[new]} must be a tensor of floats (got {got})",
                "torch.save(model.state_dict(), FILE)",
            )
        size = value.numel() * value.element_size()  # bytes, if each number is in the file once
        if value.is_meta or size > value.untyped_storage().nbytes():
            raise CheckpointError(
                f"{path}: {chosen.old[new]} {tuple(value.shape)} must have all its numbers in the "
                f"file (got a tensor {'without any' if value.is_meta else 'that repeats a few'})",
                "torch.save(model.state_dict(), FILE) of a model with its weights loaded",
            )
    check_total(sum(value.numel() for value in taken.values()), path)
    tensors = {new: value.detach().float().contiguous().numpy() for new, value in taken.items()}
    return tensors, [*notes, *chosen.notes]


def plain_reason(error: Exception) -> str:
    """Why PyTorch refuses a file: one line, without colours and without PyTorch's advice.

    That advice is to load the file anyway, which could run code. The objects that PyTorch refuses
    are named.
    """
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", str(error))
    objects = list(dict.fromkeys(re.findall(r"(?:GLOBAL|global:?) ([\w.]+\.\w+)", text)))
    if objects:
        return f"it holds objects besides tensors ({', '.join(objects[:3])}), which could run code"
    first = (text.split("\n")[0].strip() or type(error).__name__)[:200]
    if first.startswith("Weights only load failed"):
        return "it holds something besides tensors, or is damaged"
    return "".join(c for c in first if c.isprintable())


def check_total(numbers: int, path: Path) -> None:
    """Raise CheckpointError if a file holds far more numbers than a network."""
    if numbers > MOST_NUMBERS:
        raise CheckpointError(
            f"{path}: holds {numbers:,} numbers, at most {MOST_NUMBERS:,} are allowed"
        )


def as_float32(array: HostArray) -> HostArray:
    """The same numbers in float32; numbers that are too large become infinite."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, np.float32)


def check_shapes(wanted: Shapes, got: Shapes, where: str, model: str) -> None:
    """Check that the tensors are exactly a model's.

    Raises
    ------
    CheckpointError
        A tensor is missing, extra, or of another shape. The message names the first few.
    """
    problems = [
        *(f"{name} is missing, wanted {tuple(wanted[name])}" for name in wanted if name not in got),
        *(
            f"{name} {tuple(got[name])} is extra, {model} has no such tensor"
            for name in got
            if name not in wanted
        ),
        *(
            f"{name} must be {tuple(wanted[name])} (got {tuple(got[name])})"
            for name in wanted
            if name in got and tuple(got[name]) != tuple(wanted[name])
        ),
    ]
    if problems:
        more = len(problems) - SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise CheckpointError(
            f"{where}: not the weights of {model}: {'; '.join(problems[:SHOWN])}{rest}",
            "--model with the network that the weights were saved from",
        )


def check_finite(tensors: Mapping[str, HostArray], where: str) -> None:
    """Check that all numbers are finite.

    Raises
    ------
    CheckpointError
        A number is not finite. The message names the tensor and how many are not.
    """
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            bad = int(array.size - np.isfinite(array).sum())
            raise CheckpointError(
                f"{where}: {name} {array.shape} must be finite (got {bad:,} numbers that are NaN, "
                "infinite or too large for float32)",
                "an older or a fresh copy of the file",
            )
