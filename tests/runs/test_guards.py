"""Guard rails: class order, test images at chance, means of other images, changed layers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.conftest import run_until, small_dataset
from tests.training.test_runs import Notes
from tinyalex import data, models, recipes, training
from tinyalex.data import Statistics, from_arrays
from tinyalex.errors import CheckpointError, DataError
from tinyalex.layers import Sequential
from tinyalex.preprocessing import Preprocessing
from tinyalex.runs import guards
from tinyalex.training import loop

IMAGENET = np.array([123.7, 116.8, 103.9])
SYNSETS = [f"n{i:08d}" for i in (1440764, 1443537, 2102040, 3000684)]


def statistics(channel_means, side=6):
    means = np.asarray(channel_means, np.float32)
    image = np.broadcast_to(means[:, None, None], (len(means), side, side)).copy()
    return Statistics(image, means, np.ones(len(means)), np.eye(len(means)))


@given(st.permutations(SYNSETS))
def test_synsets_must_be_in_alphabetical_order(classes):
    warning = guards.class_order_warning(classes, "here")
    if list(classes) == SYNSETS:
        assert warning is None
    else:
        assert "development kit" in warning and "here" in warning


@pytest.mark.parametrize("classes", [["tench", "cat"], ["n01440764", "cat"], ["n2", "n1"], []])
def test_other_names_may_have_any_order(classes):
    assert guards.class_order_warning(classes, "here") is None


@pytest.mark.parametrize(
    ("test_error", "train_error", "classes", "images", "warned"),
    [
        (0.999, 0.4, 1000, 50_000, True),
        (0.9, 0.1, 10, 1000, True),
        (0.88, 0.1, 10, 1000, True),  # two points above chance of eighty
        (0.7, 0.1, 10, 1000, False),  # overfitted, but it knows something
        (0.9, 0.85, 10, 1000, False),  # has not learned its training images either
        (0.999, 0.95, 1000, 50_000, False),  # an early epoch
        (0.9, 0.1, 10, 20, False),  # twenty images say little
        (0.9, None, 10, 1000, False),
        (0.5, 0.0, 2, 1000, True),
        (0.4, 0.0, 2, 1000, False),
    ],
)
def test_knowing_the_training_images_and_nothing_of_the_others_is_doubtful(
    test_error, train_error, classes, images, warned
):
    found = guards.near_chance_warning(test_error, train_error, classes, images)
    assert (found is not None) == warned


@pytest.mark.slow
def test_a_run_whose_test_labels_are_in_another_order_is_warned_of_once(config, monkeypatch):
    """The same images, learned by heart, with the test part's labels rotated by two."""
    dataset = small_dataset()
    x, y = dataset.train.images(np.arange(44)), dataset.train.labels
    x, y = np.concatenate([x, x]), np.concatenate([y, y])
    shuffled = from_arrays("rotated", list("abcd"), (x, y), (x, (y + 2) % 4), "rotated")
    monkeypatch.setattr(data, "load", lambda *_, **__: shuffled)
    notes = Notes()
    recipe = replace(
        config().recipe, crop=None, mirror=False, schedule={"kind": "constant"}, multipliers=()
    )
    training.train(config(recipe=recipe, epochs=14, lr=0.004), notes)
    (text,) = [text for text in notes.of("warning") if "another order" in text]
    assert "tinyalex evaluate" in text


def test_a_training_tells_a_doubt_once(config, monkeypatch):
    monkeypatch.setattr(loop, "near_chance_warning", lambda *_: "near chance")
    notes = Notes()
    training.train(config(epochs=2), notes)
    assert [text for text in notes.of("warning") if "near chance" in text] == ["near chance"]


def test_synsets_in_the_development_kits_order_are_told_at_the_start(config, monkeypatch):
    dataset = small_dataset()
    devkit = replace(dataset, classes=[SYNSETS[i] for i in (2, 0, 1, 3)])
    monkeypatch.setattr(data, "load", lambda *_, **__: devkit)
    notes = Notes()
    training.train(config(epochs=1), notes)
    assert "not in alphabetical order" in notes.of("warning")[0]
    assert [kind for kind, _ in notes.heard][:2] == ["start", "warning"]


def test_a_mean_of_the_images_or_of_the_crop_passes():
    recipe = replace(recipes.get("paper"), crop=6)
    for kind, side in (("image", 6), ("image", 8), ("none", 5), ("channel", 5)):
        images = Preprocessing.of(replace(recipe, mean=kind), statistics(IMAGENET, side))
        guards.check_mean(images, (8, 8, 3), "here")


@pytest.mark.parametrize(
    ("means", "side", "kind", "says"),
    [
        (IMAGENET, 7, "image", r"\(3, 6, 6\), the size of the crop.*got \(3, 7, 7\)"),
        (IMAGENET[:1], 6, "image", r"got \(1, 6, 6\)"),
        (IMAGENET[:1], 6, "channel", r"3 channels \(got 1\)"),
        (IMAGENET - 120, 6, "image", r"from 0 to 255 \(got values from -16"),
        (IMAGENET * 3, 6, "channel", "to 371"),
    ],
)
def test_a_mean_of_other_images_is_refused(means, side, kind, says):
    recipe = replace(recipes.get("paper"), crop=6, mean=kind)
    with pytest.raises(DataError, match=f"here: the mean {kind} must .*{says}"):
        guards.check_mean(Preprocessing.of(recipe, statistics(means, side)), (8, 8, 3), "here")


