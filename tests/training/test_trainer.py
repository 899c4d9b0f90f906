"""`Trainer`: one's own network and data, exact resume, callbacks, and what it refuses."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tinyalex
from tests.training.conftest import small_dataset
from tinyalex import backends, data, training
from tinyalex.errors import (
    CheckpointError,
    ConfigError,
    DataError,
    DivergedError,
    ShapeError,
)
from tinyalex.layers import Conv2d, Dropout, Flatten, Linear, ReLU, Sequential
from tinyalex.training import Cosine, Trainer, WarmUp

RNG = np.random.default_rng(0)
LABELS = np.arange(44) % 4
IMAGES = RNG.integers(0, 200, (44, 8, 8, 1), dtype=np.uint8)
IMAGES[np.arange(44), LABELS * 2] = 255  # something to learn
DATA = IMAGES, LABELS


def network() -> Sequential:
    return Sequential(
        Conv2d(1, 4, 3, padding=1, seed=1),
        ReLU(),
        Flatten(),
        Dropout(0.3, seed=2),
        Linear(256, 4, seed=3),
    )


def flip(x: Any, rng: np.random.Generator) -> Any:
    return np.where(rng.random((len(x), 1, 1, 1)) < 0.5, x[..., ::-1], x)


def trainer(net: Sequential | None = None, given: Any = DATA, **changes: Any) -> Trainer:
    settings: dict[str, Any] = {
        "lr": WarmUp(0.5, Cosine(0.05, epochs=4)),
        "batch_size": 8,
        "transform": flip,
        "backend": "numpy",
        "progress": False,
    }
    return Trainer(net or network(), given, **(settings | changes))


def bytes_of(net: Sequential) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in net.state_dict().items()}


def test_it_learns_and_its_figures_are_those_of_its_predictions() -> None:
    net = network()
    fitted = trainer(net, validation=DATA, lr=0.05, transform=None)
    history = fitted.fit(15)
    p = fitted.predict_proba(IMAGES)
    assert fitted.predict(IMAGES).tolist() == p.argmax(axis=1).tolist()
    measured = fitted.evaluate()
    assert measured["images"] == 44
    assert measured["error"] == np.mean(fitted.predict(IMAGES) != LABELS) < 0.05
    assert measured["loss"] == pytest.approx(-np.log(p[np.arange(44), LABELS]).mean(), abs=1e-5)
    assert history[-1]["test_error"] == measured["error"] and history == fitted.history
    assert [record["epoch"] for record in history] == list(range(1, 16))
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)


def test_fit_save_load_and_fit_is_bit_for_bit_one_fit(tmp_path: Path) -> None:
    whole = trainer(validation=DATA)
    whole.fit(4)
    first = trainer(validation=DATA)
    first.fit(2)
    first.save(tmp_path / "net.safetensors")
    second = trainer(validation=DATA).load(tmp_path / "net.safetensors")
    second.fit(2)
    assert bytes_of(second.model) == bytes_of(whole.model)
    for trained in (whole, second):
        trained.save(tmp_path / f"{trained is whole}")
    assert (tmp_path / "True").read_bytes() == (tmp_path / "False").read_bytes()
    assert len(second.history) == 4


def test_ctrl_c_ends_after_the_step_and_the_rest_is_exact(tmp_path: Path) -> None:
    class Interrupts(training.Listener):
        steps = 0

    def sends(x: Any, rng: np.random.Generator) -> Any:
        Interrupts.steps += 1
        if Interrupts.steps == 9:  # in the second epoch
            os.kill(os.getpid(), signal.SIGINT)
        return flip(x, rng)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        stopped = trainer(transform=sends)
        with pytest.raises(KeyboardInterrupt):
            stopped.fit(4)
    finally:
        signal.signal(signal.SIGINT, before)
    assert 0 < stopped.engine.images_trained < 4 * 44
    stopped.save(tmp_path / "net.safetensors")
    whole, resumed = trainer(), trainer().load(tmp_path / "net.safetensors")
    whole.fit(4)
    resumed.fit(4 - resumed.engine.epoch)
    assert bytes_of(resumed.model) == bytes_of(whole.model)


def test_a_run_of_the_command_takes_the_same_steps(tmp_path: Path, monkeypatch: Any) -> None:
    """The same loader, network, optimizer and schedule give the bytes of `training.train`."""
    monkeypatch.setattr(data, "load", lambda *_, **__: small_dataset())
    from tinyalex.training.setup import assemble

    config = training.RunConfig(epochs=2, batch_size=8, threads=1, out=tmp_path / "run")
    training.train(config)
    parts = assemble(config.resolved())
    fitted = Trainer(
        parts.model,
        parts.loader,
        optimizer=parts.optimizer,
        lr=parts.schedule,
        label_smoothing=parts.config.recipe.label_smoothing,
        validation=parts.test_loader,
        progress=False,
    )
    fitted.fit(2)
    assert bytes_of(fitted.model) == bytes_of(training.load_run(tmp_path / "run").model)


def test_pixels_become_floats_from_0_to_1_in_every_method() -> None:
    floats = (IMAGES.transpose(0, 3, 1, 2) / np.float32(255)).astype(np.float32)
    of_bytes, of_floats = trainer(), trainer(given=(floats, LABELS))
    of_bytes.fit(1)
    of_floats.fit(1)
    for name, array in of_bytes.model.named_parameters():
        np.testing.assert_allclose(array, dict(of_floats.model.named_parameters())[name], atol=1e-5)
    np.testing.assert_allclose(
        of_bytes.predict_proba(IMAGES), of_bytes.predict_proba(floats), atol=1e-5
    )


def test_trainers_may_share_a_schedule() -> None:
    schedule = training.Exponential(0.1, factor=0.5)
    rates = [[r["lr"] for r in trainer(lr=schedule).fit(2)] for _ in range(2)]
    assert rates == [[0.1, 0.05]] * 2


def test_a_transform_draws_by_seed_epoch_and_step_and_not_in_tests() -> None:
    drawn: list[tuple[float, float]] = []

    def note(x: Any, rng: np.random.Generator) -> Any:
        drawn.append((rng.random(), float(x.max())))
        return x

    for _ in range(2):
        trained = trainer(transform=note, validation=DATA)
        trained.fit(2)
        trained.evaluate()
        trained.predict(IMAGES)
    assert len(drawn) == 2 * 2 * 6 and drawn[:12] == drawn[12:]
    assert len({value for value, _ in drawn}) == 12 and drawn[0][1] == 1.0


def test_the_order_is_another_one_in_each_epoch() -> None:
    loader = data.ArrayLoader(IMAGES, np.arange(44), backends.get("numpy"), 8)
    orders = [[int(i) for _, labels in loader.epoch(e) for i in labels] for e in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1] and sorted(orders[1]) == list(range(44))
    late = [int(i) for _, labels in loader.epoch(1, start_batch=2) for i in labels]
    assert late == orders[1][16:] and [n for n, _ in loader.steps(4)] == [8, 4]


def test_every_kind_of_data_is_taken(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    lists = (IMAGES.transpose(0, 3, 1, 2) / 255).tolist(), LABELS.tolist()
    tensors = torch.tensor(np.array(lists[0], np.float32)), torch.tensor(LABELS)
    for given in (lists, tensors):
        fitted = trainer(given=given)
        fitted.fit(1)
        assert fitted.predict(given[0]).shape == (44,)
    dataset = small_dataset()
    net = Sequential(Flatten(), Linear(256, 4))
    for given in (dataset, dataset.train):
        fitted = trainer(net, given)
        history = fitted.fit(1)
        assert ("test_error" in history[0]) == (given is dataset)
        assert fitted.predict(dataset.test).shape == (12,)
    loader = data.Loader(dataset.train, backends.get("numpy"), 8)
    assert trainer(Sequential(Flatten(), Linear(256, 4)), loader).fit(1)


def test_callbacks_hear_of_epochs_and_may_end_the_training() -> None:
    heard: list[Any] = []

    class Notes(training.Callback):
        def start(self, info: dict[str, Any]) -> None:
            heard.append(info["epochs"])

        def epoch(self, record: dict[str, Any]) -> None:
            heard.append(record["epoch"])
            self.stop_training = record["epoch"] == 2

        def end(self, summary: dict[str, Any]) -> None:
            heard.append(summary)

    fitted = trainer(callbacks=[Notes()])
    assert len(fitted.fit(5)) == 2
    assert heard == [5, 1, 2, {"epochs": 2, "interrupted": True}]


def test_early_stopping_waits_for_a_better_figure_and_starts_anew_with_each_fit() -> None:
    stopping = training.EarlyStopping(patience=2, figure="test_loss", min_delta=0.1)
    for loss, stops in ((1.0, False), (0.95, False), (0.8, False), (0.75, False), (0.72, True)):
        stopping.epoch({"test_loss": loss})
        assert stopping.stop_training is stops
    stopping.start({})
    stopping.epoch({"train_loss": 1.0})  # without validation data
    assert stopping.best == 1.0 and not stopping.stop_training
    fitted = trainer(callbacks=[training.EarlyStopping(patience=1, min_delta=1.0)])
    assert [len(fitted.fit(5)) for _ in range(2)] == [2, 2]


def test_a_line_per_epoch_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    trainer(validation=DATA, progress=True).fit(2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert "test error" in lines[0]


def test_the_networks_first_layer_has_its_input_gradient_again_after_a_fit() -> None:
    net = network()
    trainer(net).fit(1)
    x = RNG.random((2, 1, 8, 8), np.float32)
    assert net.backward(np.ones_like(net.forward(x))).shape == x.shape


def test_without_data_a_trainer_predicts_and_loads(tmp_path: Path) -> None:
    fitted = trainer()
    fitted.fit(1)
    fitted.save(tmp_path / "net")
    again = trainer(given=None, lr=WarmUp(0.5, Cosine(0.05, 4))).load(tmp_path / "net")
    assert (again.predict_proba(IMAGES) == fitted.predict_proba(IMAGES)).all()
    with pytest.raises(ConfigError, match="no data to train on"):
        again.fit(1)
    with pytest.raises(ConfigError, match="no validation data"):
        again.evaluate()


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"given": (IMAGES, LABELS[:3])}, DataError, "one for each of the 44 images"),
        ({"given": (IMAGES, LABELS + 0.5)}, DataError, "labels must be whole numbers"),
        ({"given": (IMAGES, LABELS.astype(str))}, DataError, "class numbers of names"),
        ({"given": (IMAGES.transpose(0, 3, 1, 2), LABELS)}, DataError, r"like \(N, C, H, W\)"),
        ({"given": (np.where(IMAGES, 1.0, np.nan), LABELS)}, DataError, "NaN or infinite"),
        ({"lr": "0.1"}, ConfigError, "lr must be a number of at least 0"),
        ({"callbacks": [print]}, ConfigError, "must be Listeners"),
        ({"given": (IMAGES[:0], LABELS[:0])}, DataError, "not empty"),
        ({"given": (IMAGES[..., 0], LABELS)}, DataError, r"grey images without a channel axis"),
        ({"given": IMAGES}, DataError, r"must be \(x, labels\)"),
        ({"given": (object(), LABELS)}, ShapeError, "must be an array"),
        ({"batch_size": 0}, ConfigError, "batch_size must be at least 1"),
        ({"net": Linear(3, 2)}, ConfigError, "must be a Sequential"),
        ({"label_smoothing": 1.0}, ConfigError, "label_smoothing"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(change: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        trainer(**change)


def test_what_the_network_cannot_take_is_refused_before_the_first_step() -> None:
    with pytest.raises(ShapeError, match="from 0 to 3, as the network has 4 outputs"):
        trainer(given=(IMAGES, LABELS + 1)).fit(1)
    with pytest.raises(ShapeError, match=r"labels - labels\.min"):
        trainer(given=(IMAGES, LABELS - 1)).fit(1)
    with pytest.raises(ShapeError, match=r"must put out \(N, classes\)"):
        trainer(Sequential(ReLU())).fit(1)
    with pytest.raises(ConfigError, match="epochs must be a whole number"):
        trainer().fit(0)
    with pytest.raises(DataError, match="as many images as it gets"):
        trainer(transform=lambda x, rng: x[:1]).fit(1)
    net = network()
    ten = data.Loader(small_dataset().test, backends.get("numpy"), 4, training=False, views="ten")
    with pytest.raises(ConfigError, match="one view per image"):
        trainer().evaluate(ten)
    with pytest.raises(ConfigError, match="the optimizer's own"):
        trainer(net, optimizer=training.SGD(net, 0.1), lr=0.1)
    with pytest.raises(DivergedError, match="a smaller lr"):
        trainer(lr=1e30).fit(2)


def test_a_file_of_another_network_schedule_or_content_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    trainer().save(path)
    other = Sequential(*network(), ReLU())
    with pytest.raises(CheckpointError, match="layers of Sequential have changed"):
        trainer(other).load(path)
    with pytest.raises(CheckpointError, match=r"schedule.best"):
        trainer(lr=training.Plateau(0.1)).load(path)
    with pytest.raises(CheckpointError, match="cannot be read"):
        trainer().load(tmp_path / "none")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(CheckpointError, match="damaged"):
        trainer().load(path)


def test_a_network_object_in_a_runs_settings_names_the_trainer() -> None:
    with pytest.raises(ConfigError, match=r"training\.Trainer\(net, data\)"):
        training.RunConfig(model=network())  # type: ignore[arg-type]


def test_it_is_reachable_from_the_package() -> None:
    assert tinyalex.Trainer is Trainer and "Trainer" in dir(tinyalex)
