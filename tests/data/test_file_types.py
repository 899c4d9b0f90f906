"""Files that are not images are named by their content."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.pictures import encode, noise
from tinyalex.data.decode import check_header, read_image
from tinyalex.data.file_types import FIRST_BYTES, looks_like
from tinyalex.errors import DataError


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        file.writestr("1.txt", b"text")
    return stream.getvalue()


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("1.txt"))
    return stream.getvalue()


KINDS = [
    ("a text file", "what is to be done: milk, café\n".encode()),
    ("a text file", b"label,file\n1,a.jpg\n" * 200),
    ("a text file", ("ä" * 2000).encode()),
    ("a web page", b"\n<!DOCTYPE html><html><body>404</body></html>"),
    ("an SVG drawing", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'),
    ("a PDF document", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    ("a ZIP archive", zipped()),
    ("a tar archive", tarred()),
    ("a video", b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00"),
]


@pytest.mark.parametrize(("kind", "content"), KINDS)
def test_a_file_that_is_not_an_image_is_named_by_its_content(
    tmp_path: Path, kind: str, content: bytes
) -> None:
    (tmp_path / "cat.jpg").write_bytes(content)
    with pytest.raises(DataError, match=f"cat.jpg: not a readable image but {kind}\n") as refused:
        check_header(tmp_path / "cat.jpg")
    assert "image editor" not in str(refused.value)


@given(st.text(min_size=1, alphabet=st.characters(categories=["L", "N", "P", "Zs"])))
def test_text_in_any_language_is_text_wherever_it_is_cut(text: str) -> None:
    content = (text * FIRST_BYTES).encode()
    assert looks_like(b"a" + content[: FIRST_BYTES - 1]) == "a text file"


def test_images_and_noise_are_not_text(tmp_path: Path) -> None:
    for kind in ("PNG", "JPEG", "BMP"):
        assert looks_like(encode(noise((9, 9, 3)), kind)[:FIRST_BYTES]) == ""
    assert looks_like(noise((FIRST_BYTES,)).tobytes()) == looks_like(b"") == ""
    (tmp_path / "p.ppm").write_bytes(b"P3 1 1 255 10 20 30\n")  # a picture that is text
    assert read_image(tmp_path / "p.ppm", 1, 3).ravel().tolist() == [10, 20, 30]
