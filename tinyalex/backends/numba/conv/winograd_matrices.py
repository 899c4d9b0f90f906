"""Winograd's fast convolution: the matrices.

A convolution with r taps and m outputs takes m*r products if computed directly. As a product of
polynomials, evaluated at n = m + r - 1 points, it takes n: ``y = A^T ((G w) * (B^T x))``. G is the
filter transform, B^T the input transform, A^T the output transform. In two dimensions the saving is
squared: 4 x 4 outputs of a 3 x 3 filter take 36 products, not 144.
Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (CVPR 2016); the
construction from points is Toom's and Cook's.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

# Small points keep rounding errors small; the last one is at infinity.
_POINTS = [Fraction(p) for p in ("0", "1", "-1", "2", "-2", "1/2", "-1/2")]


@cache
def matrices(m: int, r: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A^T (m, n), G (n, r) and B^T (n, n) in float64, n = m + r - 1.

    For x (n,) and w (r,): ``A^T @ ((G @ w) * (B^T @ x))`` are the m sums
    ``sum over j of w[j] * x[i + j]``.

    Raises
    ------
    ValueError
        n is above 8.
    """
    n = m + r - 1
    if n > len(_POINTS) + 1:
        raise ValueError(f"m + r - 1 must be at most {len(_POINTS) + 1} (got {n})")
    points = _POINTS[: n - 1]
    A_T = np.zeros((m, n))
    G = np.zeros((n, r))
    B_T = np.zeros((n, n))
    for i, p in enumerate(points):
        others = [q for q in points if q != p]
        scale = Fraction(1)
        for q in others:
            scale *= p - q
        A_T[:, i] = [float(p**k) for k in range(m)]
        G[i] = [float(p**k / scale) for k in range(r)]
        product = _product(others)  # of (x - q): the numerator of Lagrange's polynomial
        B_T[i, : len(product)] = [float(c) for c in product]
    A_T[m - 1, n - 1] = 1
    G[n - 1, r - 1] = 1
    B_T[n - 1] = [float(c) for c in _product(points)]
    return A_T, G, B_T


def _product(roots: list[Fraction]) -> list[Fraction]:
    """Coefficients of the product of (x - root), the lowest power first."""
    coefficients = [Fraction(1)]
    for root in roots:
        shifted = [Fraction(0), *coefficients]
        scaled = [root * c for c in coefficients] + [Fraction(0)]
        coefficients = [a - b for a, b in zip(shifted, scaled, strict=True)]
    return coefficients
