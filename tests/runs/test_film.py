"""The film of the first layer: which epochs it has, and what a resumed run makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinyalex import models
from tinyalex.errors import RunError
from tinyalex.runs import film


@pytest.fixture(scope="module", autouse=True)
def short() -> Iterator[None]:
    """Films of few frames."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(film, "MOST", 4)
        yield


def weights(epoch: int, shape: tuple[int, ...] = (4, 3, 2, 2)) -> dict[str, Any]:
    w = np.full(shape, float(epoch), np.float32)
    return {"features.0.weight": w, "features.3.weight": np.zeros((8, 2, 3, 3), np.float32)}


def bytes_of(folder: Path) -> bytes:
    return (folder / film.FILE).read_bytes()


def trained(folder: Path, epochs: int) -> Path:
    folder.mkdir()
    for epoch in range(epochs + 1):
        film.keep(folder, epoch, weights(epoch))
    return folder


@pytest.mark.parametrize("epochs", [0, 1, 3, 4, 5, 8, 13])
def test_a_film_has_the_first_the_last_and_evenly_spaced_epochs(
    tmp_path: Path, epochs: int
) -> None:
    found = film.read(trained(tmp_path / "run", epochs))
    assert found is not None and found.groups == 2
    assert found.epochs[0] == 0 and found.epochs[-1] == epochs
    assert len(found.epochs) <= film.MOST + 1
    steps = np.diff(found.epochs)[:-1]
    assert len(set(steps.tolist())) <= 1  # the last may be nearer
    assert np.array_equal(found.filters[:, 0, 0, 0, 0], found.epochs)  # each has its own filters


@settings(max_examples=8)
@given(stops=st.lists(st.integers(0, 11), max_size=4))
def test_a_resumed_run_has_the_same_film(
    tmp_path_factory: pytest.TempPathFactory, stops: list[int]
) -> None:
    """A process that was killed has written up to one epoch more than its last checkpoint has."""
    folder = tmp_path_factory.mktemp("films")
    whole = trained(folder / "whole", 11)
    stopped = folder / "stopped"
    stopped.mkdir()
    begin = 0
    for stop in [*sorted(stops), 11]:
        for epoch in range(begin, stop + 1):
            film.keep(stopped, epoch, weights(epoch))
        begin = max(0, stop - 1)
    assert bytes_of(stopped) == bytes_of(whole)


def test_a_run_that_begins_again_has_no_older_frames(tmp_path: Path) -> None:
    folder = trained(tmp_path / "run", 3)
    film.keep(folder, 0, weights(0))
    found = film.read(folder)
    assert found is not None and found.epochs.tolist() == [0]


def test_a_damaged_file_is_no_film_and_training_replaces_it(tmp_path: Path) -> None:
    folder = trained(tmp_path / "run", 2)
    whole = bytes_of(folder)
    for damaged in (whole[:-5], b"", b"\xff" * 100, whole[:40] + b"\0" + whole[41:]):
        (folder / film.FILE).write_bytes(damaged)
        assert film.read(folder) is None
        film.keep(folder, 3, weights(3))
        found = film.read(folder)
        assert found is not None and found.epochs.tolist() == [3]
    assert film.read(tmp_path) is None


def test_only_networks_that_begin_with_a_convolution_of_an_image_have_a_film(
    tmp_path: Path,
) -> None:
    for shape in ((4, 2, 3, 3), (4, 9), (2000, 3, 15, 15)):
        film.keep(tmp_path, 0, weights(0, shape))
    film.keep(tmp_path, 0, {})
    dense = {"0.weight": np.zeros((3, 4), np.float32), **weights(0)}
    film.keep(tmp_path, 0, dense)
    assert list(tmp_path.iterdir()) == []


def test_two_towers_are_one_picture(tmp_path: Path) -> None:
    one, two = (models.build(name, 2, image_size=67) for name in ("alexnet", "alexnet-two-tower"))
    two.load_state_dict(models.to_two_tower(one.state_dict()))
    films = []
    for net in (one, two):
        film.keep(tmp_path, 0, net.state_dict())
        films.append(film.read(tmp_path))
    assert films[0] is not None and films[1] is not None
    assert films[0].groups == films[1].groups == 2
    assert np.array_equal(films[0].filters, films[1].filters)
    assert films[0].filters.shape == (1, 96, 3, 11, 11)


def test_a_full_disk_leaves_the_old_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trained(tmp_path / "run", 1)
    before = bytes_of(folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tinyalex.files._write", full)
    with pytest.raises(RunError, match="No space left"):
        film.keep(folder, 2, weights(2))
    assert bytes_of(folder) == before
