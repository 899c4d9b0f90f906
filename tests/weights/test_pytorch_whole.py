"""At full size: our networks, exported and read by PyTorch."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from tests.weights.nets import (
    assert_same_logits,
    column,
    logits_of,
    run_of,
    torch_paper,
    torch_torchvision,
)
from tinyalex import weights


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "alexnet-caffe", "alexnet-torchvision"])
def test_exported_networks_give_the_same_logits_for_photographs(
    torch: ModuleType, photographs: np.ndarray[Any, Any], tmp_path: Path, name: str
) -> None:
    run = run_of(name)
    there = {
        "alexnet": lambda: torch_paper(torch, 1000),
        "alexnet-caffe": lambda: torch_paper(torch, 1000, alpha=1e-4, k=1),
        "alexnet-torchvision": lambda: torch_torchvision(torch),
    }[name]()
    weights.export(run, path := tmp_path / "out.safetensors")
    state = {key: torch.from_numpy(array) for key, array in load_file(path).items()}
    path.unlink()  # 244 MB
    there.load_state_dict(state, strict=True)
    side = run.model.input_shape[1]
    at = (256 - side) // 2
    x = photographs[:, at : at + side, at : at + side].transpose(0, 3, 1, 2) - column(
        (120, 115, 100)
    )
    x = (x / (58 if name == "alexnet-torchvision" else 1)).astype(np.float32)
    assert_same_logits(run.model.forward(x), logits_of(torch, there, x))
