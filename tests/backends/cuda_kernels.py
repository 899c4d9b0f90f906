"""Which kernels the GPU backend has, and what each of them takes; read from the source alone."""

from __future__ import annotations

import ast
import itertools
from pathlib import Path
from typing import NamedTuple

SOURCES = sorted((Path(__file__).parents[2] / "tinyalex" / "backends" / "cuda").glob("*.py"))


class Kernel(NamedTuple):
    """A function under ``@cuda.jit``; ``device`` if only kernels can call it."""

    name: str  # as in pool.max_pool2d
    parameters: tuple[str, ...]
    lines: range
    device: bool


def _marked(decorator: ast.expr) -> bool | None:
    """Whether ``@cuda.jit`` says ``device=True``; None where it is another decorator."""
    call = decorator if isinstance(decorator, ast.Call) else None
    if ast.unparse(call.func if call else decorator) != "cuda.jit":
        return None
    return any(word.arg == "device" for word in call.keywords) if call else False


def _in(path: Path) -> list[Kernel]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        for device in map(_marked, node.decorator_list):
            if device is not None:
                parameters = tuple(argument.arg for argument in node.args.args)
                lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
                found.append(Kernel(f"{path.stem}.{node.name}", parameters, lines, device))
    return found


FUNCTIONS = [function for path in SOURCES for function in _in(path)]
KERNELS = {kernel.name: kernel for kernel in FUNCTIONS if not kernel.device}

_WHOLE_ARRAYS = {
    "argmax": "uint8*",
    "images": "uint8*",
    "labels": "int64*",
    **dict.fromkeys(("tops", "lefts", "mirrors"), "int64*"),
}
_REAL_ARRAYS = {
    *("x", "y", "cols", "rows", "z", "b", "dy", "dx", "sums", "g", "v", "losses", "dlogits"),
    *("logits", "mean", "colour", "through", "draw", "mask"),
}
_REALS = {"alpha", "beta", "k", "lr", "momentum", "weight_decay", "real", "p", "kept"}
_OUT = {"uniform64": "float64*", "integers": "int64*"}


def kinds(kernel: Kernel) -> list[str]:
    """What each parameter is: ``"real*"`` an array of float32 or float64, ``"real"`` one number
    of that width, and else the type itself, with a star for an array.

    These are the types that `test_cuda_ptx` compiles; in the simulator every launch is compared
    with them.
    """
    names = kernel.parameters

    def kind(name: str) -> str:
        if name in ("key_0", "key_1"):
            return "uint64"
        if name == "out":
            return _OUT.get(kernel.name.partition(".")[2], "real*")
        if name == "std":
            return "float64"
        if name == "scale":
            return "real*"
        if name == "p":
            return "real"
        if name == "w":
            return "real*" if "momentum" in names else "int64"
        if name in _WHOLE_ARRAYS:
            return _WHOLE_ARRAYS[name]
        if name in _REALS:
            return "real"
        return "real*" if name in _REAL_ARRAYS else "int64"

    return [kind(name) for name in names]


_NEVER = {"sgd_step", "cross_entropy", "augment", "uniform32", "uniform64", "normal", "integers"}
_STAY = {"scale", "sums", "through", "draw", "mask"}  # float32 also in mixed precision
_EITHER = {("convert", "x"), ("convert", "y"), ("col2im", "cols"), ("write_images", "b")}
ONLY_MIXED = {  # for float32 arrays, CuPy does their work
    f"elementwise.{name}" for name in ("convert", "add_bias", "dropout", "dropout_backward")
}


def mixed_kinds(kernel: Kernel) -> list[list[str]]:
    """The same in mixed precision: all ways to launch the kernel on some bfloat16 arrays."""
    name = kernel.name.partition(".")[2]
    if name in _NEVER:
        return []

    def choices(parameter: str, kind: str) -> tuple[str, ...]:
        if kind != "real*" or parameter in _STAY or (name, parameter) == ("add_bias", "b"):
            return (kind.replace("real", "float32"),)
        return ("bfloat16*", "float32*") if (name, parameter) in _EITHER else ("bfloat16*",)

    ways = itertools.product(*map(choices, kernel.parameters, kinds(kernel)))
    return [list(way) for way in ways if "bfloat16*" in way]


MIXED = {name: mixed_kinds(kernel) for name, kernel in KERNELS.items() if mixed_kinds(kernel)}
