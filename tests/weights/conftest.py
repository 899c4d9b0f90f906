"""PyTorch, ONNX Runtime and real images to compare with."""

from __future__ import annotations

import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.layers.conftest import torch
from tests.weights.nets import make_narrow
from tinyalex import data, notice

__all__ = ["torch"]


@pytest.fixture(scope="session")
def onnxruntime() -> ModuleType:
    pytest.importorskip("onnx", exc_type=ImportError)
    module: ModuleType = pytest.importorskip("onnxruntime", exc_type=ImportError)
    return module


@pytest.fixture(scope="session")
def photographs(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> np.ndarray[Any, Any]:
    """Two images of ImageNet, uint8 (2, 256, 256, 3)."""
    folder, found = tmp_path_factory.mktemp("pictures"), []
    with tarfile.open(real_data / "imagenet-sample" / "images-0.tar") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() else None
            if content is None or not member.name.lower().endswith((".jpg", ".jpeg")):
                continue
            path = folder / f"{len(found)}.jpg"
            path.write_bytes(content.read())
            found.append(data.read_image(path, 256, 3))
            if len(found) == 2:
                break
    return np.stack(found)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    make_narrow(monkeypatch)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings, which are printed even in quiet mode."""
    found: list[str] = []
    monkeypatch.setattr(notice, "_listeners", [lambda text: None])
    monkeypatch.setattr(notice, "_warned", [found.append])
    return found
