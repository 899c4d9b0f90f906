"""A network split among workers computes what it computes on one, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.group.threads import on_threads
from tests.layers.compare import float64
from tinyalex import layers, models
from tinyalex.errors import ConfigError
from tinyalex.group import Group, Shards
from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Layer,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
    SpatialResponseNorm,
    Tanh,
    Towers,
)
from tinyalex.models import Model
from tinyalex.parallel import own, split, whole

Arrays = dict[str, np.ndarray[Any, Any]]


def model_of(network: dict[str, Layer], image: tuple[int, int, int]) -> Model:
    net = Model(network)
    net.name, net.num_classes, net.input_shape = "net", net.output_shape((1, *image))[1], image
    for i, (_, layer) in enumerate(net.named_layers()):
        if isinstance(layer, Dropout):
            layer.seed, layer.draws = 7 + i, 5
    for _, layer in net.named_layers():
        float64(layer)
    net.skip_input_gradient()
    return net


_KINDS = ["relu", "tanh", "norm", "wide norm", "grouped norm", "square norm", "drop", "pool"]


@st.composite
def networks(draw: st.DrawFn, towers: bool) -> Any:
    """A function that makes the same small network each time, and the shape of its images."""
    channels = draw(st.integers(1, 3))
    plan: list[tuple[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        filters = 2 * draw(st.integers(3, 5))
        plan.append(("conv", (filters, draw(st.sampled_from([1, 3])), draw(st.booleans()))))
        plan += [(kind, None) for kind in draw(st.lists(st.sampled_from(_KINDS), max_size=3))]
    hidden, classes = draw(st.integers(4, 9)), draw(st.integers(4, 7))
    ends_in_towers = towers and draw(st.booleans())
    as_convolution = draw(st.booleans())

    def make() -> Model:
        made: dict[str, Layer] = {}
        now = channels
        for i, (kind, how) in enumerate(plan):
            made[f"{kind}{i}"] = _layer(kind, how, now, towers and i > 0, i)
            now = how[0] if kind == "conv" else now
        side = 6
        if as_convolution:
            made["fc"] = Conv2d(now, hidden, side, seed=98)
        made["flatten"] = Flatten()
        features = hidden if as_convolution else now * side * side
        first: Layer = Linear(features, hidden, seed=99)
        if ends_in_towers:
            first = Towers(
                *(Sequential([Linear(features, hidden, seed=s), Tanh()]) for s in (1, 2)),
                crossing=True,
            )
        outputs = 2 * hidden if ends_in_towers else hidden
        made |= {"fc6": first, "drop6": Dropout(0.3), "fc8": Linear(outputs, classes, seed=97)}
        return model_of(made, (channels, side, side))

    return make, (channels, side := 6, side)


def _layer(kind: str, how: Any, channels: int, grouped: bool, seed: int) -> Layer:
    if kind == "conv":
        filters, kernel, wants_groups = how
        groups = 2 if grouped and wants_groups and channels % 2 == 0 else 1
        return Conv2d(channels, filters, kernel, padding=kernel // 2, groups=groups, seed=seed)
    if kind == "grouped norm":
        return LocalResponseNorm(3, alpha=0.5, groups=2)
    return {
        "relu": lambda: ReLU(inplace=seed % 2 == 0),
        "tanh": Tanh,
        "norm": lambda: LocalResponseNorm(5, alpha=0.5),
        "wide norm": lambda: LocalResponseNorm(4, alpha=0.5),
        "square norm": lambda: SpatialResponseNorm(3, alpha=0.5),
        "drop": lambda: Dropout(0.4, "paper"),
        "pool": lambda: MaxPool2d(1),
    }[kind]()


def steps(net: Layer, x: Any, labels: Any, share: float) -> tuple[Any, Arrays]:
    """Logits and gradients of a batch that is a share of all images."""
    loss = layers.SoftmaxCrossEntropy()
    logits = net.forward(x)
    loss.forward(logits, labels)
    net.backward(loss.backward() * share)
    return logits, {name: layer.grads[key] for name, layer, key in net.parameter_owners()}


def batch(image: tuple[int, int, int], n: int, classes: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(n)
    return rng.standard_normal((n, *image)), rng.integers(0, classes, n)


def close(got: Arrays, wanted: Arrays, rtol: float) -> None:
    assert got.keys() == wanted.keys()
    for name, array in wanted.items():
        largest = np.abs(array).max()
        np.testing.assert_allclose(got[name], array, rtol=0, atol=rtol * largest, err_msg=name)


def check_towers(make: Any, image: tuple[int, int, int], n: int, rtol: float) -> None:
    x, labels = batch(image, n, make().num_classes)
    x = x.astype(next(make().parameters()).dtype)
    alone = make()
    logits, gradients = steps(alone, x, labels, 1.0)

    def work(group: Group) -> tuple[Any, Arrays, dict[str, int]]:
        part = split(make(), "towers", group)
        logits, gradients = steps(part, x, labels, 1.0)
        return logits, whole(part, gradients), part.random_state()

    for got, got_gradients, draws in on_threads(2, work):
        close({"logits": got}, {"logits": logits}, rtol)
        close(got_gradients, gradients, rtol)
        assert draws == alone.random_state()


def check_hybrid(make: Any, image: tuple[int, int, int], n: int, size: int, rtol: float) -> None:
    """Against one worker that computes the shards one after the other."""
    x, labels = batch(image, n, make().num_classes)
    x = x.astype(next(make().parameters()).dtype)
    shards = [Shards(size).images(slice(0, n), shard) for shard in range(size)]
    at_first = make().random_state()

    def shard_of(net: Model, shard: int) -> tuple[Any, Arrays]:
        net.load_random_state({name: draws + shard for name, draws in at_first.items()})
        at = shards[shard]
        return steps(net, x[at], labels[at], (at.stop - at.start) / n)

    dense = make()
    alone = [shard_of(dense, shard) for shard in range(size)]
    total = {name: sum(part[name] for _, part in alone) for name in alone[0][1]}

    def work(group: Group) -> tuple[Any, Arrays, set[str]]:
        part = split(make(), "hybrid", group)
        logits, gradients = shard_of(part, group.rank)
        return logits, whole(part, gradients), set(part.rows)

    results = on_threads(size, work)
    for (logits, *_), (wanted, _) in zip(results, alone, strict=True):
        close({"logits": logits}, {"logits": wanted}, rtol)
    complete = results[0][2]
    for _, gradients, _ in results:
        close({n: gradients[n] for n in complete}, {n: total[n] for n in complete}, rtol)
    summed = {n: sum(part[n] for _, part, _ in results) for n in total if n not in complete}
    close(summed, {n: total[n] for n in summed}, rtol)
    assert 0 < len(complete) < len(total)


@settings(max_examples=40)
@given(networks(towers=True), st.integers(1, 3))
def test_two_towers_on_two_workers_are_the_network(made: Any, n: int) -> None:
    check_towers(*made, n, 1e-11)


@settings(max_examples=40)
@given(networks(towers=False), st.sampled_from([2, 3, 4]), st.integers(0, 3))
def test_the_hybrid_is_the_network_on_any_number_of_workers(
    made: Any, size: int, more: int
) -> None:
    check_hybrid(*made, size + more, size, 1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("side", [67, 227])
def test_the_papers_network_as_towers_and_as_hybrid(side: int) -> None:
    """Float32: sums in another order differ by some roundings of the largest number."""

    def net(name: str) -> Any:
        def make() -> Model:
            whole_net = models.build(name, image_size=side)
            whole_net.skip_input_gradient()
            return whole_net

        return make

    check_towers(net("alexnet-two-tower"), (3, side, side), 1, 1e-5)
    check_hybrid(net("alexnet"), (3, side, side), 2, 2, 1e-5)


def test_alexnet_small_has_two_towers_without_being_written_as_such() -> None:
    def make() -> Model:
        net = models.build("alexnet-small")
        net.skip_input_gradient()
        return net

    check_towers(make, (3, 28, 28), 2, 1e-5)


def test_no_layer_between_conv3_and_conv5_exchanges_anything() -> None:
    """Figure 2: each tower goes on alone from the third convolution to the fully connected ones."""

    def work(group: Group) -> list[str]:
        part = split(models.build("alexnet", init=models.ZEROS), "towers", group)
        return [name for name in (n for n, _ in part.named_layers()) if "channels" in name]

    gathers, _ = on_threads(2, work)
    assert gathers == [
        "features.8 channels",
        "classifier.0 channels",
        "classifier.3 channels",
        "classifier.6 channels",
    ]


def test_the_bytes_of_an_image_are_those_of_the_papers_scheme() -> None:
    """Figure 2: the borders of both norms, conv3, and the inputs of fc6 to fc8."""
    net = models.build("alexnet-two-tower", init=models.ZEROS).eval()

    def work(group: Group) -> int:
        part = split(models.build("alexnet-two-tower", init=models.ZEROS), "towers", group).eval()
        before = group.sent
        part.forward(np.zeros((1, *net.input_shape), np.float32))
        return group.sent - before

    borders = 2 * 55 * 55 + 2 * 27 * 27
    maps = 128 * 13 * 13 + 128 * 6 * 6 + 2048 + 2048
    logits = 500
    assert on_threads(2, work) == [4 * (borders + maps + logits)] * 2


def test_weights_go_apart_and_together_again() -> None:
    def work(group: Group) -> None:
        net = models.build("tiny")
        weights = {name: w.copy() for name, w in net.state_dict().items()}
        part = split(net, "towers", group)
        mine = part.state_dict()
        assert sum(w.size for w in mine.values()) < 0.6 * part.count_parameters()
        assert part.count_parameters() == sum(w.size for w in weights.values())
        assert own(part, weights).keys() == mine.keys()
        joined = whole(part, mine)
        assert list(joined) == list(weights)
        assert all(np.array_equal(joined[name], w) for name, w in weights.items())
        means = {name: np.array([[w.mean(), np.abs(w).mean()]]) for name, w in mine.items()}
        for name, (mean, size) in part.mean(means).items():
            assert np.isclose(mean, weights[name].mean(), atol=1e-7)
            assert np.isclose(size, np.abs(weights[name]).mean())

    on_threads(2, work)


@pytest.mark.parametrize(
    ("layer", "kind", "size", "words"),
    [
        (Conv2d(4, 6, 3, groups=2), "towers", 2, "x has 2 groups of filters"),
        (Linear(36, 1), "hybrid", 2, "x has 1 filters"),
    ],
)
def test_what_cannot_be_split_is_refused(layer: Layer, kind: str, size: int, words: str) -> None:
    image = (4, 3, 3)
    flat = {} if isinstance(layer, Linear) else {"flatten": Flatten()}
    first = {"flatten": Flatten()} if isinstance(layer, Linear) else {}
    net = model_of({**first, "x": layer, **flat}, image)

    with pytest.raises(ConfigError, match=words):
        on_threads(size, lambda group: split(net, kind, group))


@pytest.mark.parametrize(
    ("name", "kind", "size", "words"),
    [
        ("cifar-13pct", "towers", 2, "LocallyConnected2d cannot be split"),
        ("alexnet-two-tower", "hybrid", 2, "two towers"),
        ("alexnet-two-tower", "towers", 3, "two towers"),
        ("alexnet", "towers", 3, "2 groups of filters"),
    ],
)
def test_networks_that_do_not_fit_are_refused(name: str, kind: str, size: int, words: str) -> None:
    side = 67 if name.startswith("alexnet") else None

    def build() -> Model:
        return models.build(name, image_size=side, init=models.ZEROS)

    with pytest.raises(ConfigError, match=f"cannot split {name} among {size} workers: .*{words}"):
        on_threads(size, lambda group: split(build(), kind, group))
