"""Training by several workers, here threads: the same bytes as by one with the same shards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.pictures import encode, noise, write
from tests.group.threads import ThreadGroup, on_threads
from tinyalex import backends, data, layers, models, training
from tinyalex.errors import ConfigError, DivergedError
from tinyalex.evaluation.score import ShardSums
from tinyalex.group import Alone, Group, GroupError, Shards
from tinyalex.runs import checkpoint as checkpoints
from tinyalex.training.gradients import BatchGradients


def gradients(count: int, sizes: tuple[int, ...], dropout: bool = True) -> dict[str, np.ndarray]:
    """Gradients of one batch of shards with so many images."""
    net = models.build("tiny")
    for _, layer in net.named_layers():
        if isinstance(layer, layers.Dropout) and not dropout:
            layer.p = 0.0
    backend, shards = backends.get("numpy"), Shards(count)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((sum(sizes), 1, 16, 16)).astype(np.float32)
    labels = np.arange(sum(sizes)) % 10
    cuts = np.cumsum([0, *sizes])
    ends = [slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False) if a < b]
    work = BatchGradients(net, layers.SoftmaxCrossEntropy(), Alone(), shards)
    sums = ShardSums(backend, Alone(), shards)
    work.compute(iter([(x[at], labels[at]) for at in ends]), sum(sizes), sums)
    assert sums.total().images == sum(sizes)
    return {name: layer.grads[key] for name, layer, key in net.parameter_owners()}


def test_shards_change_the_gradient_by_rounding_alone() -> None:
    whole = gradients(1, (10,), dropout=False)
    for count, sizes in ((4, (2, 3, 2, 3)), (3, (3, 3, 4)), (16, (0, 1, 1, 0, 1) * 3 + (1,))):
        for name, gradient in gradients(count, sizes, dropout=False).items():
            np.testing.assert_allclose(gradient, whole[name], rtol=1e-4, atol=1e-6, err_msg=name)


IMAGES, BATCH = 70, 32  # two full batches and one of six


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few of the digits, to learn and to be tested on."""
    load = data.load

    def some(*arguments: Any, **named: Any) -> Any:
        whole = load(*arguments, **named)
        first = [
            part.subset(np.arange(min(IMAGES, len(part)))) for part in (whole.train, whole.test)
        ]
        return replace(whole, train=first[0], test=first[1])

    monkeypatch.setattr(data, "load", some)


def trained(out: Path, workers: int, **settings: object) -> bytes:
    config = {"backend": "numpy", "threads": 1, "epochs": 1, "batch_size": BATCH, "model": "tiny"}

    def work(group: Group) -> object:
        return training.train(
            training.RunConfig(**{**config, "out": out, **settings}),  # type: ignore[arg-type]
            group=group,
        )

    summaries = on_threads(workers, work)
    assert all(s["top1_error"] == summaries[0]["top1_error"] for s in summaries)
    return (out / checkpoints.FILE).read_bytes()


def test_workers_leave_the_bytes_of_one(tmp_path: Path) -> None:
    alone = trained(tmp_path / "1", 1, shards=4)
    for workers in (2, 4):
        assert trained(tmp_path / str(workers), workers, shards=4) == alone


def test_workers_leave_the_bytes_of_one_with_the_settings_for_large_batches(tmp_path: Path) -> None:
    settings = {"lr_scaling": "linear", "warmup": 0.5, "momentum_correction": True, "lars": 0.01}
    alone = trained(tmp_path / "1", 1, shards=4, **settings)
    assert trained(tmp_path / "2", 2, shards=4, **settings) == alone


def test_more_shards_than_workers_and_no_power_of_two(tmp_path: Path) -> None:
    alone = trained(tmp_path / "1", 1, shards=6)
    assert trained(tmp_path / "3", 3, shards=6) == alone


