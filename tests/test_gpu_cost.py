"""The cost model of a GPU: its counts by hand, by the measured log, and on the page."""

from __future__ import annotations

import doctest
import inspect
import sys
from pathlib import Path

import pytest

from tinyalex import data, models
from tinyalex.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
    Sequential,
)

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "docs" / "results" / "gpu"))  # as when the script is run

import cost_model as script  # noqa: E402
import gpu_cost  # noqa: E402
from gpu_cost import BFLOAT16, H100, H200, Cost, Speeds, moved, seconds, step_costs  # noqa: E402

NET = models.build("alexnet", init=models.ZEROS)
ALEXNET = step_costs(NET, (3, 227, 227), 1024)
MIXED = step_costs(NET, (3, 227, 227), 1024, BFLOAT16)


def test_the_examples_in_its_docstrings_run():
    assert doctest.testmod(gpu_cost).failed == 0


def test_a_convolution_is_counted_kernel_by_kernel():
    layer = Conv2d(4, 6, (3, 2), padding=(1, 0), groups=2)
    N, C, H, W = shape = (5, 4, 7, 8)
    OH, OW = 7, 7
    x, y = N * C * H * W, N * 6 * OH * OW
    rows, dy_rows = (H + 2) * C * 2 * N * OW, (OH + 2) * 6 * 2 * N * W
    flop = 2 * y * 2 * 3 * 2
    found = [(c.what, c.flop, c.bytes // 4) for c in gpu_cost.convolution(layer, shape, False)]
    w = 6 * 2 * 3 * 2
    assert found == [
        ("write_rows", 0, x + rows),
        ("gemm forward", flop, rows + w + y),
        ("write_images", 0, 2 * y),
        ("write_rows", 0, x + rows + 2 * y),
        ("gemm dw", flop, rows + y + OH * w),
        ("sum", 0, (OH + 1) * w),
        ("sum_maps", 0, y),
        ("write_rows", 0, y + dy_rows),
        ("gemm dx", flop, dy_rows + w + x),
        ("write_images", 0, 2 * x),
    ]
    assert len(gpu_cost.convolution(layer, shape, True)) == 7  # an image has no gradient


def test_what_a_neighbours_kernel_saves_is_counted_in_passes_over_feature_maps():
    """ReLU: two passes forward after a convolution, three backward before a normalisation."""
    first, second, later = 96 * 55**2, 256 * 27**2, (384 + 384 + 256) * 13**2
    relus, pools = gpu_cost.saved_by_neighbours(ALEXNET)
    assert relus == 4 * 1024 * (5 * (first + second) + 2 * later)
    assert pools == 4 * 1024 * 4 * (first + second)


def test_mixed_precision_halves_activations_and_adds_rounded_weights():
    layer, shape = Conv2d(4, 6, (3, 2), padding=(1, 0), groups=2), (5, 4, 7, 8)
    float32 = gpu_cost.convolution(layer, shape, False)
    mixed = gpu_cost.convolution(layer, shape, False, BFLOAT16)
    w, OH = 6 * 2 * 3 * 2, 7
    assert [c.flop for c in mixed if c.flop] == [c.flop for c in float32 if c.flop]
    assert moved(mixed, "convert") == 2 * 6 * w
    stay = 4 * (OH * w + (OH + 1) * w)  # the sums for dw, written and read
    assert moved(mixed) - moved(mixed, "convert") == (moved(float32) - stay) // 2 + stay
    dense, size = Linear(30, 20), (5, 30)
    assert gpu_cost._extra(dense, size, 4) == 0
    assert gpu_cost._extra(dense, size, BFLOAT16) == 8 * 600 + 16 * 100


def test_a_layer_without_weights_moves_half_and_one_with_weights_keeps_them():
    for row, half in zip(ALEXNET, MIXED, strict=True):
        assert (row.name, row.flop) == (half.name, half.flop)
        weights = (
            3 * 4 * sum(p.size for p in dict(NET.named_layers())[row.name].params.values())
            if (row.kind in ("Conv2d", "Linear"))
            else 0
        )
        if row.kind in ("Loss", "SGD"):
            assert row.least == half.least
        elif row.kind == "MaxPool2d":
            assert moved(half.least) < moved(row.least)
        else:
            assert 2 * (moved(half.least) - weights) == moved(row.least) - weights
    assert moved(MIXED[0].ours, "convert") > 6 * 1024 * 3 * 227 * 227  # the images are rounded


def test_the_longer_of_computing_and_moving_counts():
    gpu = Speeds("a", {"float32": 10.0, "tf32": 100.0}, 2.0)
    assert Cost("gemm", 100, 10).seconds(gpu, "float32") == 10
    assert Cost("gemm", 100, 10).seconds(gpu, "tf32") == 5
    assert seconds([Cost("a", 100, 0), Cost("b", 0, 4)], gpu, "float32") == 12


@pytest.mark.parametrize("rows", [ALEXNET, MIXED], ids=["float32", "bf16"])
def test_our_way_never_costs_less_than_the_least(rows):
    for row in rows:
        for precision in H100.flops:
            least = seconds(row.least, H100, precision)
            assert seconds(row.ours, H100, precision) >= least or row.kind == "Conv2d"
        assert moved(row.ours) >= moved(row.least)
        assert row.flop == sum(cost.flop for cost in row.ours)


def test_a_step_has_the_operations_of_the_net():
    forward = NET.flops((1024, 3, 227, 227))
    assert sum(row.flop for row in ALEXNET) == 3 * forward - ALEXNET[0].flop // 2
    assert moved(ALEXNET[-1].least) == 20 * NET.count_parameters()


def test_the_bytes_are_those_that_the_log_divided_by():
    """Bytes from the sizes alone, and GB/s times milliseconds as the GPU's log has them."""
    rows = {row.name: row for row in ALEXNET}
    for precision in script.PRECISIONS:
        for name, kernels in script.measured(precision).items():
            # For write_images the log also counts the array that stands in for a missing bias.
            for kernel, rel in (("write_rows", 1e-3), ("sum_maps", 1e-2), ("write_images", 2e-2)):
                logged = sum(1e6 * ms * rate for what, ms, rate in kernels if what == kernel)
                assert moved(rows[name].ours, kernel) == pytest.approx(logged, rel=rel), name


def test_the_operations_are_those_that_the_log_divided_by():
    rows = {row.name: row for row in ALEXNET}
    for precision in script.PRECISIONS:
        for name, kernels in script.measured(precision).items():
            logged = sum(1e9 * ms * rate for what, ms, rate in kernels if what == "gemm")
            assert rows[name].flop == pytest.approx(logged, rel=2e-3), name


def test_the_h200_is_an_h100_with_faster_memory():
    assert H200.flops == H100.flops and H200.bytes_per_second > H100.bytes_per_second
    fast, slow = script.expected(H200), script.expected(H100)
    assert slow.bytes_per_second == pytest.approx(script.reached().bytes_per_second)
    assert slow.flops["tf32"] == pytest.approx(script.reached().flops["tf32"])
    assert fast.flops == slow.flops


def test_the_page_has_the_tables_that_the_script_makes():
    page = (ROOT / "docs" / "gpu.md").read_text(encoding="utf-8")
    assert script.filled(page) == page
    assert all(page.count(f"<!-- {name} -->\n| ") == 1 for name in script.TABLES)


def test_memory_is_counted_array_by_array():
    layers = [Conv2d(3, 4, 3), ReLU(inplace=True), LocalResponseNorm(), MaxPool2d(2), Flatten()]
    layers += [Linear(16, 5), Dropout()]
    need = gpu_cost.step_memory(Sequential(layers), (3, 6, 6), 10, 8, 1000)
    weights = 4 * 3 * 3 * 3 + 4 + 16 * 5 + 5
    x, conv, pool, linear = 10 * 3 * 6 * 6, 10 * 4 * 4 * 4, 10 * 4 * 2 * 2, 10 * 5
    assert need.weights == 3 * 4 * weights
    assert need.kept == 4 * (x + conv + 2 * conv + pool + linear + 2 * linear) + pool
    assert need.coming == 4 * 4 * x + 10 * 8 * 8 * 3
    assert need.pinned == 4 * 10 * 8 * 8 * 3
    assert need.gpu == need.weights + need.kept + 1000 + need.coming


@pytest.mark.parametrize(("batch", "measured", "promised"), [(128, 2.35, 4), (1024, 9.45, 24)])
def test_alexnet_keeps_the_promise_about_memory_and_the_model_fits_the_measured_pool(
    batch, measured, promised
):
    """Measured without a loader, docs/results/gpu.md; the pool's own loss is a tenth or so."""
    need = gpu_cost.step_memory(NET, (3, 227, 227), batch, 256, 512 << 20)
    net = (need.gpu - need.coming) / 2**30
    assert 0.85 < net / measured <= 1.0
    assert measured + need.coming / 2**30 < promised


def test_batches_on_their_way_are_as_many_as_the_loader_lets_wait():
    loader = inspect.signature(data.Loader).parameters["prefetch"]
    assert loader.default == gpu_cost.AHEAD
