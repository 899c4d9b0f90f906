"""A backend with functions of your own in place of some of its operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tinyalex import functional
from tinyalex.backends.operations import Array, Operations
from tinyalex.errors import BackendError, ConfigError, unknown

Function = Callable[..., Any]
Kind = TypeVar("Kind", bound=Operations)

# What a network calls; the other names of `tinyalex.functional` are helpers of these.
OPERATIONS = tuple(name for name in functional.__all__ if name not in ("out_hw", "softmax"))
# What is built from an operation, as in the textbook; a backend's own version may not call it.
_NORM = "local_response_norm_relu_backward"
PARTS = {
    "im2col": ("conv2d", "conv2d_backward", "conv2d_relu"),
    "col2im": ("conv2d_backward",),
    "conv2d": ("conv2d_relu",),
    "relu": ("conv2d_relu",),
    "local_response_norm_backward": (_NORM,),
    "relu_backward": (_NORM,),
}


def with_functions(backend: Kind, functions: Mapping[str, Function]) -> Kind:
    """See `Backend.replaced`."""
    for name, function in functions.items():
        if name not in OPERATIONS:
            raise unknown("operation", name, OPERATIONS)
        if not callable(function):
            raise ConfigError(
                f"replaced: {name} must be a function (got {type(function).__name__})",
                f"a function with the arguments of tinyalex.functional.{name}",
            )
    users = {user for name in functions for user in PARTS.get(name, ())}
    textbook = {name: vars(Operations)[name] for name in users}
    methods = {name: _method(name, function) for name, function in functions.items()}
    own = {**backend.own, **{name: place_of(function) for name, function in functions.items()}}
    kind = type(backend)
    takes = {
        name: how for name, how in kind.takes_bfloat16.items() if name not in users | methods.keys()
    }
    changed = {
        **textbook,
        **methods,
        "own": own,
        "takes_bfloat16": takes,
        "replaces": {**kind.replaces, **{name: f"replaced by {own[name]}" for name in functions}},
        "__reduce__": _refuse_to_pickle,
    }
    new: Kind = object.__new__(type(f"Replaced{kind.__name__}", (kind,), changed))
    new.__dict__.update(backend.__dict__)
    return new


def place_of(function: Function) -> str:
    """Name and file of a function, for people: ``"my_relu (mine.py)"``."""
    name = getattr(function, "__qualname__", type(function).__name__)
    code = getattr(function, "__code__", None)
    file = "" if code is None else code.co_filename.replace("\\", "/").rpartition("/")[2]
    return f"{name} ({file})" if file else name


def _method(name: str, function: Function) -> Function:
    """The backend's method of an operation, which calls the function on the whole batch."""
    if name == "relu":

        def relu(self: Operations, x: Array, inplace: bool = False) -> Array:
            return _result(function(x), x if inplace else None)

        return relu
    if name == "relu_backward":

        def relu_backward(self: Operations, dy: Array, y: Array, inplace: bool = False) -> Array:
            return _result(function(dy, y), dy if inplace else None)

        return relu_backward
    if name == "sgd_step":

        def step(self: Operations, w: Array, g: Array, v: Array, *numbers: float) -> None:
            w[...], v[...] = function(w, g, v, *numbers)

        return step

    def method(self: Operations, *args: Any) -> Any:
        return function(*args)

    return method


def _result(result: Array, target: Array | None) -> Array:
    """The result, in ``target`` if there is one."""
    if target is None:
        return result
    target[...] = result
    return target


def _refuse_to_pickle(self: Any) -> Any:
    raise BackendError(
        "a backend with replaced operations cannot be pickled: the file would not hold your "
        "functions",
        f"backends.get({self.name!r}).replaced(...) again, where it is needed",
    )