@pytest.mark.slow
def test_a_last_batch_with_fewer_images_than_shards(tmp_path: Path) -> None:
    for batch in (IMAGES // 2, 23):  # there is no rest, or one image
        alone = trained(tmp_path / f"{batch}", 1, shards=8, batch_size=batch)
        assert trained(tmp_path / f"{batch} of 4", 4, shards=8, batch_size=batch) == alone


def test_more_workers_than_images(tmp_path: Path) -> None:
    for place in ("train/a", "train/b", "val/a", "val/b"):
        write(tmp_path / "few" / place / "0.png", encode(noise((16, 16, 3))))
    few = {"data": str(tmp_path / "few"), "shards": 4, "epochs": 2}
    alone = trained(tmp_path / "1", 1, **few)
    assert trained(tmp_path / "4", 4, **few) == alone


def test_without_shards_each_worker_has_one(tmp_path: Path) -> None:
    trained(tmp_path / "2", 2)
    assert training.read_config(tmp_path / "2").shards == 2


def test_fast_sum_is_recorded_and_asked_of_the_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[bool] = set()
    plain = ThreadGroup.sum

    def remember(self: ThreadGroup, *arguments: Any) -> Any:
        seen.add(self.fast_sum)
        return plain(self, *arguments)

    monkeypatch.setattr(ThreadGroup, "sum", remember)
    trained(tmp_path / "2", 2, fast_sum=True)
    assert seen == {True} and training.read_config(tmp_path / "2").fast_sum
    trained(tmp_path / "plain", 2)
    assert seen == {True, False} and not training.read_config(tmp_path / "plain").fast_sum


def test_shards_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="4 shards cannot be shared out evenly to 3 workers"):
        trained(tmp_path / "3", 3, shards=4)
    with pytest.raises(
        ConfigError, match=r"shards must be at most 32, the images of a batch \(got 300\)"
    ):
        trained(tmp_path / "300", 2, shards=300)


def test_each_shard_draws_its_own_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[int, int]] = []
    forward = layers.Dropout.forward

    def remember(self: layers.Dropout, x: Any) -> Any:
        drawn.append((self.seed, self.draws))
        return forward(self, x)

    monkeypatch.setattr(layers.Dropout, "forward", remember)
    gradients(4, (2, 2, 2, 2))
    assert len(set(drawn)) == len(drawn) >= 4


def test_all_workers_know_the_error_of_all_test_images(tmp_path: Path) -> None:
    trained(tmp_path / "2", 2)
    trained(tmp_path / "1", 1, shards=2)
    both = [training.read_metrics(tmp_path / name / "metrics.jsonl") for name in ("1", "2")]
    for line in (line for lines in both for line in lines):
        line.pop("seconds", None), line.pop("images_per_second", None)
    assert both[0] == both[1]


def test_the_worker_is_named_whose_loss_is_the_first_that_is_not_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute = BatchGradients.compute

    def fails(self: BatchGradients, *arguments: Any) -> None:
        if self.group.rank == 1:
            next(self.model.parameters())[...] *= float("nan")
        compute(self, *arguments)

    monkeypatch.setattr(BatchGradients, "compute", fails)
    with pytest.raises(DivergedError, match="^rank 1 on .*: epoch 1, step 3: the training loss"):
        trained(tmp_path / "run", 2, shards=4)


def test_workers_with_other_versions_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinyalex.training import setup

    here, made = setup.versions(), iter(range(1000))
    monkeypatch.setattr(setup, "versions", lambda: here | {"numpy": f"1.{next(made)}"})
    with pytest.raises(GroupError, match=r"differ in their numpy: rank 0 on .* has 1\.., rank 1"):
        trained(tmp_path / "run", 2)
    assert not (tmp_path / "run" / checkpoints.FILE).exists()


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("lr", {"lr": 0.5}),
        ("batch_size", {"batch_size": 16}),
        ("data", {"data": "moved-digits"}),
        ("initial weights", {}),
    ],
)
def test_workers_that_differ_are_refused(
    tmp_path: Path, what: str, change: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinyalex.training import setup

    build = setup.build_model

    def work(group: Group) -> object:
        other = change if group.rank else {}
        config = {"backend": "numpy", "epochs": 1, "batch_size": BATCH, "lr": 0.01, "model": "tiny"}
        return training.train(
            training.RunConfig(**{**config, "out": tmp_path / "run", **other}), group=group
        )

    if not change:
        made = iter(range(1000))

        def other_weights(*arguments: Any) -> Any:
            model = build(*arguments)
            model.load_state_dict({k: w + next(made) for k, w in model.state_dict().items()})
            return model

        monkeypatch.setattr(setup, "build_model", other_weights)
    with pytest.raises(GroupError, match=f"the workers differ in their {what}: rank 0 on .*"):
        on_threads(2, work)
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()
