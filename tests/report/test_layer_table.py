"""The layer table counts each layer's output, parameters, memory and cost."""

from __future__ import annotations

import pytest

from tinyalex import models
from tinyalex.errors import ConfigError
from tinyalex.layers import Conv2d, Flatten, Linear, Sequential
from tinyalex.report import layer_table, measure_layers


@pytest.fixture
def small():
    layers = {"conv": Conv2d(2, 4, (3, 1), stride=(2, 1), groups=2), "flat": Flatten()}
    return Sequential(layers | {"fc": Linear(4 * 2 * 5, 3)})


def test_a_small_net_is_counted_as_by_hand(small):
    conv, flat, fc = layer_table(small, (2, 5, 5), batch_size=10)
    assert (conv.name, conv.kind, conv.detail) == ("conv", "Conv2d", "3x1/2 g2")
    assert conv.output_shape == (4, 2, 5)
    assert conv.parameters == 4 * 1 * 3 * 1 + 4
    assert conv.multiply_adds == 4 * 2 * 5 * 3
    assert conv.activation_bytes == 4 * 10 * 4 * 2 * 5
    assert conv.weight_bytes == 4 * 16
    assert (flat.output_shape, flat.parameters, flat.multiply_adds) == ((40,), 0, 0)
    assert (fc.output_shape, fc.parameters, fc.multiply_adds) == ((3,), 123, 120)
    assert conv.seconds is None and conv.time_share is None


@pytest.mark.parametrize("name", ["alexnet", "alexnet-two-tower"])
def test_alexnet_has_the_papers_size(name):
    rows = layer_table(models.build(name, init=models.ZEROS), (3, 227, 227))
    assert sum(row.parameters for row in rows) == 60_965_224
    assert round(sum(row.multiply_adds for row in rows) / 1e6) == 724


@pytest.mark.parametrize("name", [n for n in models.names() if not n.startswith("alexnet")])
def test_the_rows_are_the_leaves_in_order_and_add_up(name):
    model = models.build(name, init=models.ZEROS)
    rows = layer_table(model, model.input_shape)
    assert [row.name for row in rows] == [leaf for leaf, _ in model.named_layers()]
    assert sum(row.parameters for row in rows) == model.count_parameters()
    assert 2 * sum(row.multiply_adds for row in rows) == model.flops((1, *model.input_shape))
    assert rows[-1].output_shape == (model.num_classes,)


def test_measured_shares_add_up_to_one_and_the_layers_work_as_before(small):
    before = small.state_dict()
    seconds = measure_layers(small, (2, 5, 5), batch_size=4, passes=2)
    rows = layer_table(small, (2, 5, 5), 4, seconds)
    assert sum(row.time_share for row in rows) == pytest.approx(1)
    assert all(row.seconds > 0 for row in rows)
    assert "forward" not in vars(small["conv"])
    assert small["conv"].needs_dx
    assert all((before[key] == value).all() for key, value in small.state_dict().items())


def test_a_batch_size_of_0_is_refused(small):
    with pytest.raises(ConfigError, match="at least 1"):
        layer_table(small, (2, 5, 5), batch_size=0)
