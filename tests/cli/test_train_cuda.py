"""`tinyalex train --backend cuda`, end to end, in the simulator and on a double of CuPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from tests.backends import cuda_here


def draw_pictures(folder: Path, H: int = 18, W: int = 20) -> Path:
    """Two classes of four training images and two others."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 4), ("val", 2)):
        for brightness, name in ((0, "dark"), (90, "light")):
            place = folder / part / name
            place.mkdir(parents=True)
            for i in range(count):
                pixels = rng.integers(0, 160, (H, W, 3)) + brightness
                Image.fromarray(pixels.astype(np.uint8)).save(place / f"{i}.png")
    return folder


def run(tmp_path: Path, backend: str, out: str, *words: str) -> Path:
    result = cuda_here.simulate(
        *("tests.backends.cuda_command", "train", "--out", out, "--backend", backend),
        *("--data", "pictures", "--epochs", "1", "--batch-size", "4", "--seed", "3", *words),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"backend {backend}" in result.stdout and "Next:" in result.stdout
    return tmp_path / out


@pytest.mark.slow
def test_a_run_leaves_the_weights_that_numpy_leaves(tmp_path: Path) -> None:
    cuda_here.needs("numba.cuda")
    draw_pictures(tmp_path / "pictures")
    gpu, cpu = (run(tmp_path, backend, backend) for backend in ("cuda", "numpy"))
    assert {path.name for path in gpu.iterdir()} == {path.name for path in cpu.iterdir()}
    summaries = [json.loads((folder / "summary.json").read_text()) for folder in (gpu, cpu)]
    assert summaries[0]["backend"] == "cuda"
    assert summaries[0]["top1_error"] == summaries[1]["top1_error"]
    weights, expected = (load_file(folder / "checkpoint.safetensors") for folder in (gpu, cpu))
    assert weights.keys() == expected.keys() and len(weights) > 16
    for name, value in expected.items():
        np.testing.assert_allclose(weights[name], value, rtol=2e-3, atol=2e-5, err_msg=name)
