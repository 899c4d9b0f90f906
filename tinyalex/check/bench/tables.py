"""The figures of a benchmark as text: headings and rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinyalex.check.bench.sizes import swept_value
from tinyalex.check.bench.statistics import Spread
from tinyalex.check.bench.turns import Result

# The times of two implementations fit into 80 columns only with short class names.
SHORT_KINDS = {
    "LocalResponseNorm": "LocalNorm",
    "SpatialResponseNorm": "SpatNorm",
    "LocallyConnected2d": "Local2d",
}


@dataclass(frozen=True)
class TextTable:
    """Headings, which of them are for text, and rows of cells."""

    headings: list[str]
    text_columns: list[str]
    rows: list[list[str]]


def header(machine: Mapping[str, Any], peaks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return lines with machine, versions and date; ``peaks`` has one entry per precision."""
    versions = ", ".join(f"{name} {each}" for name, each in machine["versions"].items())
    memory = machine["memory_gib"]
    return [
        *([f"gpu       {machine['gpu']}"] if machine.get("gpu") else []),
        f"machine   {machine['cpu']}, {machine['cores']} cores ({machine['usable_cores']} usable),"
        + (f" {memory} GiB, " if memory else " ")
        + machine["system"],
        f"threads   {machine['threads']} per implementation",
        f"versions  {versions}",
        f"BLAS      {machine['blas']}",
        *map(_peak, peaks),
        f"date      {machine['date']}",
        f"command   {machine['command']}",
    ]


def _peak(peaks: Mapping[str, Any]) -> str:
    shape = "x".join(str(size) for size in peaks["gemm_shape"])
    return (
        f"peak      {peaks['gemm_gflops']:.0f} GFLOP/s {peaks.get('precision', 'float32')} "
        f"(matrix product {shape}, {peaks['gemm_way']}), copy {peaks['copy_gb_per_s']:.1f} GB/s"
    )


def results_table(results: Sequence[Result], peak_gflops: float) -> TextTable:
    """One row per implementation and task: time, images per second, memory, arithmetic, ratio.

    If all of them run on a GPU, the memory is the GPU's.
    """
    rows = []
    on_gpu = all(result.gpu_memory_mib is not None for result in results)
    for result in results:
        gflops = result.gflops
        memory = result.gpu_memory_mib if on_gpu else result.memory_mib
        rows.append(
            [
                result.job.task,
                result.job.implementation,
                _spread(result.seconds, 1e3),
                figure(result.images_per_second.median),
                "" if memory is None else f"{memory:,.0f}",
                f"{gflops:.0f}" if gflops else "",
                f"{100 * gflops / peak_gflops:.0f}" if gflops else "",
                "" if result.speedup is None else _spread(result.speedup),
            ]
        )
    headings = ["task", "who", "ms a batch", "images\n/s", "GPU\nMiB" if on_gpu else "peak\nMiB"]
    headings += ["GFLOP\n/s", "% of\npeak", "times as fast"]
    return TextTable(headings, ["task", "who"], rows)


def settings_lines(results: Sequence[Result]) -> list[str]:
    """PyTorch's settings, a line per task: the fastest of how many, and what it takes to compile.

    The next lines are of those that could not run.
    """
    lines = []
    for result in results:
        if not (settings := result.job.settings):
            continue
        chosen = ", ".join(f"{name} {_word(value)}" for name, value in settings.items())
        ran = [trial for trial in result.trials if trial["images_per_second"]]
        first = [t["first_call_seconds"] for t in ran if t["settings"] == settings]
        compiled = settings.get("compile", "off") != "off"
        lines.append(
            f"torch {result.job.task}, {result.job.precision}: {chosen}"
            + (f" (the fastest of {len(ran)} choices" if ran else "")
            + (f"; its first call took {first[0]:.0f} s" if compiled and first else "")
            + (")" if ran else "")
        )
        lines += [
            f"  left out: {', '.join(f'{n} {_word(v)}' for n, v in trial['settings'].items())}: "
            f"{trial['problem']}"
            for trial in result.trials
            if trial["problem"]
        ]
    return lines


def _word(value: Any) -> str:
    return {True: "on", False: "off"}.get(value, str(value))