def test_a_run_with_a_mean_of_another_size_is_refused(config):
    training.train(config(epochs=1))
    out = config().out
    found = training.load_checkpoint(out)
    found.statistics["mean_image"] = np.zeros((1, 9, 9), np.float32)
    training.save_checkpoint(out, found)
    with pytest.raises(DataError, match=r"mean image must be \(1, 14, 14\).*got \(1, 9, 9\)"):
        training.load_run(out)


def test_a_mean_in_blue_green_red_is_told():
    assert "BGR" in guards.mean_warning(statistics(IMAGENET[::-1]), IMAGENET, "here")
    assert guards.mean_warning(statistics(IMAGENET), IMAGENET, "here") is None
    # Other pictures are darker or have a slightly other tint: nothing to say.
    assert guards.mean_warning(statistics(IMAGENET), IMAGENET - 30, "here") is None
    assert guards.mean_warning(statistics(IMAGENET), np.array([110, 112, 101.0]), "here") is None


def test_a_mean_of_pixels_from_0_to_1_is_told():
    assert "from 0 to 1" in guards.mean_warning(statistics(IMAGENET / 255), IMAGENET, "here")
    assert guards.mean_warning(statistics([0.5]), np.array([0.5]), "here") is None


def test_sampled_means_are_those_of_the_images():
    x = np.zeros((4, 2, 2, 3), np.uint8)
    x[..., 0], x[2:, :, :, 2] = 100, 50
    split = from_arrays("x", ["a", "b"], (x, np.arange(4) % 2), (x, np.arange(4) % 2), "x").train
    np.testing.assert_allclose(guards.sample_means(split), [100, 0, 25])


def moved(spec):
    """The model with its first norm behind the pooling: the same weights fit it."""

    def builder(*args):
        layers = list(spec.builder(*args).children["features"].children.values())
        layers[2], layers[3] = layers[3], layers[2]
        whole = spec.builder(*args).children
        return Sequential({**whole, "features": Sequential(layers)})

    return replace(spec, builder=builder)


def test_a_model_whose_layers_have_changed_does_not_take_an_older_runs_weights(config, monkeypatch):
    done, half = config("done", epochs=1), config("half")
    training.train(done)
    run_until(half, 2)
    spec = models.spec("tiny")
    monkeypatch.setattr(models, "spec", lambda _: moved(spec))
    for use, folder in ((training.load_run, done.out), (training.resume, half.out)):
        with pytest.raises(CheckpointError, match="the layers of tiny have changed") as error:
            use(folder)
        assert f"{folder}: " in str(error.value)
        assert "it had (2): LocalResponseNorm(size=5" in str(error.value)
        assert "now there is (2): MaxPool2d(kernel_size=3" in str(error.value)


@pytest.mark.parametrize("recorded", [[], 3, None, "absent", ["Model(", 7]])
def test_records_of_layers_that_say_something_else_are_refused(config, recorded):
    """Runs of versions that did not record them are taken as they are."""
    run = config(epochs=1)
    training.train(run)
    path = run.out / "config.json"
    plain = json.loads(path.read_text())
    assert plain["layers"] == repr(training.load_run(run.out).model).splitlines()
    plain["layers"] = recorded
    if recorded == "absent":
        del plain["layers"]
    path.write_text(json.dumps(plain))
    if recorded in (None, "absent"):
        training.load_run(run.out)
        return
    with pytest.raises(CheckpointError, match="have changed since this run began"):
        training.load_run(run.out)


@pytest.fixture
def clipped():
    """The model `alexnet-caffe`, whose last pooling clips a window, and its lines."""
    image = {"in_channels": 3, "image_size": 227}
    model = models.build("alexnet-caffe", 2, init=models.ZEROS, **image)
    return model, repr(model).splitlines()


def test_layers_that_compute_the_same_are_no_other_layers(clipped):
    model, lines = clipped
    before = [line.replace("ceil_mode=True", "ceil_mode=False") for line in lines]
    assert before != lines
    guards.check_layers(model, before, "run")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Linear(9216, 4096)", "Linear(6400, 4096)", r"it had \(0\): Linear\(6400"),
        ("(14): MaxPool2d", "(15): MaxPool2d", r"it had \(15\): MaxPool2d"),
        ("kernel_size=11, stride=4", "kernel_size=11, stride=2", r"it had \(0\): Conv2d"),
    ],
)
def test_other_layers_are_refused_beside_those_that_compute_the_same(clipped, old, new, told):
    model, lines = clipped
    before = [line.replace("ceil_mode=True", "ceil_mode=False").replace(old, new) for line in lines]
    with pytest.raises(CheckpointError, match=told):
        guards.check_layers(model, before, "run")


def test_clipping_where_there_was_none_is_another_layer_elsewhere(clipped):
    model, lines = clipped
    before = [line.replace("ceil_mode=False", "ceil_mode=True") for line in lines]
    with pytest.raises(CheckpointError, match=r"it had \(3\): MaxPool2d.*ceil_mode=True"):
        guards.check_layers(model, before, "run")
