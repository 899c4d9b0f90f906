"""Grey of more than 8 bits in TIFF files, whether 0 is black or white."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import write
from tinyalex.data import read_image
from tinyalex.data.prepare import Form

WHITE_IS_ZERO, BLACK_IS_ZERO = 0, 1


def tiff(values: np.ndarray, bits: int, photometric: int, kind: int = 1, order: str = "<") -> bytes:
    """A TIFF file of one strip, without compression."""
    height, width = values.shape
    if bits == 12:
        rows = ["".join(f"{v:012b}" for v in row) for row in values.tolist()]
        body = b"".join(int(row, 2).to_bytes(len(row) // 8) for row in rows)
    else:
        body = values.tobytes()
    tags = ((256, width), (257, height), (258, bits), (259, 1), (262, photometric), (273, 8))
    tags += ((277, 1), (278, height), (279, len(body)), (339, kind))
    rows = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}I", 8 + len(body))
    return head + body + struct.pack(f"{order}H", len(tags)) + rows + bytes(4)


@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
@pytest.mark.parametrize("code", ["u1", "<u2", ">u2", "<f4"])
def test_grey_is_never_inverted(tmp_path: Path, code: str, photometric: int) -> None:
    most, bits, kind = {"u1": (255, 8, 1), "f4": (1, 32, 3)}.get(code[-2:], (65535, 16, 1))
    shown = np.array([[0, 0.2], [0.6, 1]])
    held = shown if photometric == BLACK_IS_ZERO else 1 - shown
    order = ">" if code.startswith(">") else "<"
    content = tiff((held * most).round(2).astype(code), bits, photometric, kind, order)
    for pixels in (
        read_image(write(tmp_path / "a.tif", content), 2, 3),
        Form(size=2).make(content)[1],
    ):
        np.testing.assert_allclose(pixels[..., 0], shown * 255, atol=1)


@pytest.mark.parametrize("photometric", [WHITE_IS_ZERO, BLACK_IS_ZERO])
def test_twelve_bits_reach_black_and_white(tmp_path: Path, photometric: int) -> None:
    values = np.array([[0, 0x800], [0x7FF, 0xFFF]])
    path = write(tmp_path / "a.tif", tiff(values, 12, photometric))
    wanted = np.array([[0, 128], [127, 255]])
    wanted = wanted if photometric == BLACK_IS_ZERO else 255 - wanted
    np.testing.assert_array_equal(read_image(path, 2, 1)[..., 0], wanted)
