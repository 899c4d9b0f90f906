"""Whatever the package asks of the array module, CuPy has: every name, and how it is called.

The source is read, and CuPy is asked; ``import cupy`` needs neither a driver nor a GPU. array-api-
strict and NumPy, on which the layers are tested, know functions and keywords that CuPy lacks.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.backends import cuda_here, cuda_streams
from tests.backends.device_array import DeviceArray
from tests.group.gpus import Communicator, Nccl

cuda_here.needs("cupy")

import array_api_compat.cupy  # noqa: E402
import cupy  # noqa: E402

PACKAGE = Path(__file__).resolve().parents[2] / "tinyalex"
HOST_ONLY = {PACKAGE / "backends" / "numpy", PACKAGE / "backends" / "numba"}
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if not HOST_ONLY & {*path.parents})
UFUNC_KEYWORDS = {"out", "dtype", "casting"}


class Use(NamedTuple):
    """One place where the package asks for something of CuPy's."""

    where: str
    name: str  # as in lib.stride_tricks.as_strided
    call: ast.Call | None


def array_module(node: ast.expr) -> bool:
    """Whether an expression is the array module: xp, self.xp, backend.xp, cupy."""
    if isinstance(node, ast.Name):
        return node.id in ("xp", "cupy")
    return isinstance(node, ast.Attribute) and node.attr == "xp"


def path_below(node: ast.expr) -> str | None:
    """``lib.stride_tricks`` of ``self.xp.lib.stride_tricks``; None where it is something else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute) and not array_module(node):
        names.insert(0, node.attr)
        node = node.value
    return ".".join(names) if names and array_module(node) else None


def uses(text: str, where: str = "") -> Iterator[Use]:
    """All that a source asks of the array module, the longest paths only."""
    tree = ast.parse(text)
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    inner = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and id(node) not in inner:
            # What follows a call, as in get_current_stream().ptr, is no module's.
            if (name := path_below(node)) is not None:
                yield Use(f"{where}:{node.lineno}", name, calls.get(id(node)))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("cupy."):
            for alias in node.names:
                module = (node.module or "").removeprefix("cupy.")
                yield Use(f"{where}:{node.lineno}", f"{module}.{alias.name}", None)


def wrong(use: Use) -> str | None:
    """What CuPy would not take, in words."""
    # The textbook asks `array_api_compat`, which adds to CuPy what the standard has besides.
    value: Any = array_api_compat.cupy if use.where.startswith("functional") else cupy
    for part in use.name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            try:
                value = importlib.import_module(f"{value.__name__}.{part}")
            except ImportError:
                return f"{use.where}: CuPy has no {use.name}"
        except ImportError:  # a module that loads a library of the GPU's
            return None if find_spec(f"cupy_backends.cuda.libs.{part}") else f"no {use.name}"
    if use.call is None or not callable(value):
        return None
    keywords = {word.arg: None for word in use.call.keywords if word.arg}
    try:
        signature = inspect.signature(value)
    except ValueError:  # CuPy's ufuncs have none
        odd = keywords.keys() - UFUNC_KEYWORDS if isinstance(value, cupy.ufunc) else set()
        return f"{use.where}: {use.name} takes no {', '.join(sorted(odd))}" if odd else None
    starred = any(isinstance(argument, ast.Starred) for argument in use.call.args)
    bind = signature.bind_partial if starred else signature.bind
    try:
        bind(*([None] * (0 if starred else len(use.call.args))), **keywords)
    except TypeError as error:
        return f"{use.where}: {use.name}: {error}"
    return None


ALL = [
    use
    for path in SOURCES
    for use in uses(path.read_text(encoding="utf-8"), str(path.relative_to(PACKAGE)))
]


@pytest.mark.parametrize("name", sorted({use.name for use in ALL}))
def test_cupy_has_what_the_package_asks_for(name: str) -> None:
    complaints = [wrong(use) for use in ALL if use.name == name]
    assert not any(complaints), [complaint for complaint in complaints if complaint]


def test_the_source_was_read() -> None:
    names = {use.name for use in ALL}
    assert len(ALL) > 80 and len(names) > 30
    assert {"matmul", "permute_dims", "lib.stride_tricks.as_strided", "float64"} <= names
    assert {
        "cuda.Stream",
        "cuda.Event",
        "cuda.using_allocator",
        "cuda.alloc_pinned_memory",
    } <= names
    assert {"cuda.cublas", "cuda.memory.OutOfMemoryError", "_core._routines_linalg"} <= names
    assert {use.where.partition("/")[0] for use in ALL} >= {"layers", "training", "backends"}


@pytest.mark.parametrize(
    ("line", "fits"),
    [
        ("self.xp.sum(x, axis=1, keepdims=True)", True),
        ("xp.maximum(x, 0, out=x)", True),
        ("xp.zeros(shape, dtype=xp.float32)", True),
        ("xp.sums(x)", False),
        ("backend.xp.lib.strides(x)", False),
        ("xp.sum(x, axes=1)", False),
        ("xp.zeros(shape, device='cpu')", False),  # in the standard, and in NumPy
        ("xp.unstack(x)", False),  # the same
        ("xp.maximum(x, 0, where=x > 0)", False),  # NumPy's
        ("xp.reshape(x)", False),
        ("xp.broadcast_to(x, shape, True)", False),  # NumPy's third argument
        ("from cupy.cuda import nonsense", False),
        ("xp.cuda.Stream(non_blocking=True)", True),
        ("xp.cuda.Stream(nonblocking=True)", False),
        ("xp.cuda.Event(block=True, disable_timing=True)", True),
        ("xp.cuda.Event(timing=False)", False),
    ],
)
def test_the_audit_bites(line: str, fits: bool) -> None:
    found = [wrong(use) for use in uses(line)]
    assert found and (not any(found)) == fits, found


def test_cublas_has_the_functions_that_products_call() -> None:
    """cuBLAS itself is not needed for that: the names stand in CuPy's module."""
    texts = [
        (PACKAGE / "backends" / "cuda" / name).read_text(encoding="utf-8")
        for name in ("products.py", "cublas.py")
    ]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    names = {node.attr for node in attributes if ast.unparse(node.value) in ("cublas", "of")}
    assert {"setMathMode", "setStream", "sgemm", "sgemmStridedBatched"} <= names
    spec = find_spec("cupy_backends.cuda.libs.cublas")
    assert spec and spec.origin
    module = Path(spec.origin).read_bytes()
    assert not [name for name in names if name.encode() not in module]


