"""What is fastest on which kind of processor: a table, so that two trainings have the same bytes.

A measurement at the start would choose by its noise, and another algorithm rounds in another way.
The numbers come from ``docs/results/cpu/convolution_ways.py``; what was tried is in
``docs/decisions.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tinyalex.backends.numba.vector import LANES


@dataclass(frozen=True)
class Choices:
    """Choices of the convolutions for one kind of processor.

    Attributes
    ----------
    kind : the instructions
    direct : whether direct convolution is faster than im2col and BLAS
    tiles : Winograd pays for y and dx with at least this many tiles per batch
    tiles_dw : the same for the weight gradient of 3x3 and of 5x5 filters
    plane_bytes : of all of Winograd's planes, but at least one image's: filters, or their gradient,
        are read once per chunk
    """

    kind: str
    direct: bool
    tiles: float
    tiles_dw: tuple[float, float]
    plane_bytes: int


AVX512 = Choices("AVX-512", True, 192, (192, 192), 1 << 24)
AVX2 = Choices("AVX2", True, 128, (512, 192), 1 << 25)
OTHERS = replace(AVX512, kind="vectors of 4 numbers", direct=False)
TABLE = {16: AVX512, 8: AVX2, 4: OTHERS}  # by numbers per vector

IN_FORCE = TABLE[LANES]