def layers_table(
    rows: Sequence[Mapping[str, Any]],
    torch_rows: Sequence[Mapping[str, Any]] | None,
    peak_gflops: float,
    copy_gb_per_s: float,
) -> TextTable:
    """One row per layer, and a total; GFLOP, MB and rates are for forward and backward together.

    ``% of peak`` compares with the fastest matrix product, ``% of copy`` with the fastest copy.
    """
    theirs = {row["name"]: row for row in torch_rows or ()}
    headings = ["layer", "kind", "fwd\nms", "bwd\nms", "GFLOP", "GFLOP\n/s", "% of\npeak"]
    headings += ["MB", "GB/s", "% of\ncopy"]
    if torch_rows:
        headings += ["torch\nfwd", "torch\nbwd"]
    cells = [_layer_cells(row, theirs.get(row["name"]), peak_gflops, copy_gb_per_s) for row in rows]
    total = {key: sum(row[key] for row in rows) for key in _SUMMED}
    total_theirs = {key: sum(row[key] for row in theirs.values()) for key in _SUMMED[:2]}
    named = {"name": "total", "kind": "", **total}
    sums = total_theirs if torch_rows else None
    cells.append(_layer_cells(named, sums, peak_gflops, copy_gb_per_s))
    width = len(headings)
    return TextTable(
        headings, ["layer", "kind"], [row[:width] + [""] * (width - len(row)) for row in cells]
    )


_SUMMED = [f"{way}_{unit}" for unit in ("ms", "flop", "bytes") for way in ("forward", "backward")]


def _layer_cells(
    row: Mapping[str, Any],
    theirs: Mapping[str, Any] | None,
    peak_gflops: float,
    copy_gb_per_s: float,
) -> list[str]:
    seconds = 1e-3 * (row["forward_ms"] + row["backward_ms"])
    gflop = 1e-9 * (row["forward_flop"] + row["backward_flop"])
    gb = 1e-9 * (row["forward_bytes"] + row["backward_bytes"])
    rate = gflop / seconds if seconds else 0.0
    cells = [
        row["name"],
        SHORT_KINDS.get(row["kind"], row["kind"]),
        figure(row["forward_ms"]),
        figure(row["backward_ms"]),
        figure(gflop) if gflop else "",
        f"{rate:.0f}" if gflop else "",
        f"{100 * rate / peak_gflops:.0f}" if gflop else "",
        figure(1e3 * gb) if gb else "",
        figure(gb / seconds) if gb and seconds else "",
        f"{100 * gb / seconds / copy_gb_per_s:.0f}" if gb and seconds else "",
    ]
    if theirs is not None:
        cells += [figure(theirs["forward_ms"]), figure(theirs["backward_ms"])]
    return cells


def sweep_table(kind: str, results: Sequence[Result]) -> TextTable:
    """One row per size and implementation: training, inference, peak memory of training."""
    by_size: dict[tuple[int, str], dict[str, Result]] = {}
    for result in results:
        key = swept_value(kind, result.job), result.job.implementation
        by_size.setdefault(key, {})[result.job.task] = result
    rows = []
    for (value, implementation), tasks in by_size.items():
        row = [str(value), implementation]
        for task in ("train", "infer"):
            cell = tasks.get(task)
            row.append("" if cell is None else _spread(cell.images_per_second))
            ratio = None if cell is None else cell.speedup
            row.append("" if ratio is None else f"{ratio.median:.2f}")
        memory = tasks["train"].memory_mib if "train" in tasks else None
        rows.append([*row, "" if memory is None else f"{memory:,.0f}"])
    headings = [kind, "who", "train\nimages/s", "times\nas fast", "infer\nimages/s"]
    headings += ["times\nas fast", "peak\nMiB"]
    return TextTable(headings, ["who"], rows)


def workers_table(results: Sequence[Mapping[str, Any]]) -> TextTable:
    """One row per number of workers; see `scaling.measure` and `scaling.with_efficiency`."""
    rows = [
        [
            str(each["workers"]),
            str(each["threads"]),
            _spread(Spread(**each["seconds_per_batch"]), 1e3),
            figure(each["images_per_second"]["median"]),
            figure(each["speedup"]) if "speedup" in each else "",
            f"{each['efficiency']:.0%}" if "efficiency" in each else "",
            f"{each['waiting']:.0%}",
        ]
        for each in results
    ]
    headings = ["workers", "threads\neach", "ms per batch", "images\n/s", "times\nas fast"]
    return TextTable([*headings, "efficiency", "waiting"], [], rows)


def figure(number: float) -> str:
    """Format a number with three or more digits: ``0.013``, ``4.21``, ``63.1``, ``1,204``.

    Examples
    --------
    >>> [figure(x) for x in (0.0126, 4.207, 63.14, 1203.8)]
    ['0.013', '4.21', '63.1', '1,204']
    """
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.{1 if number >= 10 else 2 if number >= 0.1 else 3}f}"


def _spread(spread: Spread, factor: float = 1.0) -> str:
    """Format a median with its quartiles in brackets."""
    middle, low, high = (figure(factor * x) for x in (spread.median, spread.lower, spread.upper))
    return f"{middle} ({low}-{high})"
