"""A student's functions with the arguments and results of `tinyalex.functional`.

The exercises' functions take one stride for both axes and the input where the package's backward
passes take what the forward pass found (the argmax, the scale). Here is what lies between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from tinyalex import functional as F
from tinyalex.backends import Backend
from tinyalex.errors import ConfigError
from tinyalex.functional.arrays import pad
from tinyalex.learn.own import supply
from tinyalex.learn.own.answers import OwnAnswer
from tinyalex.learn.own.calling import Array, OwnFunction

Pair = Sequence[int]


class PoolInput(NamedTuple):
    """What a student's backward pass of pooling needs, in place of the argmax."""

    x: Array
    ceil_mode: bool


class NormConstant(NamedTuple):
    """What a student's backward pass of the normalisation needs, in place of the scale."""

    k: float


class Kept(NamedTuple):
    """What a student's dropout needs backward, in place of the mask."""

    keep: Array
    p: float
    inverted: bool


class OwnOperations:
    """The operations that a student's answers can give.

    Parameters
    ----------
    answers : dict of str to OwnAnswer
        Right answers, by exercise.
    im2col : str
        Exercise 19 is used only if it is named here: without a GPU it takes very long.
    """

    def __init__(self, answers: Mapping[str, OwnAnswer], im2col: str = "") -> None:
        self.answers = dict(answers)
        self.im2col_from = im2col
        self._functions: dict[tuple[str, str], OwnFunction] = {}

    def choice(self, operation: str, variant: str = "") -> supply.Alternative:
        """The exercises that stand for an operation; empty if the package's code does."""
        return supply.choice(operation, variant, self.answers, self.im2col_from)

    def own(self, exercise: str, function: str) -> OwnFunction:
        """A function of an answer."""
        key = exercise, function
        if key not in self._functions:
            self._functions[key] = OwnFunction(self.answers[exercise], function)
        return self._functions[key]

    def backend(self, base: Backend) -> Backend:
        """``base`` with these operations in place of its own."""
        return base.replaced(**self.functions())

    def functions(self) -> dict[str, Callable[..., Any]]:
        """The operations that are the student's, under the names of `tinyalex.functional`."""
        found: dict[str, Callable[..., Any]] = {}
        for operation, variant in supply.SUPPLY:
            if self.choice(operation, variant):
                found[operation] = getattr(self, operation)
        for operation in ("conv2d", "conv2d_backward"):
            both = [self.choice(operation, variant) for variant in ("", "groups")]
            if all(not exercises or self._is_product(exercises) for exercises in both):
                found.pop(operation, None)  # the textbook's, which calls this im2col and col2im
        for forward in ("dropout", "cross_entropy"):
            if forward in found:
                found[f"{forward}_backward"] = getattr(self, f"{forward}_backward")
        for backward in ("max_pool2d", "local_response_norm"):  # forward keeps what this needs
            if f"{backward}_backward" in found:
                found[backward] = getattr(self, backward)
        return found

    def _is_product(self, exercises: supply.Alternative) -> bool:
        """Whether a convolution is the package's matrix product with a student's im2col, col2im."""
        return {*exercises} <= {*supply.IM2COL, supply.IM2COL_CUDA, "03_col2im"}

    # ------------------------------------------------------------------ convolution

    def im2col(self, x: Array, kernel_size: Pair, stride: Pair, padding: Pair) -> Array:
        (exercise,) = self.choice("im2col")
        (KH, KW), s, p = kernel_size, _both(stride, "stride"), _both(padding, "padding")
        OH, OW = F.out_hw(x.shape, kernel_size, stride, padding)
        shape = (len(x), x.shape[1] * KH * KW, OH * OW)
        launch = _launch(int(np.prod(shape))) if exercise == supply.IM2COL_CUDA else ()
        return self.own(exercise, "im2col").array(x, shape, x, (KH, KW), s, p, *launch)

    def col2im(
        self, cols: Array, x_shape: Sequence[int], kernel_size: Pair, stride: Pair, padding: Pair
    ) -> Array:
        shape, kernel = tuple(x_shape), (kernel_size[0], kernel_size[1])
        s, p = _both(stride, "stride"), _both(padding, "padding")
        return self.own("03_col2im", "col2im").array(cols, shape, cols, shape, kernel, s, p)

    def conv2d(
        self, x: Array, weight: Array, bias: Array, stride: Pair, padding: Pair, groups: int = 1
    ) -> Array:
        exercises = self.choice("conv2d", "groups" if groups > 1 else "")
        if self._is_product(exercises):
            y: Array = F.conv2d(x, weight, bias, stride, padding, groups, im2col=self._im2col())
            return y
        s, p = _both(stride, "stride"), _both(padding, "padding")
        hw = F.out_hw(x.shape, weight.shape[2:], stride, padding)
        if exercises == ("17_grouped_conv",):
            shape = (len(x), len(weight), *hw)
            own = self.own("17_grouped_conv", "grouped_conv2d")
            return own.array(x, shape, x, weight, bias, groups, s, p)
        own = self.own("01_conv_loops", "conv2d")
        shape = (len(x), len(weight) // groups, *hw)
        each = _groups(groups, (x, 1), (weight, 0), (bias, 0))
        return np.concatenate([own.array(x, shape, *group, s, p) for group in each], axis=1)

    def conv2d_backward(
        self,
        dy: Array,
        x: Array,
        weight: Array,
        stride: Pair,
        padding: Pair,
        groups: int = 1,
        needs_dx: bool = True,
    ) -> tuple[Array | None, Array, Array]:
        exercises = self.choice("conv2d_backward", "groups" if groups > 1 else "")
        if self._is_product(exercises):
            how = {"im2col": self._im2col()}
            how |= {"col2im": self.col2im} if "03_col2im" in exercises else {}
            return F.conv2d_backward(dy, x, weight, stride, padding, groups, needs_dx, **how)
        s, p = _both(stride, "stride"), _both(padding, "padding")
        if exercises == ("23_grouped_conv_backward",):
            shapes = x.shape, weight.shape, (len(weight),)
            own = self.own("23_grouped_conv_backward", "grouped_conv2d_backward")
            dx, dw, db = own.arrays(x, shapes, dy, x, weight, groups, s, p)
        else:
            own = self.own("04_conv_backward", "conv2d_backward")
            each = [
                own.arrays(x, (xg.shape, wg.shape, (len(wg),)), dyg, xg, wg, s, p)
                for dyg, xg, wg in _groups(groups, (dy, 1), (x, 1), (weight, 0))
            ]
            dxs, dws, dbs = zip(*each, strict=True)
            dx, dw, db = np.concatenate(dxs, axis=1), np.concatenate(dws), np.concatenate(dbs)
        return (dx if needs_dx else None), dw, db

    def _im2col(self) -> Callable[..., Array]:
        return self.im2col if self.choice("im2col") else F.im2col

    # ------------------------------------------------------------------ other layers

    def linear(self, x: Array, weight: Array, bias: Array) -> Array:
        shape = (len(x), len(weight))
        return self.own("05_linear", "linear").array(x, shape, x, weight, bias)

    def linear_backward(
        self, dy: Array, x: Array, weight: Array, needs_dx: bool = True
    ) -> tuple[Array | None, Array, Array]:
        shapes = x.shape, weight.shape, (len(weight),)
        dx, dw, db = self.own("05_linear", "linear_backward").arrays(x, shapes, dy, x, weight)
        return (dx if needs_dx else None), dw, db

    def relu(self, x: Array) -> Array:
        return self.own("06_relu", "relu").array(x, x.shape, x)

    def relu_backward(self, dy: Array, y: Array) -> Array:
        """The exercise takes relu's input x: it is positive where the result y is."""
        return self.own("06_relu", "relu_backward").array(dy, dy.shape, dy, y)

    def max_pool2d(
        self, x: Array, kernel_size: Pair, stride: Pair, ceil_mode: bool = False
    ) -> tuple[Array, Any]:
        variant = "ceil" if ceil_mode else ""
        exercises, argmax = self.choice("max_pool2d", variant), None
        if not exercises:
            y, argmax = F.max_pool2d(x, kernel_size, stride, ceil_mode)
        else:
            k, s = _both(kernel_size, "kernel_size"), _both(stride, "stride")
            hw = F.out_hw(x.shape, kernel_size, stride, ceil_mode=ceil_mode)
            shape = (*x.shape[:2], *hw)
            if exercises == ("09_ceil_pool",):
                y = self.own("09_ceil_pool", "max_pool2d_ceil").array(x, shape, x, k, s)
            else:  # exercise 07, on an image that is large enough for all windows
                own = self.own("07_max_pool", "max_pool2d")
                y = own.array(x, shape, _covered(x, hw, k, s), k, s)
        if self.choice("max_pool2d_backward", variant):
            return y, PoolInput(x, ceil_mode)
        return y, F.max_pool2d(x, kernel_size, stride, ceil_mode)[1] if argmax is None else argmax

    def max_pool2d_backward(
        self, dy: Array, found: Any, x_shape: Sequence[int], kernel_size: Pair, stride: Pair
    ) -> Array:
        if not isinstance(found, PoolInput):
            ours: Array = F.max_pool2d_backward(dy, found, x_shape, kernel_size, stride)
            return ours
        k, s = _both(kernel_size, "kernel_size"), _both(stride, "stride")
        x, variant = found.x, "ceil" if found.ceil_mode else ""
        if self.choice("max_pool2d_backward", variant) == ("22_ceil_pool_backward",):
            own = self.own("22_ceil_pool_backward", "max_pool2d_ceil_backward")
            return own.array(dy, x.shape, dy, x, k, s)
        covered = _covered(x, dy.shape[2:], k, s)
        own = self.own("08_pool_backward", "max_pool2d_backward")
        dx = own.array(dy, covered.shape, dy, covered, k, s)
        return dx[:, :, : x.shape[2], : x.shape[3]]

    def local_response_norm(
        self, x: Array, size: int, alpha: float, beta: float, k: float
    ) -> tuple[Array, Any]:
        scale = None
        if self.choice("local_response_norm", "" if size % 2 else "even"):
            own = self.own("10_lrn", "local_response_norm")
            y = own.array(x, x.shape, x, size, alpha, beta, k)
        else:
            y, scale = F.local_response_norm(x, size, alpha, beta, k)
        if self.choice("local_response_norm_backward"):
            return y, NormConstant(k)
        return y, F.local_response_norm(x, size, alpha, beta, k)[1] if scale is None else scale

    def local_response_norm_backward(
        self, dy: Array, x: Array, found: Any, size: int, alpha: float, beta: float
    ) -> Array:
        own = self.own("11_lrn_backward", "lrn_backward")
        return own.array(dy, x.shape, dy, x, size, alpha, beta, found.k)

    def dropout(self, x: Array, draw: Array, p: float, inverted: bool = True) -> tuple[Array, Kept]:
        kept = Kept(draw >= p, p, inverted)
        return self._dropout(x, kept), kept

    def dropout_backward(self, dy: Array, kept: Kept) -> Array:
        """The exercise: "the backward pass is the same function, with dy instead of x"."""
        return self._dropout(dy, kept)

    def _dropout(self, x: Array, kept: Kept) -> Array:
        own = self.own("12_dropout", "dropout_inverted" if kept.inverted else "dropout_paper")
        return own.array(x, x.shape, x, kept.keep, kept.p, True)

    # ------------------------------------------------------------------ loss, step, images

    def cross_entropy(self, logits: Array, labels: Array) -> Any:
        return logits.dtype.type(self._loss(logits, labels)[0])

    def cross_entropy_backward(self, logits: Array, labels: Array) -> Array:
        return self._loss(logits, labels)[1]

    def _loss(self, logits: Array, labels: Array) -> tuple[float, Array]:
        own = self.own("15_softmax_cross_entropy", "softmax_cross_entropy")
        loss, dlogits = own.several(2, logits, labels)
        shapes = (), logits.shape
        loss, dlogits = (
            own.checked(np.asarray(result), logits, shape, (logits, labels))
            for result, shape in zip((loss, dlogits), shapes, strict=True)
        )
        return float(loss), dlogits

    def sgd_step(
        self, w: Array, g: Array, v: Array, lr: float, momentum: float, weight_decay: float
    ) -> tuple[Array, Array]:
        own = self.own("16_sgd", "sgd_step")
        shapes = w.shape, v.shape
        w, v = own.arrays(w, shapes, w, v, g, float(lr), float(momentum), float(weight_decay))
        return w, v

    def augment(
        self,
        images: Array,
        tops: Array,
        lefts: Array,
        mirrors: Array,
        crop: Sequence[int],
        mean: Array | None,
        colour: Array | None,
        scale: Any,
    ) -> Array:
        own = self.own("13_crop_mirror", "crop_mirror")
        N, C, crop = len(images), images.shape[3], (int(crop[0]), int(crop[1]))
        crops = own.array(images, (N, *crop, C), images, tops, lefts, mirrors, crop)
        if colour is not None and self.choice("augment", "colour")[1:]:
            # The loader has multiplied the random numbers with the components: colours one by one.
            own, crops = self.own("14_pca_colour", "colour_shift"), crops.astype(np.float64)
            crops = own.array(crops, crops.shape, crops, np.ones(C), np.eye(C), colour)
            colour = None
        x = crops.transpose(0, 3, 1, 2).astype(np.float32)
        if mean is not None:
            x -= mean
        if colour is not None:
            x += colour[:, :, None, None]
        x *= np.asarray(scale, np.float32).reshape(-1, 1, 1)
        return x


def _both(pair: Pair, name: str) -> int:
    """The one number for both axes that an exercise's function takes."""
    height, width = pair
    if height != width:
        raise ConfigError(
            f"the exercises' functions take one {name} for both axes (got {tuple(pair)})",
            "another model",
        )
    return int(height)


def _groups(count: int, *arrays: tuple[Array, int]) -> Any:
    """For each group, its part of each array along the given axis."""
    return zip(*(np.split(a, count, axis) for a, axis in arrays), strict=True)


def _covered(x: Array, hw: Sequence[int], kernel: int, stride: int) -> Array:
    """``x`` with minus infinity where windows reach over the lower and the right edge."""
    below, right = (
        max(0, (n - 1) * stride + kernel - size) for n, size in zip(hw, x.shape[2:], strict=True)
    )
    covered: Array = pad(x, (0, below), (0, right), -np.inf)
    return covered


def is_simulated() -> bool:
    """Whether Numba's kernels run in its simulator."""
    from numba.core import config

    return bool(getattr(config, "ENABLE_CUDASIM", False))


def _launch(numbers: int) -> tuple[int, int]:
    """Blocks and threads for a kernel that writes so many numbers: few in the simulator."""
    return (2, 8) if is_simulated() else (min(-(-numbers // 256), 65_535), 256)
