"""Files from strangers: any change gives our own error, and no code in a file is run."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from tests.data.prepare.archives import IDS, meta_mat
from tests.soak import tries
from tests.weights.caffe_file import Style, chunk, layer, mean_file
from tests.weights.nets import run_of
from tinyalex import layers, models, weights
from tinyalex.data.prepare.labels import classes_of_kit
from tinyalex.errors import CheckpointError, DataError, TinyalexError
from tinyalex.models import ModelSpec
from tinyalex.weights.means import parse_mean

# ---------------------------------------------------------------------- single cases


class Bomb:
    """Code that runs when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("exploded").touch, ())


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)  # a pickle where the array holds objects
    return stream.getvalue()


def header(text: str) -> bytes:
    plain = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(plain).to_bytes(2, "little") + plain + b"\0" * 64


MEANS = {
    "objects": (npy(np.array([[[Bomb()]]], object)), "Python objects"),
    "a pickle": (b"\x80\x04\x95\x08\x00\x00\x00", "not a .npy file"),
    "an archive": (b"PK\x03\x04" + b"\0" * 60, "not a .npy file"),
    "nothing": (b"", "not a .npy file"),
    "its magic alone": (b"\x93NUMPY", "damaged header, or is cut"),
    "a huge shape": (
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 999999, 999999)}"),
        "damaged header, or is cut",
    ),
    "a shape beyond 64 bits": (
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1" + "0" * 30 + ", 1)}"),
        "damaged header, or is cut",
    ),
    "a size below 0": (
        header("{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 1, 1)}"),
        "mean.npy",
    ),
    "a deep header": (header("(" * 9000), "damaged header"),
    "a long sum": (header("{'descr': " + "-" * 9000 + "1}"), "damaged header"),
    "text": (npy(np.array([[["a"]]])), "must be numbers"),
    "other dimensions": (npy(np.zeros((3, 4))), r"must be numbers \(C, H, W\)"),
    "cut": (npy(np.zeros((3, 4, 4)))[:-1], "damaged header, or is cut"),
}


@pytest.mark.parametrize(("content", "says"), MEANS.values(), ids=MEANS)
def test_a_mean_that_is_no_array_of_numbers_is_refused_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mean.npy").write_bytes(content)
    with pytest.raises((CheckpointError, TinyalexError), match=says) as caught:
        parse_mean(str(tmp_path / "mean.npy"), 3)
    assert "allow_pickle" not in str(caught.value)
    assert not (tmp_path / "exploded").exists()


def test_a_mean_in_fortrans_order_is_the_same(tmp_path: Path) -> None:
    mean = np.arange(60, dtype=np.float64).reshape(3, 4, 5)
    np.save(tmp_path / "mean.npy", np.asfortranarray(mean))
    np.testing.assert_array_equal(parse_mean(str(tmp_path / "mean.npy"), 3), mean)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 0.0, 1.5, 1e300])
def test_a_kits_id_that_is_no_integer_is_refused(number: float) -> None:
    content = meta_mat(IDS, compress=False)
    # The ids lie as small elements: storage type 4 (uint16), 2 bytes. One becomes a double.
    small = (4 | 2 << 16).to_bytes(4, "little") + (3).to_bytes(4, "little")
    at = content.index(small)
    eight = (9).to_bytes(4, "little") + (8).to_bytes(4, "little") + np.float64(number).tobytes()
    assert len(small) == 8
    grown = content[:at] + eight + content[at + 8 :]
    grown = lengthened(grown, at, 8)
    with pytest.raises(DataError, match="has the id"):
        classes_of_kit(grown, "meta.mat")


def lengthened(content: bytes, at: int, more: int) -> bytes:
    """A MATLAB file in which the elements around byte ``at`` are ``more`` bytes longer."""
    data = bytearray(content)

    def visit(begin: int, end: int) -> None:
        while begin < end:
            kind, size = (int.from_bytes(data[begin + i : begin + i + 4], "little") for i in (0, 4))
            if kind >> 16:
                begin += 8
                continue
            start, grown = begin + 8, size
            if kind == 14 and start <= at < start + size + more:
                grown = size + more
                data[begin + 4 : begin + 8] = grown.to_bytes(4, "little")
                visit(start, start + grown)
            begin = start + -(-grown // 8) * 8

    visit(128, len(data))
    return bytes(data)


class Tensor:
    """As much of a PyTorch tensor as the reader uses."""

    def __init__(self, shape: tuple[int, ...], stored: int, meta: bool = False) -> None:
        self.shape, self.stored, self.is_meta, self.layout = shape, stored, meta, "strided"

    def is_floating_point(self) -> bool:
        return True

    def numel(self) -> int:
        return int(np.prod(self.shape))

    def element_size(self) -> int:
        return 4

    def untyped_storage(self) -> Any:
        return SimpleNamespace(nbytes=lambda: self.stored)


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (Tensor((4, 5), 0, meta=True), "without any"),
        (Tensor((1 << 15, 1 << 14), 4), "that repeats a few"),
    ],
)
def test_a_pytorch_tensor_without_all_its_numbers_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tensor: Tensor, says: str
) -> None:
    torch = SimpleNamespace(
        Tensor=Tensor, strided="strided", load=lambda *_, **__: {"features.0.weight": tensor}
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    (tmp_path / "net.pth").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=f"all its numbers in the file .got.*{says}"):
        weights.read(tmp_path / "net.pth")


