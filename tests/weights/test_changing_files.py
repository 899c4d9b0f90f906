"""Caffe files that change, or are cut, while they are read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.weights.caffe_file import chunk, mean_file
from tinyalex.errors import CheckpointError
from tinyalex.weights import caffe
from tinyalex.weights.protobuf import read_message


def test_what_was_read_does_not_change_with_the_file(tmp_path: Path) -> None:
    """A mapped file would change; if it were cut, the next access would crash the process."""
    path = tmp_path / "net.caffemodel"
    path.write_bytes(chunk(1, b"before" * 1000))
    message = read_message(path, 1 << 20)
    with path.open("r+b") as file:
        file.write(b"after" * 1000)
    assert message.text(1) == "before" * 1000


def test_a_file_that_is_cut_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mean.binaryproto"
    content = mean_file(np.ones((3, 4, 4)))

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(size)[:-48]

    def cut(*_: Any, **__: Any) -> Cut:
        return Cut(content)

    monkeypatch.setattr(Path, "open", cut)
    with pytest.raises(CheckpointError, match=r"binaryproto: has become shorter .*\nTry: "):
        caffe.read_mean(path)


def test_a_file_that_is_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "net.caffemodel"
    path.write_bytes(bytes(1001))
    monkeypatch.setattr(caffe, "MOST_BYTES", 1000)
    with pytest.raises(CheckpointError, match=r"at most 1,000 bytes \(got 1,001\)"):
        caffe.caffe_layers(path)
