"""The tables of docs/gpu.md, from gpu_cost.py and the logs beside this file.

python docs/results/gpu/cost_model.py            prints them
python docs/results/gpu/cost_model.py --write    puts them into docs/gpu.md
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from math import fsum
from pathlib import Path

import gpu_cost
from gpu_cost import BFLOAT16, FLOAT32, H100, H200, Cost, LayerCost, Speeds, moved, seconds

from tinyalex import models
from tinyalex.layers import Conv2d

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "gpu.md"
NAMES = {"float32": "float32", "tf32": "TF32"}
PRECISIONS = tuple(NAMES)
GOOD_PRODUCT = {"float32": 44.0, "tf32": 200.0}  # TFLOP/s, what most of the products reach
# Stored images are 256 pixels wide (paper, section 2); PCIe 5 with 16 lanes, assumed.
STORED, BUS = 256, 64e9
NOT_MEASURED = "not measured yet"
IMAGE, BATCH = (3, 227, 227), 1024

Part = tuple[str, float, float]  # kernel, milliseconds, rate


@cache
def parts() -> dict[tuple[str, str], list[Part]]:
    """The log of the convolutions taken apart: (precision, layer's sizes) to its kernels."""
    found: dict[tuple[str, str], list[Part]] = {}
    for line in (HERE / "convolution-parts.txt").read_text().splitlines():
        if head := re.fullmatch(r"(float32|tf32) 1024 \((.*)\)", line):
            current = found.setdefault((head[1], head[2]), [])
        elif row := re.match(r" +(\w+).*?x\d+ +([\d.]+) ms +([\d.]+) (GB|TF)/s", line):
            current.append((row[1], float(row[2]), float(row[3])))
    return found


@cache
def reached() -> Speeds:
    """The best rates in that log: of a product in each precision, and of a kernel that moves."""
    rates = {
        (precision, kernel, rate)
        for (precision, _), each in parts().items()
        for kernel, _, rate in each
    }
    flops = {p: 1e12 * max(r for q, k, r in rates if (q, k) == (p, "gemm")) for p in PRECISIONS}
    return Speeds("reached", flops, 1e9 * max(rate for _, k, rate in rates if k != "gemm"))


@cache
def step_times() -> dict[tuple[str, int], float]:
    """Measured milliseconds of our training steps: the first of the two runs."""
    found: dict[tuple[str, int], float] = {}
    text = (HERE / "training-step.txt").read_text()
    for p, batch, ms in re.findall(r"tinyalex, (\w+), batch (\d+): ([\d.]+) ms", text):
        found.setdefault((p, int(batch)), float(ms))
    return found


def expected(gpu: Speeds) -> Speeds:
    """The shares of the data sheet's rates that were reached on the H100 in TF32, of any GPU."""
    best = reached()
    product = best.flops["tf32"] / H100.flops["tf32"]
    moving = best.bytes_per_second / H100.bytes_per_second
    flops = {precision: product * rate for precision, rate in gpu.flops.items()}
    return Speeds(f"expected of {gpu.name}", flops, moving * gpu.bytes_per_second)


@cache
def costs(batch: int = BATCH, width: int = FLOAT32) -> list[LayerCost]:
    """Of the paper's net."""
    net = models.build("alexnet", init=models.ZEROS)
    return gpu_cost.step_costs(net, IMAGE, batch, width)


@cache
def measured(precision: str) -> dict[str, list[Part]]:
    """The log's entries by the layer's name."""
    log = parts()
    found = {}
    for name, layer, shape in models.build("alexnet", init=models.ZEROS).named_inputs((1, *IMAGE)):
        if isinstance(layer, Conv2d):
            F, _, KH, _ = layer.params["weight"].shape
            found[name] = log[precision, f"{shape[1]}, {shape[2]}, {F}, {KH}, {layer.groups}"]
    return found


def table(headings: list[str], rows: list[list[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def ms(value: float) -> str:
    return f"{1e3 * value:.2f}"


def floors() -> str:
    """Each layer's operations, bytes and least times."""
    everything = costs()
    rows = [
        _floor_row(f"`{row.name}`", row.kind, row.least, row.ours)
        for row in everything
        if moved(row.least)
    ]
    least, ours = ([c for row in everything for c in which(row)] for which in (_least, _ours))
    rows = [*rows, _floor_row("**step**", "", least, ours)]
    headings = ["layer", "kind", "GFLOP", "MB", "floor float32, ms", "floor TF32, ms"]
    headings += ["our MB", "our floor float32, ms", "our floor TF32, ms"]
    return table(headings, rows)


def _least(row: LayerCost) -> Sequence[Cost]:
    return row.least


def _ours(row: LayerCost) -> Sequence[Cost]:
    return row.ours


def _floor_row(name: str, kind: str, least: Sequence[Cost], ours: Sequence[Cost]) -> list[str]:
    cells = [name, kind, f"{sum(cost.flop for cost in least) / 1e9:,.0f}"]
    for each in (least, ours):
        cells.append(f"{moved(each) / 1e6:,.0f}")
        cells += [ms(seconds(each, H100, p)) for p in PRECISIONS]
    return cells


def convolutions() -> str:
    """Where our convolutions should land at rates that were reached, and where they are."""
    rows = []
    best = reached()
    sums = [[0.0, 0.0] for _ in PRECISIONS]
    for row in costs():
        if row.kind != "Conv2d":
            continue
        cells = [f"`{row.name}`"]
        for i, precision in enumerate(PRECISIONS):
            # The log has no weights' sums over output rows; they are left out here too.
            logged = [cost for cost in row.ours if cost.what != "sum"]
            wanted = 1e3 * seconds(logged, best, precision)
            took = fsum(each[1] for each in measured(precision)[row.name])
            products = [p for p in measured(precision)[row.name] if p[0] == "gemm"]
            slowest = min(rate for _, _, rate in products)
            cells += [f"{wanted:.2f}", f"{took:.2f}", f"{slowest:.0f}"]
            sums[i] = [sums[i][0] + wanted, sums[i][1] + took]
        rows.append(cells)
    rows.append(["**all five**"] + [c for a, b in sums for c in (f"{a:.2f}", f"{b:.2f}", "")])
    headings = ["layer"]
    for name in NAMES.values():
        headings += [f"should, {name}, ms", f"measured, {name}, ms", "slowest product, TFLOP/s"]
    return table(headings, rows)


def steps() -> str:
    """Whole steps: the floors, where they should land, and where they are."""
    rows = []
    for precision in PRECISIONS:
        for batch in (128, 1024):
            everything = costs(batch)
            least = [cost for row in everything for cost in row.least]
            ours = [cost for row in everything for cost in row.ours]
            times = [seconds(least, H100, precision), seconds(ours, H100, precision)]
            times.append(seconds(ours, reached(), precision))
            took = step_times()[precision, batch]
            share = f"{1e5 * times[2] / took:.0f} %"
            rows.append([NAMES[precision], str(batch), *map(ms, times), f"{took:.2f}", share])
    headings = ["precision", "batch", "floor, ms", "our floor, ms", "should, ms", "measured, ms"]
    return table([*headings, "should / measured"], rows)


def gains() -> str:
    """What the next things to try save at most of a step at batch 1024.

    Measured times go away, or are scaled; what the log does not have is taken at reached rates.
    """
    everything, best = costs(), reached()
    kernels_of = {p: [part for each in measured(p).values() for part in each] for p in PRECISIONS}
    relus, pools = gpu_cost.saved_by_neighbours(everything)

    def moving(saved: int) -> Callable[[str], float]:
        return lambda _: 1e3 * saved / best.bytes_per_second

    def copies(p: str) -> float:
        return fsum(t for kernel, t, _ in kernels_of[p] if kernel in ("write_rows", "write_images"))

    def products(p: str) -> float:
        least = GOOD_PRODUCT[p]
        return fsum(t * max(0, 1 - r / least) for k, t, r in kernels_of[p] if k == "gemm")

    def row(what: str, saved: Callable[[str], float]) -> list[str]:
        took = {p: step_times()[p, BATCH] for p in PRECISIONS}
        return [
            what,
            *(f"{saved(p):.1f} ms ({100 * saved(p) / took[p]:.0f} %)" for p in PRECISIONS),
        ]

    rows = [
        row("implicit GEMM: writes no rows, needs no kernel to write images", copies),
        row("products of a better shape", products),
        row("ReLU in the kernels beside it", moving(relus)),
        row("max pooling in the kernels of the normalisation", moving(pools)),
    ]
    return table(["what", "saved at most, float32", "saved at most, TF32"], rows)


def break_even() -> str:
    """How much slower than cuBLAS a product of our own may be, if it saves all the copies."""
    rows = []
    for precision, name in NAMES.items():
        kernels = [part for each in measured(precision).values() for part in each]
        products = fsum(t for kernel, t, _ in kernels if kernel == "gemm")
        copies = fsum(t for kernel, t, _ in kernels if kernel in ("write_rows", "write_images"))
        ratio = (products + copies) / products
        rows.append([name, f"{products:.1f}", f"{copies:.1f}", f"{ratio:.2f}"])
    headings = ["precision", "products, ms", "copies before and after, ms", "may be slower by"]
    return table(headings, rows)


def loading() -> str:
    """The time to copy a batch to the GPU, if only the bus limits it."""
    rows = []
    for batch in (128, 1024):
        moves = batch * (STORED * STORED * 3)
        least = 1e3 * moves / BUS
        took = step_times()["tf32", batch]
        rows.append(
            [str(batch), f"{moves / 1e6:.0f}", f"{least:.2f}", f"{100 * least / took:.0f} %"]
        )
    return table(["batch", "MB", "ms on the bus", "of a measured TF32 step"], rows)


TABLES = {"floors": floors, "convolutions": convolutions, "steps": steps, "gains": gains}


def memory() -> str:
    """What a step takes of the GPU's memory, and of the host's that is pinned."""
    rows = []
    for batch in (128, 1024):
        net = models.build("alexnet", init=models.ZEROS)
        need = gpu_cost.step_memory(net, IMAGE, batch, STORED, 512 << 20)
        parts = need.weights, need.kept, need.workspace, need.coming, need.gpu
        cells = [f"{part / 2**30:.2f}" for part in parts]
        rows.append([str(batch), *cells, f"{need.pinned >> 20}"])
    headings = ["batch", "weights, gradients, velocity, GiB", "kept for backward, GiB"]
    headings += ["workspace, GiB", "batches in transit, GiB", "GPU, GiB", "pinned, MiB"]
    return table(headings, rows)


TABLES |= {"break-even": break_even, "loading": loading, "memory": memory}


def mixed_floors() -> str:
    """Each layer's bytes and least times in mixed precision, on two GPUs."""
    everything = [row for row in costs(BATCH, BFLOAT16) if moved(row.least)]
    least, ours = ([c for row in everything for c in which(row)] for which in (_least, _ours))
    whole = LayerCost("**step**", "", tuple(least), tuple(ours))
    rows = []
    for row in (*everything, whole):
        name = f"`{row.name}`" if row.kind else row.name
        cells = [name, row.kind, f"{moved(row.least) / 1e6:,.0f}"]
        cells += [ms(seconds(row.least, gpu, "bf16")) for gpu in (H100, H200)]
        cells.append(f"{moved(row.ours) / 1e6:,.0f}")
        cells += [ms(seconds(row.ours, gpu, "bf16")) for gpu in (H100, H200)]
        cells += [ms(seconds(row.ours, expected(gpu), "bf16")) for gpu in (H100, H200)]
        rows.append([*cells, NOT_MEASURED])
    headings = ["layer", "kind", "MB", "floor H100, ms", "floor H200, ms", "our MB"]
    headings += ["our floor H100, ms", "our floor H200, ms"]
    return table([*headings, "should H100, ms", "should H200, ms", "measured"], rows)


def mixed_steps() -> str:
    """Whole steps in mixed precision, and what they should take in TF32."""
    rows = []
    for gpu in (H100, H200):
        for batch in (128, 1024):
            mixed, tf32 = costs(batch, BFLOAT16), costs(batch)
            least, ours = ([c for row in mixed for c in which(row)] for which in (_least, _ours))
            before = [cost for row in tf32 for cost in row.ours]
            times = [seconds(least, gpu, "bf16"), seconds(ours, gpu, "bf16")]
            should = seconds(ours, expected(gpu), "bf16")
            today = seconds(before, expected(gpu), "tf32")
            cells = [gpu.name, str(batch), *map(ms, (*times, should, today))]
            rows.append([*cells, f"{today / should:.2f}", NOT_MEASURED])
    headings = ["GPU", "batch", "floor, ms", "our floor, ms", "should, ms", "should in TF32, ms"]
    return table([*headings, "TF32 / bf16", "measured"], rows)


SECOND = "features.4"
COPIES, PRODUCTS = ("write_rows", "write_images"), ("gemm",)


def implicit() -> str:
    """What an implicit GEMM of the second layer, or of all five, could gain at most: the copies."""
    rows = []
    for gpu in (H100, H200):
        for precision, width in (("tf32", FLOAT32), ("bf16", BFLOAT16)):
            everything, rates = costs(BATCH, width), expected(gpu)
            step = seconds([c for row in everything for c in row.ours], rates, precision)
            cells = [gpu.name, NAMES.get(precision, precision)]
            for convolutions in (
                [SECOND],
                [row.name for row in everything if row.kind == "Conv2d"],
            ):
                ours = [c for row in everything if row.name in convolutions for c in row.ours]
                copies, products = (
                    seconds([c for c in ours if c.what.startswith(words)], rates, precision)
                    for words in (COPIES, PRODUCTS)
                )
                share = f"{100 * copies / step:.0f} %"
                cells += [ms(products), ms(copies), share, f"{(products + copies) / products:.2f}"]
            rows.append(cells)
    headings = ["products, ms", "copies, ms", "of the step", "may be slower by"]
    both = [*headings, *(f"{each}, all five" for each in headings)]
    return table(["GPU", "precision", *both], rows)


TABLES |= {"bf16-floors": mixed_floors, "bf16-steps": mixed_steps, "implicit": implicit}


def filled(page: str) -> str:
    """The page with each table between its two marks made anew."""
    for name, make in TABLES.items():
        marks = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.partition(marks[0])
        _, _, after = rest.partition(marks[1])
        page = f"{before}{marks[0]}\n{make()}\n{marks[1]}{after}"
    return page


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        print(f"reached: {reached()}")
        for name, make in TABLES.items():
            print(f"\n{name}\n{make()}")