def nccl_in_cupy() -> tuple[bytes, dict[str, list[str]]]:
    """CuPy's module of NCCL, and the parameters of its functions; NCCL itself is not needed."""
    spec = find_spec("cupy_backends.cuda.libs.nccl")
    assert spec and spec.origin
    module = Path(spec.origin).read_bytes()
    signatures = re.findall(rb"(?:NcclCommunicator\.)?(\w+)\(([\w ,=]*)\)[\n\0]", module)
    return module, {
        name.decode(): [
            word.split("=")[0].split()[-1] for word in words.decode().split(", ") if word
        ]
        for name, words in signatures
    }


def test_nccl_has_what_the_group_calls_and_its_double_the_same_parameters() -> None:
    module, parameters = nccl_in_cupy()
    text = (PACKAGE / "group" / "nccl.py").read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)]
    of = {"nccl": Nccl, "self.nccl": Nccl, "self.comm": Communicator}
    used = {(ast.unparse(node.value), node.attr) for node in nodes if ast.unparse(node.value) in of}
    assert {("self.comm", "send"), ("self.comm", "recv"), ("self.nccl", "groupEnd")} <= used
    for owner, name in sorted(used):
        assert name.encode() in module, name
        if callable(double := getattr(of[owner], name)) and not isinstance(double, type):
            theirs = [word for word in parameters[name] if word not in ("self", "config")]
            assert list(inspect.signature(double).parameters)[1:] == theirs, name
    for dtype in ("NCCL_FLOAT32", "NCCL_FLOAT64"):
        assert dtype.encode() in module


def test_the_double_of_an_array_has_only_what_cupys_has() -> None:
    public = {name for name in vars(DeviceArray) if not name.startswith("_")}
    assert len(public) > 20
    assert not public - set(dir(cupy.ndarray))


# What is called on a stream, an event, a pool or a pointer, of which the audit sees no class.
CALLED = {
    "cuda.Stream": {"record", "wait_event", "synchronize", "__enter__", "__exit__", "ptr"},
    "cuda.Event": {"synchronize"},
    "cuda.MemoryPool": {"malloc", "total_bytes"},
    "cuda.MemoryPointer": {"copy_from_host_async", "copy_to_host_async", "ptr"},
    "cuda.Device": {"use", "pci_bus_id", "compute_capability"},
}


@pytest.mark.parametrize("name", CALLED)
def test_streams_events_and_memory_have_what_the_feed_calls(name: str) -> None:
    double = getattr(cuda_streams, name.rpartition(".")[2])
    theirs = getattr(cupy.cuda, name.rpartition(".")[2])
    methods = {each for each in CALLED[name] if each != "ptr"}
    assert methods <= set(dir(theirs)) and methods <= set(dir(double))
    invented = {each for each in vars(double) if not each.startswith("_")} - set(dir(theirs))
    assert invented <= {"null"} and (not invented or hasattr(cupy.cuda.Stream, "null"))


@pytest.mark.parametrize(
    ("files", "owners", "calls"),
    [
        (
            ("backends/cuda/feed.py",),
            ("self.bringing", "self.computing", "slot.copied", "self.pool", "x.data"),
            {"record", "wait_event", "synchronize", "malloc", "copy_from_host_async"},
        ),
        (
            ("group/gpu.py", "group/staged.py"),
            (
                *("self.stream", "self.xp.cuda.get_current_stream()", "stream", "self.device"),
                *("part.data", "total.data"),
            ),
            {
                *("record", "wait_event", "synchronize", "use"),
                *("copy_to_host_async", "copy_from_host_async"),
            },
        ),
    ],
    ids=["feed", "groups"],
)
def test_nothing_else_is_called_on_them(
    files: tuple[str, ...], owners: tuple[str, ...], calls: set[str]
) -> None:
    texts = [(PACKAGE / name).read_text(encoding="utf-8") for name in files]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    called = {
        node.func.attr
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value) in owners
    }
    assert called == calls
