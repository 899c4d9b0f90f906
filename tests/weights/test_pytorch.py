"""State dicts to PyTorch and back: both networks give the same logits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from tests.weights.nets import (
    assert_same_logits,
    column,
    few_hidden,
    images,
    logits_of,
    make_narrow,
    run_of,
    torch_paper,
    torch_torchvision,
)
from tinyalex import data, evaluation, weights
from tinyalex.errors import BackendError, CheckpointError
from tinyalex.training import Run

FEW = 64  # hidden units instead of 4096, which make files of 244 MB
TORCHVISION_MEAN, TORCHVISION_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def as_numpy(net: Any) -> dict[str, np.ndarray[Any, Any]]:
    return {name: value.detach().numpy() for name, value in net.state_dict().items()}


@pytest.fixture(scope="module")
def narrow_classifiers() -> Iterator[None]:
    """Our AlexNets have ``FEW`` hidden units too."""
    with pytest.MonkeyPatch.context() as patch:
        few_hidden(patch)
        yield


@pytest.fixture(scope="module")
def torchvision(
    torch: ModuleType, narrow_classifiers: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Run]:
    """The network in PyTorch, and the same imported from its .pth file."""
    net = torch_torchvision(torch, hidden=FEW)
    path = tmp_path_factory.mktemp("weights") / "net.pth"
    torch.save(net.state_dict(), path)
    run = weights.read(path).run("numba")
    return net, run


@pytest.fixture(scope="module")
def paper(
    torch: ModuleType, narrow_classifiers: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Run]:
    """The network in PyTorch, and the same imported from its .safetensors file."""
    net = torch_paper(torch, classes=11, hidden=FEW)
    path = tmp_path_factory.mktemp("weights") / "net.safetensors"
    save_file(as_numpy(net), path)
    run = weights.read(path, model="alexnet", mean="120,115,100").run("numba")
    return net, run


def test_torchvisions_net_imports_with_the_same_logits(
    torch: ModuleType, torchvision: tuple[Any, Run]
) -> None:
    net, run = torchvision
    x = images((2, 3, 224, 224), sigma=1)
    assert_same_logits(logits_of(torch, net, x), run.model.forward(x))
    assert run.classes[281] == "n02123045" and run.config.facts["class_names"][281] == "tabby"


def test_torchvisions_net_exports_with_the_same_logits(
    torch: ModuleType, torchvision: tuple[Any, Run], tmp_path: Path
) -> None:
    net, run = torchvision
    weights.export(run, tmp_path / "out.safetensors")
    back = load_file(tmp_path / "out.safetensors")
    other = run_of("alexnet-torchvision").model  # not the network's own weights
    there = torch_torchvision(torch, hidden=FEW)
    for to, own in ((back, run.model), (other.state_dict(), other)):
        there.load_state_dict({n: torch.from_numpy(a) for n, a in to.items()}, strict=True)
        x = images((1, 3, 224, 224), sigma=1)
        assert_same_logits(own.forward(x), logits_of(torch, there, x))


def test_torchvisions_net_gives_the_same_logits_for_photographs(
    torch: ModuleType, torchvision: tuple[Any, Run], photographs: np.ndarray[Any, Any]
) -> None:
    net, run = torchvision
    split = data.Split(photographs.__getitem__, np.zeros(2, np.int64), (256, 256, 3))
    p = evaluation.probabilities(run, split)
    # torchvision/transforms/_presets.py, ImageClassification: 224 from the middle of 256
    x = photographs[:, 16:240, 16:240].transpose(0, 3, 1, 2) / 255.0
    x = ((x - column(TORCHVISION_MEAN)) / column(TORCHVISION_STD)).astype(np.float32)
    logits = logits_of(torch, net, x)
    assert_same_logits(logits, run.model.forward(x))
    assert_same_logits(logits - logits[:, :1], np.log(p) - np.log(p[:, :1]))


def test_the_papers_layout_imports_with_the_same_logits(
    torch: ModuleType, paper: tuple[Any, Run]
) -> None:
    net, run = paper
    assert run.config.recipe.dropout == "inverted"  # as PyTorch trained it
    x = images((1, 3, 227, 227))
    expected = logits_of(torch, net, x)
    assert_same_logits(expected, run.model.forward(x))
    # and normalisation is large enough to be seen in it
    other = torch_paper(torch, classes=11, alpha=1e-4, hidden=FEW)
    other.load_state_dict(net.state_dict())
    assert np.abs(logits_of(torch, other, x) - expected).max() > 0.01 * np.abs(expected).max()


def test_the_papers_layout_exports_with_its_dropouts_factor(
    torch: ModuleType, tmp_path: Path, narrow_classifiers: None
) -> None:
    run = run_of("alexnet", classes=5, side=67)  # 1 pixel reaches fc6
    assert run.config.recipe.dropout == "paper"
    round_trip(
        torch, run, torch_paper(torch, 5, pixels=1, hidden=FEW), tmp_path / "out.safetensors"
    )


def test_caffes_normalisation_exports_as_pytorchs(
    torch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_narrow(monkeypatch)
    run = run_of("alexnet-caffe", classes=5)
    there = torch_paper(torch, 5, alpha=1e-4, k=1, width=24, hidden=FEW)
    round_trip(torch, run, there, tmp_path / "out.safetensors")


def round_trip(torch: ModuleType, run: Run, there: Any, path: Path) -> None:
    """To PyTorch and back: the same logits, classes and mean."""
    weights.export(run, path)
    back = {name: torch.from_numpy(array) for name, array in load_file(path).items()}
    there.load_state_dict(back, strict=True)
    x = images((1, *run.model.input_shape))
    expected = run.model.forward(x)
    assert_same_logits(expected, logits_of(torch, there, x))
    again = weights.read(path).run("numpy")
    path.unlink()
    assert again.model.name == run.model.name and again.classes == run.classes
    assert again.config.facts["data_name"] == "made up"
    assert_same_logits(expected, again.model.forward(x))
    np.testing.assert_array_equal(again.statistics.mean_image, run.statistics.mean_image)


def test_the_papers_layout_gives_the_same_logits_for_photographs(
    torch: ModuleType, paper: tuple[Any, Run], photographs: np.ndarray[Any, Any]
) -> None:
    net, run = paper
    split = data.Split(photographs.__getitem__, np.zeros(2, np.int64), (256, 256, 3))
    loader = data.Loader(
        split,
        run.backend,
        2,
        crop=227,
        mean=run.statistics.mean(run.config.recipe.mean),
        training=False,
    )
    x = photographs[:, 14:241, 14:241].transpose(0, 3, 1, 2) - column((120, 115, 100))
    for seen, _ in loader.epoch(0):
        assert_same_logits(logits_of(torch, net, x.astype(np.float32)), run.model.forward(seen))


def test_a_pth_file_with_more_than_tensors_is_never_executed(
    torch: ModuleType, tmp_path: Path
) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "executed",))

    torch.save({"features.0.weight": Trap()}, tmp_path / "trap.pth")
    with pytest.raises(CheckpointError, match="trap.pth: PyTorch cannot read it as weights alone"):
        weights.read(tmp_path / "trap.pth")
    assert not (tmp_path / "executed").exists()


def test_a_training_checkpoints_state_dict_is_found(torch: ModuleType, tmp_path: Path) -> None:
    run = run_of("tiny")
    state = {name: torch.from_numpy(value) for name, value in run.model.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "net.pth")
    back = weights.read(tmp_path / "net.pth", "tiny", mean="80").run("numpy")
    x = images((2, 1, 14, 14), sigma=1)
    np.testing.assert_array_equal(back.model.forward(x), run.model.forward(x))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half", b"no zip at all"])
def test_a_damaged_pth_file_is_named(torch: ModuleType, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(CheckpointError, match="bad.pth"):
        weights.read(tmp_path / "bad.pth")


def test_other_things_than_floats_are_refused(torch: ModuleType, tmp_path: Path) -> None:
    torch.save({"steps": torch.ones(3, dtype=torch.int64)}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="steps must be a tensor of floats"):
        weights.read(tmp_path / "net.pth")
    torch.save([1.0], tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="must hold a state dict"):
        weights.read(tmp_path / "net.pth")


def test_without_pytorch_a_pth_file_is_refused_with_advice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    (tmp_path / "net.pth").write_bytes(b"PK")
    with pytest.raises(BackendError, match="not installed[\\s\\S]*pip install torch"):
        weights.read(tmp_path / "net.pth")
