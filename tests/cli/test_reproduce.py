"""`tinyalex reproduce`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.processes import ROOT
from tinyalex import reproduce as lab


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for split in ("train", "val"):
        for c in range(2):
            folder = tmp_path / "pictures" / split / f"c{c}"
            folder.mkdir(parents=True)
            for i in range(6):
                pixels = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{i}.png")
    return tmp_path / "pictures"


def test_the_list_names_every_experiment(call):
    result = call("reproduce")
    assert result.exit_code == 0
    for name in ("fig1", "ladder", "ablations", "before2012", "ensemble", "tencrop", "towers"):
        assert name in result.output
    rows = json.loads(call("reproduce", "--json").stdout)
    assert "lrsweep" in [row["name"] for row in rows]
    assert all(row["machine"] in result.output.replace("\n", " ") for row in rows)


def test_every_time_in_the_list_was_measured():
    """The list's times are those of docs/results, whose logs have them; nobody guessed one."""
    said = " ".join((ROOT / "docs/results/README.md").read_text(encoding="utf-8").split())
    said = said.replace("minutes", "min")
    took = {name: lab.get(name).took for name in lab.names()}
    assert took["ablations"] == "24 runs of 14 to 24 min, two at a time"
    assert took["ablations"] in said
    assert "before2012](reproduced/before2012/log.txt), ensemble and tencrop share seven" in said
    assert "450 to 1,160 s each" in said and "towers uses the first three of them" in said
    for name, runs in {"before2012": 7, "ensemble": 7, "tencrop": 3}.items():
        assert took[name] == f"{runs} runs of 450 to 1,160 s" and lab.get(name).seeds == runs
    assert took["towers"] == "3 runs of 14 to 24 min, two at a time"
    assert "Hardware C: two cores of an AMD EPYC of the Zen 3 generation" in said
    assert "two cores of an AMD EPYC (Zen 3), a shared machine" in lab.MACHINE
    for name in ("fig1", "fig1-why", "ladder", "lrsweep", "large-batch"):
        assert took[name] == ""


def test_one_command_reruns_a_claim_and_the_next_only_reads_it(call, pictures):
    words = ("reproduce", "tencrop", "--data", pictures, "--epochs", 1, "--seeds", 2)
    first = call(*words, "--backend", "numpy", "--threads", 1)
    assert first.exit_code == 0, first.output
    assert "**The paper:**" in first.output and "epoch 1/1" in first.output
    result = json.loads(Path("reproduced/laptop/tencrop/result.json").read_text())
    assert result["seeds"] == [0, 1] and "tinyalex reproduce tencrop" in result["command"]
    again = call(*words, "--backend", "numpy", "--threads", 1, "--json")
    assert "epoch 1/1" not in again.stderr
    assert json.loads(again.stdout)["one"] == result["figures"]["one"]


def test_wrong_options_are_refused(refused):
    assert "Try: 'fig1'" in refused("reproduce", "fig2")
    assert "unknown --scale 'huge'" in refused("reproduce", "fig1", "--scale", "huge")
    assert "needs packed data" in refused("reproduce", "ablations", "--scale", "imagenet")
    for name in ("fig1", "fig1-why", "ladder"):
        text = refused("reproduce", name, "--scale", "imagenet", "--data", "packed")
        assert "uses CIFAR-10" in text and "--scale gpu" in text
    assert "--epochs must be at least 1" in refused("reproduce", "fig1", "--epochs", 0)
    assert "--jobs must be at least 1" in refused("reproduce", "fig1", "--jobs", 0)
    assert "--jobs must be 1 on a GPU" in refused(
        "reproduce", "fig1", "--backend", "cuda", "--jobs", 2
    )
    assert "--seeds must be from 1 to 1000" in refused("reproduce", "fig1", "--seeds", 0)
