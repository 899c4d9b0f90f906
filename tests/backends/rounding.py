"""How far apart two computations of the same sums may be, whatever the order of their additions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinyalex.layers import Conv2d

Host = np.ndarray[Any, Any]


def of_convolution(layer: Conv2d, x: Host, dy: Host) -> dict[str, Host]:
    """The most by which each number of y, dx, weight and bias may differ between two programs.

    A sum of n products that are added in any order, fused or not, is off by at most
    n * u * (sum of the products' absolute values), to first order in the rounding unit u
    (Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, section 3.1). Two of
    them differ by twice that. Both n, with the bias one more, and the sum of absolute values come
    from the layer itself, run on ones and on absolute values.
    """
    counts, sizes = terms_of_convolution(layer, x, dy)
    return allowed(counts, sizes, np.finfo(dy.dtype).eps / 2)


def allowed(counts: dict[str, Host], sizes: dict[str, Host], unit: float) -> dict[str, Host]:
    """The difference of two such sums, from how many terms they have and how large those are."""
    return {name: 2 * (counts[name] + 1) * unit * sizes[name] for name in sizes}


def terms_of_convolution(
    layer: Conv2d, x: Host, dy: Host
) -> tuple[dict[str, Host], dict[str, Host]]:
    """For each number of y, dx, weight and bias: how many products are added, and the sum of
    their absolute values."""

    def run(make: Any) -> dict[str, Host]:
        copy = Conv2d(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,
            layer.stride,
            layer.padding,
            groups=layer.groups,
        )
        copy.params = {key: make(np.asarray(p, np.float64)) for key, p in layer.params.items()}
        y = copy.forward(make(np.asarray(x, np.float64)))
        dx = copy.backward(make(np.asarray(dy, np.float64)))
        return {"y": y, "dx": dx, **copy.grads}

    return run(np.ones_like), run(np.abs)
