"""A small JPEG file with thousands of scans would take minutes to decode: it is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import ImageFile

from tests.data.pictures import encode, write
from tests.data.prepare.test_convert import smooth
from tinyalex.data import jpeg, read_image
from tinyalex.data.packed import decoders
from tinyalex.data.prepare import Form
from tinyalex.errors import DataError


def of_scans(number: int) -> bytes:
    """A progressive file with ``number`` scans, the last of which is repeated."""
    content = encode(smooth(48, 48), "JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    more = number - content.count(b"\xff\xda")
    return content[:-2] + content[last:-2] * more + content[-2:]


@pytest.fixture
def undecoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No decoder may be called."""

    def decode(*_: object) -> None:
        raise AssertionError("decoding has begun")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    monkeypatch.setattr(decoders.simplejpeg, "decode_jpeg", decode)


SAID = "it has 3,000 scans, at most 500 are decoded"


def test_an_image_of_a_folder_is_refused(tmp_path: Path, undecoded: None) -> None:
    path = write(tmp_path / "bomb.jpg", of_scans(3000))
    with pytest.raises(DataError, match=rf"bomb\.jpg: the image is damaged \({SAID}\)"):
        read_image(path, 32, 3)


@pytest.mark.parametrize("form", [Form(), Form("jpeg", "keep")])
def test_an_image_to_prepare_is_refused(form: Form, undecoded: None) -> None:
    with pytest.raises(DataError, match=SAID):
        form.make(of_scans(3000))


@pytest.mark.parametrize("name", ["turbo", "pillow"])
def test_a_packed_record_is_refused(name: str, undecoded: None) -> None:
    payload = np.frombuffer(of_scans(3000), np.uint8)
    with pytest.raises(DataError, match=SAID):
        next(decoders.get_decoder(name)([payload]))


def test_the_gpus_decoder_refuses_it_too() -> None:
    codec = object.__new__(decoders.NvImageCodec)  # without a GPU
    codec._lock = decoders.threading.Lock()
    with pytest.raises(DataError, match=SAID):
        next(codec([np.frombuffer(of_scans(3000), np.uint8)]))


def test_as_many_scans_as_an_encoder_may_write_are_read(tmp_path: Path) -> None:
    jpeg.check_scans(of_scans(500))
    with pytest.raises(DataError, match="501 scans"):
        jpeg.check_scans(of_scans(501))
    path = write(tmp_path / "usual.jpg", encode(smooth(48, 48), "JPEG", progressive=True))
    assert path.read_bytes().count(b"\xff\xda") == 10
    assert read_image(path, 32, 3).shape == (32, 32, 3)