# ---------------------------------------------------------------------- changed files


def micro(image: tuple[int, int, int], classes: int, dropout: str) -> layers.Sequential:
    """A network of a few numbers."""
    features = [layers.Conv2d(image[0], 2, 5, stride=4), layers.ReLU(), layers.LocalResponseNorm()]
    parts = {"features": layers.Sequential([*features, layers.MaxPool2d(2)])}
    parts |= {"flatten": layers.Flatten()}  # type: ignore[dict-item]
    return layers.Sequential(
        {**parts, "classifier": layers.Sequential([layers.Linear(2, classes)])}
    )


def of_caffe(image: tuple[int, int, int], classes: int, dropout: str) -> layers.Sequential:
    """`alexnet-caffe` cut down to two layers."""
    features = layers.Sequential([layers.Conv2d(image[0], 2, 11, stride=8), layers.ReLU()])
    body = {"features": features, "flatten": layers.Flatten()}
    return layers.Sequential({**body, "classifier": layers.Sequential([layers.Linear(1568, 2)])})


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    make_small(monkeypatch)


def make_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the two networks whose files are changed by small ones."""
    for name, builder in (("tiny", micro), ("alexnet-caffe", of_caffe)):
        spec = ModelSpec(**{**vars(models.spec(name)), "builder": builder})
        monkeypatch.setitem(models._SPECS, name, spec)


def caffemodel() -> bytes:
    w, style = np.ones((2, 3, 11, 11), "f4"), Style()
    conv = layer("conv", "Convolution", style, (w, w[:, 0, 0, 0]), group=1, stride=8, pad=0)
    fc = layer("fc", "InnerProduct", style, (np.ones((2, 1568), "f4"), np.ones(2, "f4")))
    return chunk(1, b"net") + conv + fc


def exported(suffix: str, folder: Path) -> bytes:
    path = folder / f"whole{suffix}"
    weights.export(run_of("tiny"), path)
    return path.read_bytes()


def as_bfloat16(folder: Path) -> bytes:
    """Only the first filters, as bfloat16, which NumPy does not have."""
    F16 = save({"features.0.weight": np.ones((2, 1, 5, 5), "f2")})
    return F16.replace(b'"F16"', b'"BF16"').replace(b"}}  ", b"}} ", 1)


def read_weights(path: Path) -> None:
    weights.read(path, mean="80" if path.suffix != ".caffemodel" else "1,2,3")


KINDS: dict[str, tuple[Callable[[Path], bytes], Callable[[Path], Any]]] = {
    ".safetensors": (lambda folder: exported(".safetensors", folder), read_weights),
    ".bf16.safetensors": (lambda folder: as_bfloat16(folder), read_weights),
    ".onnx": (lambda folder: exported(".onnx", folder), read_weights),
    ".caffemodel": (lambda _: caffemodel(), read_weights),
    ".npy": (lambda _: npy(np.ones((3, 8, 8), "f4")), lambda path: parse_mean(str(path), 3)),
    ".binaryproto": (
        lambda _: mean_file(np.ones((3, 8, 8), "f4")),
        lambda path: parse_mean(str(path), 3),
    ),
    ".mat": (
        lambda _: meta_mat(IDS, compress=False),
        lambda path: classes_of_kit(path.read_bytes(), path.name),
    ),
}


def changed(content: bytes, rng: np.random.Generator) -> bytes:
    """A file with bytes changed, cut, inserted, repeated, or overwritten with a huge number."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        # Headers lie at the beginning: most changes are there.
        reach = len(data) if rng.random() < 0.3 else min(len(data), 400)
        at = int(rng.integers(0, max(reach, 1)))
        length = int(rng.integers(1, 9))
        match rng.integers(0, 6):
            case 0:
                data[at : at + 1] = bytes([int(rng.integers(0, 256))])
            case 1:
                del data[at:]
            case 2:
                del data[at : at + length]
            case 3:
                data[at:at] = rng.bytes(length)
            case 4:
                data[at:at] = data[at : at + 40]
            case _:
                data[at : at + length] = (b"\xff" * 8, b"\x7f" + b"\xff" * 7)[length % 2][:length]
    return bytes(data)


@pytest.mark.parametrize(
    "count", [100, pytest.param(tries(5_000), marks=pytest.mark.slow, id="many")]
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_file_is_read_or_gives_our_error(
    small: None, tmp_path: Path, kind: str, count: int
) -> None:
    if kind == ".onnx":
        pytest.importorskip("onnx", exc_type=ImportError)
    make, read = KINDS[kind]
    whole, path = make(tmp_path), tmp_path / f"net{kind}"
    rng, refused = np.random.default_rng(count), 0
    for _ in range(count):
        path.write_bytes(changed(whole, rng))
        try:
            read(path)
        except TinyalexError as error:
            refused += 1
            assert str(error).isprintable() or "\n" in str(error)
    assert refused > count / 4  # the changes matter
