"""A device's array without a device: it holds its numbers on the host and refuses to give them.

What works with a CuPy array works here, and what costs a copy or a wait must be asked for by name:

- a NumPy array does not mix with it, nor does it become one (`HostArrayError`);
- within `no_waiting` the host may neither look at a value nor bring an array (`waiting`):
  no ``float(loss)``, no ``if x > 0``, no ``asarray`` of what NumPy computed.

CuPy is more lenient in some places: it uploads a NumPy array that serves as an index, and NumPy's
functions dispatch to it. A layer needs neither.
"""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.backends.cuda_graphs import capturing, queue
from tests.backends.cuda_streams import MemoryPointer, alloc, used
from tests.backends.waiting import meet

Host = np.ndarray[Any, Any]


class HostArrayError(TypeError):
    """An array of the host got where an array of the device belongs, or the other way round."""


def host_of(value: Any) -> Any:
    """The numbers behind a device's array, also within tuples and lists; refuses NumPy arrays."""
    if isinstance(value, DeviceArray):
        used(value._host.ctypes.data)
        return value._host
    if isinstance(value, np.ndarray):
        raise HostArrayError("a NumPy array among arrays of the device: asarray() brings it there")
    if isinstance(value, tuple | list):
        return type(value)(map(host_of, value))
    return value


def on_device(value: Any) -> Any:
    """What NumPy computed, as the device would hold it: also a single number is an array."""
    if isinstance(value, np.ndarray | np.generic):
        host = np.asarray(value)
        if host.base is None and host.flags.c_contiguous:  # new, and no view: as from the pool
            host = room(host.shape, host.dtype)
            host[...] = value
        return DeviceArray(host)
    if isinstance(value, tuple):
        return tuple(map(on_device, value))
    return value


def room(shape: tuple[int, ...], dtype: Any) -> Host:
    """Memory of the device."""
    nbytes = math.prod(shape) * np.dtype(dtype).itemsize
    return np.asarray(alloc(nbytes))[:nbytes].view(dtype).reshape(shape)


def lifted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy arrays as one of the device's arrays."""

    def work(*args: Any, **keywords: Any) -> Any:
        given = {name: host_of(value) for name, value in keywords.items()}
        hosts = tuple(map(host_of, args))
        compute = later if capturing() else now
        return compute(function, hosts, given)

    return work


def now(function: Callable[..., Any], hosts: tuple[Any, ...], given: dict[str, Any]) -> Any:
    return on_device(function(*hosts, **given))


def later(function: Callable[..., Any], hosts: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """The result's place, to which every launch of the graph will write; a view needs no launch."""
    with np.errstate(all="ignore"):
        result = np.asarray(function(*hosts, **given))  # of rubbish: only the shape counts
    inputs = [a for arg in hosts for a in (arg if isinstance(arg, tuple | list) else (arg,))]
    if any(isinstance(a, np.ndarray) and np.may_share_memory(result, a) for a in inputs):
        return DeviceArray(result)
    place = room(result.shape, result.dtype)
    queue(write, place, function, hosts, given)
    return DeviceArray(place)


def write(place: Host, function: Callable[..., Any], hosts: Any, given: dict[str, Any]) -> None:
    place[...] = function(*hosts, **given)


class DeviceArray:
    """See the module; ``host`` is kept, not copied."""

    __array_ufunc__ = None  # NumPy's operators leave the work to the methods below

    def __init__(self, host: Host) -> None:
        self._host = host

    # ------------------------------------------------------------------ what an array knows

    @property
    def shape(self) -> tuple[int, ...]:
        return self._host.shape

    @property
    def strides(self) -> tuple[int, ...]:
        return self._host.strides

    @property
    def dtype(self) -> Any:
        return self._host.dtype

    @property
    def device(self) -> str:
        return "cpu"

    def __array_namespace__(self, api_version: str | None = None) -> Any:
        return sys.modules["cupy"]

    @property
    def ndim(self) -> int:
        return self._host.ndim

    @property
    def size(self) -> int:
        return self._host.size

    @property
    def itemsize(self) -> int:
        return self._host.itemsize

    @property
    def nbytes(self) -> int:
        return self._host.nbytes

    @property
    def flags(self) -> Any:
        return self._host.flags

    @property
    def data(self) -> Any:
        """Where the numbers lie, as CuPy says it."""
        return MemoryPointer(self._host.ctypes.data)

    def __len__(self) -> int:
        return len(self._host)

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype})"

    # ------------------------------------------------------------------ the way to the host

    def get(self) -> Host:
        """A copy on the host; waits for the device."""
        meet("the host waits for the device")
        used(self._host.ctypes.data)
        return self._host.copy()

    def item(self) -> Any:
        return self.get().item()

    def tolist(self) -> Any:
        return self.get().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __array__(self, *args: Any, **keywords: Any) -> Any:
        raise HostArrayError("an array of the device among NumPy arrays: to_host() brings it here")

    # ------------------------------------------------------------------ parts and views

    def __getitem__(self, key: Any) -> DeviceArray:
        key = host_of(key)
        parts = key if isinstance(key, tuple) else (key,)
        if not any(part is Ellipsis for part in parts):
            parts = (*parts, Ellipsis)  # then a single number too is a view
        return DeviceArray(self._host[parts])

    def __setitem__(self, key: Any, value: Any) -> None:
        queue(operator.setitem, host_of(self), host_of(key), host_of(value))

    def __iter__(self) -> Iterator[DeviceArray]:
        return (self[i] for i in range(len(self)))

    @property
    def T(self) -> DeviceArray:
        return DeviceArray(self._host.T)

    @property
    def mT(self) -> DeviceArray:
        return DeviceArray(self._host.mT)


def _method(name: str) -> Callable[..., Any]:
    function = lifted(getattr(np.ndarray, name))
    return lambda self, *args, **keywords: function(self, *args, **keywords)


def _inplace(change: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def work(self: DeviceArray, other: Any) -> DeviceArray:
        queue(change, host_of(self), host_of(other))
        return self

    return work


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    work = lifted(function)
    return lambda self, other: work(other, self)


METHODS = (
    *("reshape", "transpose", "swapaxes", "ravel", "astype", "copy", "fill", "squeeze"),
    *("sum", "mean", "max", "min", "any", "all", "argmax", "argmin"),
)
ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
LOGIC = ("and", "or", "xor", "lshift", "rshift")
COMPARISONS = ("lt", "le", "eq", "ne", "gt", "ge")

for _name in METHODS:
    setattr(DeviceArray, _name, _method(_name))
for _name in ARITHMETIC + LOGIC:
    _function = getattr(operator, f"__{_name}__")
    setattr(DeviceArray, f"__{_name}__", lifted(_function))
    setattr(DeviceArray, f"__r{_name}__", _reflected(_function))
    setattr(DeviceArray, f"__i{_name}__", _inplace(getattr(operator, f"__i{_name}__")))
for _name in (*COMPARISONS, "neg", "pos", "abs", "invert"):
    setattr(DeviceArray, f"__{_name}__", lifted(getattr(operator, f"__{_name}__")))
DeviceArray.__hash__ = None  # type: ignore[assignment]
