"""The measured figures, read from the committed logs and results in this folder."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def read(path: str) -> Any:
    return json.loads((HERE / path).read_text(encoding="utf-8"))


def in_log(path: str, pattern: str) -> list[str]:
    """What the pattern's group matched in a committed log, each time."""
    found = re.findall(pattern, (HERE / path).read_text(encoding="utf-8"), re.MULTILINE)
    if not found:
        raise SystemExit(f"{path}: nothing looks like {pattern}")
    return found


def mean(values: list[float]) -> float:
    return statistics.fmean(values)


def spread_of(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def runs(folder: str, *seeds: int) -> list[dict[str, Any]]:
    return [read(f"{folder}{seed}/summary.json") for seed in seeds]


def errors(folder: str, *seeds: int) -> list[float]:
    return [100 * float(run["top1_error"]) for run in runs(folder, *seeds)]


def seconds(folder: str, *seeds: int) -> str:
    return ", ".join(f"{run['wall_seconds']:.0f}" for run in runs(folder, *seeds)) + " s"


def logged(path: str, last: str = r"^all \d+ together +([\d.]+) %") -> list[float]:
    return [float(error) for error in in_log(path, last)]


def ten_crops(folder: str, *seeds: int) -> list[float]:
    found = [in_log(f"{folder}{s}/ten-crops.txt", r"^runs/\S+ +([\d.]+) %")[0] for s in seeds]
    return [float(error) for error in found]


def ratio(task: str, *logs: str) -> float:
    """How many times as fast as PyTorch, from logs of `tinyalex bench`: the mean of the runs."""
    pattern = rf"^{task} +numba .* ([\d.]+) \([\d.]+-[\d.]+\) *$"
    return mean([float(in_log(f"cpu/{log}.txt", pattern)[0]) for log in logs])


def gpu_ratio(precision: str) -> float:
    """Images a second on a GPU over PyTorch's in its better order of memory: the smaller batch."""
    rates = {
        who: max(map(float, in_log("gpu/training-step.txt", rf"^{who}.*, (\d+) images/s")))
        for who in (f"tinyalex, {precision}, batch 128", f"torch, {precision}, .*batch 128")
    }
    ours, theirs = rates.values()
    return ours / theirs


def gpu_turns(precision: str) -> float:
    """Times as fast as PyTorch on an H200, in turns, batch 128."""
    pattern = rf"batch 128, {precision}, [\s\S]*?^train cuda .* ([\d.]+) \([\d.]+-[\d.]+\) *$"
    return float(in_log("gpu/h200/bench.txt", pattern)[0])


def before_2012() -> dict[str, Any]:
    """Its figures; README says that the intervals do not touch."""
    figures: dict[str, Any] = read("reproduced/before2012/result.json")["figures"]
    assert figures["apart"] and len(figures["errors"]) == 3
    return figures


def figure_1() -> float:
    """Its factor; README says that it is gone once the inputs are scaled."""
    scaled = read("reproduced/fig1-why/result.json")["figures"]["settings"][2]
    assert scaled["name"] == "pixels / 64" and scaled["factor"] < 1
    factor: float = read("reproduced/fig1/result.json")["figures"]["factor"]["mean"]
    return factor
