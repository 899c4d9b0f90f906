"""Checkpoints of other programs: where the state dict is, and prefixes of its names."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file

from tests.weights.nets import run_of
from tinyalex import notice, weights
from tinyalex.errors import CheckpointError
from tinyalex.weights.state_dict import KEYS, WRAPPERS, choose, state_dict_in
from tinyalex.weights.tensors import plain_reason

OWN = ("features.0.weight", "features.0.bias", "classifier.6.weight", "classifier.6.bias")
Place = tuple[str, ...]


def is_tensor(value: Any) -> bool:
    return isinstance(value, np.ndarray)


STATE = {name: np.full(3, i, np.float32) for i, name in enumerate(OWN)}


def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The messages that a command would print."""
    heard: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    return heard


WRAPPED = {
    "DataParallel": (("module.",) * 4, "'module.' was removed"),
    "torch.compile": (("_orig_mod.",) * 4, "'_orig_mod.' was removed"),
    "Lightning": (("model.",) * 4, "'model.' was removed"),
    "a name of one's own": (("encoder.backbone.",) * 4, "'encoder.backbone.' was removed"),
    "all at once": (("model.module._orig_mod.",) * 4, "'model.module._orig_mod.' was removed"),
    "an average": (("module.ema.",) * 4, "'module.ema.' was removed"),
}


@pytest.mark.parametrize(("prefixes", "says"), WRAPPED.values(), ids=WRAPPED)
def test_prefixes_are_removed_with_a_note(prefixes: Place, says: str) -> None:
    chosen = choose([p + name for p, name in zip(prefixes, OWN, strict=True)], "net.pth")
    assert dict(chosen.old) == {n: p + n for p, n in zip(prefixes, OWN, strict=True)}
    assert len(chosen.notes) == 1 and says in chosen.notes[0] and "net.pth" in chosen.notes[0]


def test_a_wrapper_within_the_names_is_removed() -> None:
    """PyTorch's ImageNet example wraps only the convolutions."""
    names = [name.replace("features.", "features.module.") for name in OWN]
    chosen = choose(names, "net.pth")
    assert dict(chosen.old) == dict(zip(OWN, names, strict=True))
    assert "'features.module.' was read as 'features.'" in chosen.notes[0]


def test_right_names_stay_without_a_note() -> None:
    for names in (OWN, (*OWN, "bn.weight"), ("stem", "head.weight"), ()):
        chosen = choose(names, "net.pth")
        assert dict(chosen.old) == {name: name for name in names} and not chosen.notes


@given(st.lists(st.sampled_from([*sorted(WRAPPERS), "net", "model"]), max_size=4), st.data())
def test_any_nest_of_wrappers_leads_to_the_same_names(head: list[str], draw: st.DataObject) -> None:
    names = []
    for name in OWN:
        root, *rest = name.split(".")
        inner = draw.draw(st.lists(st.sampled_from(sorted(WRAPPERS)), max_size=2))
        names.append(".".join([*head, root, *inner, *rest]))
    chosen = choose(names, "net.pth")
    assert dict(chosen.old) == dict(zip(OWN, names, strict=True))
    assert bool(chosen.notes) is (tuple(names) != OWN)


def test_averaged_weights_are_not_used_and_named_in_a_note() -> None:
    trained, average = ([f"{p}.{name}" for name in OWN] for p in ("model", "model_ema.module"))
    chosen = choose([*average, "n_averaged", *trained, "loss.weight"], "net.ckpt")
    assert list(chosen.old.values()) == trained
    assert "not used: n_averaged, loss.weight, model_ema" in chosen.notes[1]
    assert "and 3 more" in chosen.notes[1]


def test_two_networks_are_refused_by_their_prefixes() -> None:
    names = [f"{p}.{name}" for p in ("teacher", "student") for name in OWN]
    with pytest.raises(CheckpointError, match=r"several networks: teacher\., student\."):
        choose(names, "net.pth")
    with pytest.raises(CheckpointError, match="module.features.0.bias and features.0.bias are bo"):
        choose(["module.features.0.bias", "features.0.bias"], "net.pth")


PLACES: tuple[Place, ...] = (*((key,) for key in KEYS), ("checkpoint", "model"), ("ema", "module"))


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_state_dict_is_found_under_usual_keys(place: Place) -> None:
    inner: Any = STATE
    for key in reversed(place):
        inner = {"epoch": 3, key: inner, "best_acc1": np.float32(1)}
    momentum = {"state": {0: {"momentum_buffer": np.ones(3)}}, "param_groups": [{"lr": 0.1}]}
    state, notes = state_dict_in({**inner, "optimizer": momentum}, is_tensor, "net.pth")
    assert state is STATE
    assert notes == [f"net.pth: the tensors are under {'.'.join(place)!r}"]


def test_a_plain_state_dict_gives_no_note() -> None:
    assert state_dict_in(STATE, is_tensor, "net.pth") == (STATE, [])


