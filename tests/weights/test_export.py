"""An exported network and its mean image must be files of the same export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.weights.nets import run_of
from tinyalex import weights
from tinyalex.errors import CheckpointError, RunError
from tinyalex.lock import locked
from tinyalex.training import Run


def with_mean(run: Run, level: float) -> Run:
    image = np.full_like(run.statistics.mean_image, level)
    return replace(run, statistics=replace(run.statistics, mean_image=image))


def test_weights_and_mean_of_different_exports_are_refused(tmp_path: Path) -> None:
    """An export to a full disk may leave them: the mean is written first."""
    out = tmp_path / "net.safetensors"
    run = run_of("tiny")
    weights.export(with_mean(run, 90.0), out)
    older = out.read_bytes()
    weights.export(with_mean(run, 120.0), out)
    assert weights.read(out).statistics.mean_image.max() == 120
    out.write_bytes(older)
    with pytest.raises(CheckpointError, match=r"net\.mean\.npy beside it is not the mean image"):
        weights.read(out)


def test_the_same_export_has_the_same_bytes(tmp_path: Path) -> None:
    names = [tmp_path / f"{i}.safetensors" for i in range(4)]
    for name in names:
        weights.export(run_of("tiny"), name)
    assert len({name.read_bytes() for name in names}) == 1


def test_weights_are_not_imported_into_a_folder_in_use(tmp_path: Path) -> None:
    weights.export(run_of("tiny"), tmp_path / "net.safetensors")
    found = weights.read(tmp_path / "net.safetensors")
    with locked(tmp_path / "run", "train"):
        with pytest.raises(RunError, match="is using it"):
            found.write(tmp_path / "run")
        assert [path.name for path in (tmp_path / "run").iterdir()] == [".lock"]
    found.write(tmp_path / "run")
