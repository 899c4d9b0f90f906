"""Which model is taken where none is named, and that the user is told why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.data.pictures import class_folders, encode, noise, write
from tinyalex import data, notice, training
from tinyalex.data import summary as module
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import ConfigError, DataError
from tinyalex.runs.default_model import default_model


def pictures(root: Path, side: int, count: int = 3, longer: int = 0) -> Path:
    """Two classes of pictures of one size."""
    for name in "ab":
        for i in range(count):
            pixels = noise((side, side + longer, 3), seed=i)
            write(root / name / f"{i}.png", encode(pixels))
    return root


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("digits", "tiny"),
        ("moved-digits", "tiny"),
        ("digits@100", "tiny"),
        ("cifar10", "cifar-80sec"),
        ("cifar10@held-out", "cifar-80sec"),
        ("cifar10@10000", "cifar-80sec"),
        ("cifar10@2000", "alexnet-small"),
        ("cifar10@held-out@2000", "alexnet-small"),
    ],
)
def test_built_in_sets_and_their_parts_have_models_of_their_own(name: str, model: str) -> None:
    assert default_model(name).model == model


@pytest.mark.parametrize(
    ("side", "model"),
    [(12, "tiny"), (28, "alexnet-small"), (32, "alexnet-small"), (64, "alexnet-mini")],
)
def test_a_folders_model_follows_the_size_of_its_pictures(
    tmp_path: Path, side: int, model: str
) -> None:
    choice = default_model(str(pictures(tmp_path, side, longer=40)))
    assert choice.model == model
    assert f"6 images of 2 classes in a folder, {side} pixels per side" in str(choice)
    assert str(choice).endswith("; another one: --model")


def test_one_odd_picture_does_not_decide(tmp_path: Path) -> None:
    write(pictures(tmp_path, 80) / "a" / "icon.png", encode(noise((8, 8, 3))))
    assert default_model(str(tmp_path)).model == "alexnet-mini"


def test_packed_sets_are_judged_by_their_records(tmp_path: Path) -> None:
    src = pictures(tmp_path / "src", 64, count=4)
    sizes = (("small", Form(size=32), "alexnet-small"), ("large", Form(size=64), "alexnet-mini"))
    for name, form, model in sizes:
        prepare(src, tmp_path / name, form, workers=1)
        choice = default_model(str(tmp_path / name))
        assert choice.model == model
        assert "8 images of 2 classes packed" in choice.reason
    kept = Form("jpeg", "keep")
    prepare(src, tmp_path / "kept", kept, workers=1)
    assert default_model(str(tmp_path / "kept")).model == "alexnet-mini"


@pytest.mark.parametrize(
    ("images", "side", "model"),
    [
        (4_999, 32, "alexnet-small"),
        (5_000, 32, "cifar-80sec"),
        (499_999, 256, "alexnet-mini"),
        (500_000, 256, "alexnet"),
        (500_000, 64, "alexnet-mini"),
    ],
)
def test_the_number_of_pictures_counts(
    monkeypatch: pytest.MonkeyPatch, images: int, side: int, model: str
) -> None:
    monkeypatch.setattr(data, "glance", lambda *_: data.Glance("packed", images, 10, side))
    assert default_model("anything").model == model


def test_cifars_own_files_are_known_by_their_names(tmp_path: Path) -> None:
    write(tmp_path / "cifar-10-batches-bin" / "test_batch.bin", b"")
    assert default_model(str(tmp_path)).model == "cifar-80sec"


def test_data_that_are_not_there_are_refused_as_loading_refuses_them(tmp_path: Path) -> None:
    for name in ("digit", str(tmp_path / "gone"), ""):
        with pytest.raises((ConfigError, DataError)) as loading:
            data.load(name)
        with pytest.raises((ConfigError, DataError)) as choosing:
            default_model(name)
        assert str(choosing.value) == str(loading.value)


def test_a_run_without_a_model_says_which_one_it_takes_and_remembers_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    folder = pictures(tmp_path / "pets", 12, count=5)
    settings = {"epochs": 1, "backend": "numpy", "threads": 1, "out": tmp_path / "run"}
    config = training.RunConfig(str(folder), **settings)
    training.train(config)
    assert heard == [
        "model: tiny, for 10 images of 2 classes in a folder, 12 pixels per side;"
        " another one: --model"
    ]
    written = json.loads((tmp_path / "run" / "config.json").read_text())
    assert written["model"] == "tiny"
    assert written["model_chosen_for"] == "10 images of 2 classes in a folder, 12 pixels per side"
    training.resume(tmp_path / "run", epochs=2)
    assert len(heard) == 1


def test_a_named_model_or_recipe_comes_first_and_nothing_is_said(tmp_path: Path) -> None:
    folder = str(class_folders(tmp_path / "pets", {"a": 2, "b": 2}))
    named = training.RunConfig(folder, model="alexnet-mini").resolved()
    assert (named.model, named.recipe.name, named.facts) == ("alexnet-mini", "mini", {})
    by_recipe = training.RunConfig(folder, recipe="star").resolved()
    assert (by_recipe.model, by_recipe.facts) == ("alexnet-star", {})


def test_the_model_of_the_first_weights_is_taken(tmp_path: Path) -> None:
    short = {"epochs": 1, "backend": "numpy", "threads": 1}
    digits = class_folders(tmp_path / "digits", {"0": 3, "1": 3})
    training.train(training.RunConfig(str(digits), "tiny", out=tmp_path / "first", **short))
    folder = str(pictures(tmp_path / "pets", 80))
    made = training.RunConfig(folder, init_from=tmp_path / "first").resolved()
    assert made.model == "tiny"


def test_the_working_folder_gives_a_run_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pictures(tmp_path / "pets", 12)
    monkeypatch.chdir(folder)
    made = training.RunConfig(".").resolved()
    assert made.out == Path("runs/tiny-pets-seed0")
    assert made.data == str(folder)


def test_the_size_of_no_more_than_a_sample_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(
        module, "open_image", lambda path, _: opened.append(path) or _Sized((90, 80))
    )
    files = class_folders(tmp_path, {"a": 1, "b": 1})
    tree = module.read_tree(files)
    tree.train.files.extend(tree.train.files * 499)
    monkeypatch.setattr(module, "read_tree", lambda *_, **__: tree)
    seen = module.glance(str(files))
    assert (seen.images, seen.side, len(opened)) == (1000, 80, 64)
    assert np.unique([str(path) for path in opened]).size == 2  # the first and the last class


class _Sized:
    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size

    def __enter__(self) -> _Sized:
        return self

    def __exit__(self, *_: object) -> None:
        pass
