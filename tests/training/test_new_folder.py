"""The folder of a new run: agreed on by all workers, even if others want the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.group.threads import on_threads
from tests.training.conftest import bytes_of
from tinyalex import training
from tinyalex.errors import RunError
from tinyalex.lock import locked


@pytest.fixture
def unnamed(config, tmp_path, monkeypatch):
    """Make the configuration of a run without a name, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda **changes: config(out=None, **{"model": "tiny", "epochs": 1} | changes)


NAME = "runs/tiny-digits-seed0"


def test_the_configuration_knows_the_folder_before_and_after(unnamed):
    for name in (NAME, f"{NAME}-2", f"{NAME}-3"):
        config = unnamed()
        assert config.out == Path(name)
        training.train(config)
        assert config.out == Path(name) and training.read_config(name).out == Path(name)


def test_a_name_that_another_process_took_meanwhile_gets_the_next_number(unnamed):
    config = unnamed()
    with locked(Path(NAME), "train"):
        training.train(config)
    assert config.out == Path(f"{NAME}-2") and not Path(NAME).exists()


def test_a_run_that_was_finished_meanwhile_is_not_lost(unnamed):
    late = unnamed(seed=0)
    training.train(unnamed())
    before = bytes_of(Path(NAME))
    training.train(late)
    assert bytes_of(Path(NAME)) == before and late.out == Path(f"{NAME}-2")


def test_a_folder_that_cannot_be_made_is_an_error_at_once(unnamed):
    Path("runs").write_text("a file")
    with pytest.raises(RunError, match="cannot be written"):
        training.train(unnamed())


def test_workers_agree_on_one_folder(unnamed):
    """Rank 1 looks later, when rank 0 has begun to write; here the file is there for a moment."""
    training.train(unnamed())
    leads = unnamed(batch_size=4, backend="numpy")
    begun = Path(f"{NAME}-2")
    begun.mkdir()
    (begun / "config.json").touch()
    follows = unnamed(batch_size=4, backend="numpy")
    assert follows.out == Path(f"{NAME}-3")
    (begun / "config.json").unlink()
    configs = (leads, follows)
    on_threads(2, lambda group: training.train(configs[group.rank], group=group))
    assert {config.out for config in configs} == {begun}
    assert sorted(path.name for path in Path("runs").iterdir()) == [Path(NAME).name, begun.name]


def test_bad_settings_lose_nothing(config, tmp_path):
    training.train(config(epochs=1))
    before = bytes_of(config().out)
    for wrong in ({"model": "alexnet"}, {"shards": 1000}, {"backend": "nunpy"}, {"lr": 1e30}):
        with pytest.raises(Exception, match=r"alexnet|shards|nunpy|loss|finite"):
            training.train(config(overwrite=True, **wrong))
        assert bytes_of(config().out) == before
    training.train(config(overwrite=True, seed=1, epochs=1))
    assert bytes_of(config().out) != before


def test_a_folder_in_use_is_not_overwritten(config):
    training.train(config(epochs=1))
    with locked(config().out, "train"), pytest.raises(RunError, match="is using it"):
        training.train(config(overwrite=True))


def test_a_run_can_begin_from_the_weights_of_the_one_it_replaces(config):
    training.train(config(epochs=1))
    training.train(config(epochs=1, overwrite=True, init_from=config().out))
    assert training.read_config(config().out).facts["initialised"]["weights_sha256"]