def test_of_several_state_dicts_the_usual_one_is_read() -> None:
    other = {"features.0.weight": np.ones(1)}
    state, notes = state_dict_in({"ema": other, "mine": STATE}, is_tensor, "n.pth")
    assert state is STATE and "not used: ema" in notes[1]
    state, notes = state_dict_in({"generator": other, "model": STATE}, is_tensor, "n.pth")
    assert state is STATE and "not used: generator" in notes[1]
    with pytest.raises(CheckpointError, match="several state dicts: a, b"):
        state_dict_in({"a": STATE, "b": other}, is_tensor, "n.pth")


@pytest.mark.parametrize("found", [{}, [1.0], {"epoch": 3, "lr": 0.1}, None])
def test_content_without_tensors_is_refused(found: Any) -> None:
    with pytest.raises(CheckpointError, match="must hold a state dict .got "):
        state_dict_in(found, is_tensor, "net.pth")


def test_endless_nesting_is_refused() -> None:
    nest: dict[str, Any] = {}
    nest["again"] = nest
    with pytest.raises(CheckpointError, match="must hold a state dict"):
        state_dict_in(nest, is_tensor, "net.pth")


REFUSALS = {
    "an object": (
        "Weights only load failed. This file can still be loaded, to do so you have two options, "
        "\x1b[1mdo those steps only if you trust the source of the checkpoint\x1b[0m. \n\t(1) ..."
        "WeightsUnpickler error: Unsupported global: GLOBAL argparse.Namespace was not an allowed "
        "global by default.",
        "it holds objects besides tensors (argparse.Namespace), which could run code",
    ),
    "without a name": (
        "Weights only load failed. \x1b[1mdo those steps\x1b[0m",
        "it holds something besides tensors, or is damaged",
    ),
    "damage": (
        "PytorchStreamReader failed\x07 reading\nmore",
        "PytorchStreamReader failed reading",
    ),
    "nothing": ("", "ValueError"),
}


@pytest.mark.parametrize(("text", "says"), REFUSALS.values(), ids=REFUSALS)
def test_pytorchs_refusal_becomes_one_plain_line(text: str, says: str) -> None:
    assert plain_reason(ValueError(text)) == says


def test_a_prefix_in_a_safetensors_file_is_removed_with_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = run_of("tiny").model.state_dict()
    path = tmp_path / "net.safetensors"
    extra = {"n_averaged": np.ones((), np.int64)}
    save_file({f"module.{name}": array for name, array in own.items()} | extra, path)
    heard = told(monkeypatch)
    found = weights.read(path, "tiny", mean="80")
    for name, array in own.items():
        np.testing.assert_array_equal(found.weights[name], array)
    assert "'module.' was removed" in heard[0] and "not used: n_averaged" in heard[1]


def test_bfloat16_becomes_the_same_numbers_in_float32(tmp_path: Path) -> None:
    own = run_of("tiny").model.state_dict()
    path = tmp_path / "net.safetensors"
    halves = {n: (a.view(np.uint32) >> 16).astype(np.uint16) for n, a in own.items()}
    mixed = own | {n: a for n, a in halves.items() if n != "features.0.bias"}
    save_file(mixed, path)
    path.write_bytes(path.read_bytes().replace(b'"U16"', b'"BF16"'))
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little") + len(halves) - 1
    path.write_bytes(size.to_bytes(8, "little") + content[8:])
    found = weights.read(path, "tiny", mean="80").weights
    for name, array in own.items():
        wanted = (halves[name].astype(np.uint32) << 16).view(np.float32)
        np.testing.assert_array_equal(found[name], array if name == "features.0.bias" else wanted)
        assert found[name].dtype == np.float32


@pytest.mark.parametrize("name", ["net.pth.tar", "net.ckpt", "NET.PT"])
def test_pytorchs_other_suffixes_are_read(torch: ModuleType, tmp_path: Path, name: str) -> None:
    own = run_of("tiny").model.state_dict()
    state = {f"model.{n}": torch.nn.Parameter(torch.from_numpy(a)) for n, a in own.items()}
    torch.save({"state_dict": state}, tmp_path / name)
    found = weights.read(tmp_path / name, "tiny", mean="80").weights
    np.testing.assert_array_equal(found["features.0.weight"], own["features.0.weight"])


def test_pytorchs_objects_are_named(torch: ModuleType, tmp_path: Path) -> None:
    import argparse

    torch.save({"args": argparse.Namespace(lr=0.1)}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="objects besides tensors .argparse.Namespace") as e:
        weights.read(tmp_path / "net.pth")
    assert "\x1b" not in str(e.value) and "trust" not in str(e.value)


def test_sparse_tensors_are_refused(torch: ModuleType, tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.ones(2, 2).to_sparse()}, tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match=r"must be a tensor of floats \(got torch.sparse_coo"):
        weights.read(tmp_path / "net.pth")
