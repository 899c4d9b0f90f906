"""A checkpoint's bytes: the same for the same contents, and a change of any bit is seen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from tests.processes import environment
from tinyalex.errors import CheckpointError
from tinyalex.runs import tensors as layout
from tinyalex.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint

FILE = "checkpoint.safetensors"


def small() -> Checkpoint:
    weights = {
        "fc.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fc.bias": np.zeros(2, np.float32),
    }
    state = {"epoch": 1, "step": 0, "dropout": {"b": 1, "a": 2}, "images_trained": 7}
    return Checkpoint("tiny", weights, dict(weights), {"mean": np.ones((1, 2, 2))}, state)


@pytest.fixture
def content(tmp_path: Path) -> bytes:
    save_checkpoint(tmp_path, small())
    return (tmp_path / FILE).read_bytes()


def refuses(folder: Path, content: bytes, bits: list[int]) -> None:
    for bit in bits:
        damaged = bytearray(content)
        damaged[bit // 8] ^= 1 << bit % 8
        (folder / FILE).write_bytes(damaged)
        with pytest.raises(CheckpointError):
            load_checkpoint(folder)


def test_one_flipped_bit_anywhere_is_refused(tmp_path: Path, content: bytes) -> None:
    bits = sorted(random.Random(0).sample(range(8 * len(content)), 120))
    refuses(tmp_path, content, bits)


@pytest.mark.slow
def test_each_flipped_bit_is_refused(tmp_path: Path, content: bytes) -> None:
    refuses(tmp_path, content, list(range(8 * len(content))))


@pytest.mark.parametrize("more", [b"\0", b"\0" * 8])
def test_bytes_at_the_end_are_refused(tmp_path: Path, content: bytes, more: bytes) -> None:
    (tmp_path / FILE).write_bytes(content + more)
    with pytest.raises(CheckpointError):
        load_checkpoint(tmp_path)


def test_a_file_of_an_older_version_has_no_checksum_and_is_read(tmp_path: Path) -> None:
    made = small()
    head = {"format": "tinyalex-checkpoint-1", "model": "tiny"}
    state = made.state | {"wall_seconds": 9.0, "train_seconds": 8.0, "metrics_bytes": 70}
    tensors = {f"model/{name}": array for name, array in made.weights.items()}
    save_file(tensors, tmp_path / FILE, metadata=head | {"state": json.dumps(state)})
    found = load_checkpoint(tmp_path)
    assert found.state == state and found.clocks == {"wall_seconds": 9.0, "train_seconds": 8.0}
    np.testing.assert_array_equal(found.weights["fc.weight"], made.weights["fc.weight"])


def test_a_checksum_cannot_be_left_out(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    with safe_open(path, framework="numpy") as file:
        head = {k: v for k, v in file.metadata().items() if k != layout.DIGEST}
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(tensors, path, metadata=head)
    with pytest.raises(CheckpointError, match="checksum"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 3), (2, 3)])
def test_every_array_is_read_as_it_was_written(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    tensors = {"a": array, 'text "\\': np.asfortranarray(array), "b": np.ones(3, np.uint8)}
    (tmp_path / "x").write_bytes(b"".join(layout.to_bytes(tensors, {"k": '"sha256":"0"'})))
    with safe_open(tmp_path / "x", framework="numpy") as file:
        assert set(file.keys()) == set(tensors) and file.metadata()["k"] == '"sha256":"0"'
        for name, wanted in tensors.items():
            found = file.get_tensor(name)
            assert found.dtype == wanted.dtype and found.shape == wanted.shape
            np.testing.assert_array_equal(found, wanted)
        digest = file.metadata()[layout.DIGEST]
    assert layout.is_whole(tmp_path / "x", digest)


PROGRAM = """
import sys
from pathlib import Path
from tests.runs.test_checksum import small
from tinyalex.runs.checkpoint import save_checkpoint
save_checkpoint(Path(sys.argv[1]), small())
"""


def test_the_same_contents_are_the_same_bytes_under_any_hash_seed(
    tmp_path: Path, content: bytes
) -> None:
    digests = {sha256(content).hexdigest()}
    for seed in ("1", "2"):
        words = [sys.executable, "-c", PROGRAM, str(tmp_path)]
        subprocess.run(words, env=environment(PYTHONHASHSEED=seed), check=True)
        digests.add(sha256((tmp_path / FILE).read_bytes()).hexdigest())
    assert len(digests) == 1


def test_the_order_of_names_is_not_in_the_bytes(tmp_path: Path, content: bytes) -> None:
    made = small()
    made.weights = dict(reversed(made.weights.items()))
    made.state = dict(reversed(made.state.items()))
    made.clocks = {"wall_seconds": 3.0}
    save_checkpoint(tmp_path, made)
    assert (tmp_path / FILE).read_bytes() == content
