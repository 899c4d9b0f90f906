"""An imported .caffemodel gives the logits of Caffe's own arithmetic."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.weights import caffe_file
from tests.weights.caffe_file import CaffeNet, Style, chunk, mean_file, varint, whole
from tests.weights.nets import assert_same_logits, images, make_narrow
from tinyalex import weights
from tinyalex.errors import CheckpointError, ConfigError, TinyalexError
from tinyalex.weights.caffe import caffe_layers, read_mean

STYLES = {
    "today's": Style(),
    "with gradients": Style(diff=True),
    "double": Style(double=True),
    "unpacked": Style(packed=False),
    "height and width apart": Style(apart=True),
    "height and width one after the other": Style(twice=True),
    "V1": Style(v1=True, legacy_shape=True),
    "V1, height and width apart": Style(v1=True, legacy_shape=True, apart=True),
    "V1, unpacked doubles": Style(v1=True, legacy_shape=True, packed=False, double=True),
}


def narrow_net(**how: Any) -> CaffeNet:
    return CaffeNet(**({"width": 24, "hidden": 64} | how))


def written(folder: Path, net: CaffeNet, style: Style | None = None) -> Path:
    path = folder / "net.caffemodel"
    path.write_bytes(net.file(style or Style()))
    return path


@pytest.mark.slow
def test_the_whole_network_gives_caffes_logits(tmp_path: Path) -> None:
    net = CaffeNet()
    path = written(tmp_path, net)
    found = weights.read(path)
    path.unlink()
    assert found.model == "alexnet-caffe" and len(found.weights) == 16
    rgb = images((1, 3, 227, 227))
    expected = net.forward(rgb[:, ::-1])
    assert np.abs(net.forward(rgb) - expected).max() > 0.1 * np.abs(expected).max()
    model = found_model(found)
    assert_same_logits(expected, model.forward(rgb))


def found_model(found: weights.Imported) -> Any:
    """The imported network; its file is not read again."""
    from tinyalex import models

    model = models.build(found.model, len(found.classes), init={"*": ("constant", 0.0)})
    model.load_state_dict(dict(found.weights))
    return model.eval()


@pytest.mark.parametrize(
    "style",
    [
        # Numbers one by one, twice: each is tried alone as well.
        pytest.param(style, marks=pytest.mark.slow if style.double and not style.packed else ())
        for style in STYLES.values()
    ],
    ids=STYLES,
)
def test_every_file_format_gives_the_same_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, style: Style
) -> None:
    make_narrow(monkeypatch)
    net = narrow_net()
    run = weights.read(written(tmp_path, net, style)).run("numpy")
    rgb = images((2, 3, 227, 227), seed=1)
    assert_same_logits(net.forward(rgb[:, ::-1]), run.model.forward(rgb))
    assert run.config.recipe.dropout == "inverted"


def test_images_are_prepared_as_in_caffe(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """R, G, B pixels here; in Caffe B, G, R, minus the centre of the mean image."""
    from tinyalex import data, evaluation

    make_narrow(monkeypatch)
    rng = np.random.default_rng(5)
    pixels = rng.integers(0, 256, (2, 256, 256, 3), dtype=np.uint8)
    mean = rng.uniform(80, 140, (3, 256, 256)).astype(np.float32)
    (tmp_path / "mean.binaryproto").write_bytes(mean_file(mean))
    net = narrow_net()
    net.weights["fc8"] /= 100  # so that the probabilities are not all 0 and 1
    found = weights.read(written(tmp_path, net), mean=str(tmp_path / "mean.binaryproto"))
    split = data.Split(pixels.__getitem__, np.zeros(2, np.int64), (256, 256, 3))
    p = evaluation.probabilities(found.run("numpy"), split)
    bgr = pixels.transpose(0, 3, 1, 2)[:, ::-1].astype(np.float64) - mean
    logits = net.forward(bgr[:, :, 14:241, 14:241])
    expected = np.exp(logits - logits.max(axis=1, keepdims=True))
    expected /= expected.sum(axis=1, keepdims=True)
    assert 0.2 < expected.max() < 0.999
    np.testing.assert_allclose(p, expected, atol=1e-4)


def test_without_a_mean_file_caffes_channel_means_are_subtracted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_narrow(monkeypatch)
    found = weights.read(written(tmp_path, narrow_net()))
    assert found.recipe.mean == "channel"
    np.testing.assert_allclose(found.statistics.channel_means, [123, 117, 104], atol=0.5)  # R, G, B


def test_caffes_mean_in_a_npy_file_is_reversed_to_rgb(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_narrow(monkeypatch)
    path = written(tmp_path, narrow_net())
    bgr = np.zeros((3, 256, 256), np.float32) + np.array([[[104]], [[116.7]], [[122.7]]], "f4")
    np.save(tmp_path / "ilsvrc_2012_mean.npy", bgr.astype(np.float64))
    (tmp_path / "m.binaryproto").write_bytes(mean_file(bgr))
    for name in ("ilsvrc_2012_mean.npy", "m.binaryproto"):
        found = weights.read(path, mean=str(tmp_path / name))
        np.testing.assert_allclose(found.statistics.channel_means, [122.7, 116.7, 104], atol=0.01)


def test_a_mean_file_is_reversed_to_rgb(tmp_path: Path) -> None:
    bgr = np.arange(3 * 4 * 5, dtype=np.float32).reshape(3, 4, 5)
    (tmp_path / "m.binaryproto").write_bytes(mean_file(bgr))
    np.testing.assert_array_equal(read_mean(tmp_path / "m.binaryproto"), bgr[::-1])
    (tmp_path / "m.binaryproto").write_bytes(mean_file(bgr[:2]))
    with pytest.raises(CheckpointError, match=re.escape("(3, H, W) (got (2, 4, 5))")):
        read_mean(tmp_path / "m.binaryproto")


OTHER_NETS = {
    "caffenet": ({"norm_first": False}, "has conv pool norm[\\s\\S]*Try:.*CaffeNet"),
    "alpha": (
        {"norm": {"size": 5, "alpha": 5e-4, "beta": 0.75, "k": 1}},
        "norm1: alpha must be 0.0001 \\(got 0.0005\\)",
    ),
    "k": (
        {"norm": {"size": 5, "alpha": 1e-4, "beta": 0.75, "k": 2}},
        "norm1: k must be 1 \\(got 2",
    ),
    "groups": ({"groups": 1}, "conv2: group must be 2 \\(got 1\\)"),
    "width": ({"width": 48}, r"features.0.weight must be \(24, 3, 11, 11\) \(got \(48, 3, 11, 11"),
}


@pytest.mark.parametrize(("how", "says"), OTHER_NETS.values(), ids=OTHER_NETS)
def test_another_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: dict[str, Any], says: str
) -> None:
    make_narrow(monkeypatch)
    with pytest.raises(CheckpointError, match=says):
        weights.read(written(tmp_path, narrow_net(**how)))


@pytest.mark.parametrize("apart", [False, True])
def test_a_width_other_than_the_height_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, apart: bool
) -> None:
    make_narrow(monkeypatch)
    for name, key, says in (
        ("conv1", "stride", "conv1: stride must be 4 (got 4 x 2)"),
        ("conv2", "pad", "conv2: pad must be 2 (got 2 x 1)"),
    ):
        how = CaffeNet.HOW | {name: CaffeNet.HOW[name] | {f"{key}_w": 2 if key == "stride" else 1}}
        monkeypatch.setattr(CaffeNet, "HOW", how)
        with pytest.raises(CheckpointError, match=re.escape(says)):
            weights.read(written(tmp_path, narrow_net(), Style(apart=apart)))
        monkeypatch.undo()
        make_narrow(monkeypatch)


def test_dilated_filters_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_narrow(monkeypatch)
    plain = caffe_file.setting
    with_holes = lambda *a: plain(*a) + (whole(18, 2) if a[1] == 6 else b"")  # noqa: E731
    monkeypatch.setattr(caffe_file, "setting", with_holes)
    with pytest.raises(CheckpointError, match=r"conv1: dilation must be 1 \(got 2\)"):
        weights.read(written(tmp_path, narrow_net()))


def test_the_oldest_format_is_refused(tmp_path: Path) -> None:
    layer = chunk(1, chunk(1, b"conv1") + chunk(2, b"conv")) + chunk(2, b"data")
    (tmp_path / "net.caffemodel").write_bytes(chunk(1, b"CaffeNet") + chunk(2, layer))
    with pytest.raises(CheckpointError, match="net.caffemodel: .*V0[\\s\\S]*upgrade_net_proto_bin"):
        weights.read(tmp_path / "net.caffemodel")


def test_a_nan_a_half_file_and_another_model_are_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_narrow(monkeypatch)
    net = narrow_net()
    path = written(tmp_path, net)
    with pytest.raises(ConfigError, match="becomes 'alexnet-caffe'"):
        weights.read(path, model="alexnet")
    net.weights["fc7"][3, 4] = np.nan
    with pytest.raises(
        CheckpointError, match=r"classifier.3.weight \(64, 64\) must be finite.*1 num"
    ):
        weights.read(written(tmp_path, net))
    content = narrow_net().file(Style())
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match="net.caffemodel: damaged.*bytes wanted"):
        weights.read(path)


@pytest.mark.parametrize(
    ("sizes", "says"),
    [
        ([1 << 20, 1 << 20], "needs 1,099,511,627,776 numbers .got 2"),
        ([1 << 40, 1], "sizes, from 1 to 1,073,741,824 .got 1099511627776, 1"),
        ([0, 1 << 62, 1 << 62], "sizes, from 1"),  # their product is 0
        ([1 << 63] * 20_000, "at most 8 sizes"),
    ],
)
def test_a_shape_of_another_size_is_refused(tmp_path: Path, sizes: list[int], says: str) -> None:
    lie = chunk(7, chunk(1, b"".join(map(varint, sizes))))
    lie += chunk(5, b"\0" * 8) if all(sizes) else b""
    (tmp_path / "m.binaryproto").write_bytes(lie)
    with pytest.raises(CheckpointError, match=says):
        read_mean(tmp_path / "m.binaryproto")


def test_files_that_are_no_caffemodel_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.caffemodel"
    for content in (b"", b"name: 'AlexNet' layer {}", whole(3, 7), b"\xff" * 40):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="net.caffemodel"):
            weights.read(path)


SMALL = chunk(1, b"net") + b"".join(
    chunk(
        100,
        chunk(1, b"fc") + chunk(2, b"InnerProduct") + chunk(7, chunk(5, b"\0" * 8) + whole(1, 2)),
    )
    for _ in range(3)
)


@given(
    cut=st.integers(0, len(SMALL)),
    flips=st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), max_size=4),
)
def test_damage_is_an_error_with_a_message_or_harmless(
    cut: int, flips: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(SMALL)
    for at, value in flips:
        content[at] = value
    path = tmp_path_factory.getbasetemp() / "fuzz.caffemodel"
    path.write_bytes(content[:cut])
    try:
        for layer in caffe_layers(path):
            layer.tensors()
    except TinyalexError as error:
        assert "fuzz.caffemodel" in str(error)
