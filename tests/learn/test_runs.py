"""The runs that lessons 13 to 15 share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinyalex import errors, learn, training
from tinyalex.learn import runs


@pytest.fixture(autouse=True)
def short_runs_somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TINYALEX_LESSON_DATA", raising=False)
    monkeypatch.setitem(runs.EPOCHS, "digits", 2)


class Crash(training.Listener):
    def epoch(self, record: dict[str, object]) -> None:
        raise OSError("the power is gone")


def weights(folder: Path) -> dict[str, np.ndarray]:
    return training.load_run(folder, backend="numpy").model.state_dict()


@pytest.mark.slow
def test_a_run_is_trained_once_in_the_current_directory() -> None:
    folder = learn.trained(3)
    assert folder == Path("lesson-runs/moved-digits-seed3") and folder.is_dir()
    before = (folder / "summary.json").stat().st_mtime_ns
    assert learn.trained(3) == folder
    assert (folder / "summary.json").stat().st_mtime_ns == before


@pytest.mark.slow
def test_after_a_crash_training_resumes_to_the_same_weights() -> None:
    with pytest.raises(OSError, match="power"):
        learn.trained(0, Crash())
    assert not Path("lesson-runs/moved-digits-seed0/summary.json").exists()
    resumed = weights(learn.trained(0))
    training.train(learn.run_config(0, out="whole"))
    whole = weights(Path("whole"))
    assert all(np.array_equal(resumed[name], whole[name]) for name in whole)


@pytest.mark.slow
def test_a_run_with_fewer_epochs_is_completed() -> None:
    training.train(learn.run_config(0, epochs=1))
    assert training.read_summary(learn.trained(0))["epochs"] == 2


def test_each_data_set_has_its_own_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYALEX_LESSON_DATA", "cifar10")
    config = learn.run_config(1)
    assert (config.data, config.model) == ("cifar10", "cifar-80sec")
    assert config.out == Path("lesson-runs/cifar10-seed1")
    monkeypatch.setenv("TINYALEX_LESSON_DATA", "cifar100")
    with pytest.raises(errors.ConfigError, match="cifar100"):
        learn.run_config()
