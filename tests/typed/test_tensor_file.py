"""The header of a .safetensors file is checked before the library reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.typed.edits import DEEP, edits
from tinyalex.errors import CheckpointError, TinyalexError
from tinyalex.typed import open_tensors


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tensors") / "net.safetensors"
    save_file({"w": np.arange(6, dtype=np.float32), "b": np.zeros(2)}, path, {"format": "pt"})
    return path


def parts(path: Path) -> tuple[dict[str, Any], bytes]:
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def with_header(path: Path, header: str, rest: bytes) -> Path:
    path.write_bytes(len(header.encode()).to_bytes(8, "little") + header.encode() + rest)
    return path


def opened(path: Path) -> dict[str, Any]:
    with open_tensors(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_a_valid_file_is_read_with_its_metadata(sound: Path) -> None:
    with open_tensors(sound) as file:
        assert file.metadata() == {"format": "pt"}
    assert opened(sound)["w"].tolist() == [0, 1, 2, 3, 4, 5]


def test_every_edit_of_the_header_is_read_or_refused_in_our_words(
    sound: Path, tmp_path: Path
) -> None:
    header, rest = parts(sound)
    tried = refused = 0
    for _, text in edits(header):
        tried += 1
        try:
            opened(with_header(tmp_path / "net.safetensors", text, rest))
        except TinyalexError as error:
            refused += 1
            assert "net.safetensors" in error.message and error.hint
    assert tried > 150 and refused > 0.8 * tried


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (DEEP, "nested more than 32 deep"),
        ('{"__metadata__": {"a": 1' + "0" * 400 + "}}", "401 digits"),
        ('{"__metadata__": {"a": 1}}', "__metadata__.a must be text"),
        ('{"w": {"dtype": "F32", "shape": [9], "data_offsets": [0, 36]}}', "cut off"),
        (
            '{"w": {"dtype": "F32", "shape": [99999], "data_offsets": [0, 4]}}',
            "small enough for the file",
        ),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, says: str) -> None:
    path = with_header(tmp_path / "net.safetensors", header, bytes(8))
    with pytest.raises(CheckpointError, match=f"net.safetensors: its header.*{says}"):
        opened(path)


@pytest.mark.parametrize("length", [0, 7, 8, 20])
def test_a_file_that_is_cut_off_is_refused(sound: Path, tmp_path: Path, length: int) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(sound.read_bytes()[:length])
    with pytest.raises(CheckpointError, match="damaged or cut off"):
        opened(path)


def test_a_header_of_absurd_length_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    with path.open("wb") as file:
        file.write((1 << 39).to_bytes(8, "little"))
        file.truncate(1 << 40)  # takes no room on the disk
    with pytest.raises(CheckpointError, match="its header must have at most"):
        opened(path)
