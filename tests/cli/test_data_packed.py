"""`tinyalex data verify` and `info` on packed data, and training on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.data.packed.making import flip, make
from tinyalex import data


def test_complete_data_are_verified(call, tmp_path):
    make(tmp_path / "dst", "jpeg")
    result = call("data", "verify", "dst")
    assert result.exit_code == 0, result.output
    assert "18 records" in result.stdout and "all checksums match" in result.stdout
    document = json.loads(call("data", "verify", "dst", "--json").stdout)
    assert (document["records"], document["bad"], document["problems"]) == (18, 0, [])
    assert call("data", "verify", "dst", "--quiet").stdout == "18\n"


def test_damaged_records_are_named_up_to_a_limit(call, refused, tmp_path):
    folder = make(tmp_path / "dst").folder
    for record in (1, 2, 5):
        flip(folder / "train-00000.rec", 360 * record + 7)
    said = refused("data", "verify", "dst", "--limit", 2)
    assert "3 problems in 18 records" in said and "... and 1 more" in said
    assert "train record 1 (n02/train 1.JPEG" in said and "train record 2 " in said
    assert "train record 5 " not in said
    result = call("data", "verify", "dst", "--json")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert document["bad"] == 3 and len(document["problems"]) == 3


def test_what_cannot_be_verified_is_refused(refused, tmp_path):
    assert "not a packed data set" in refused("data", "verify", tmp_path)
    folder = make(tmp_path / "dst").folder
    (folder / "val-00000.rec").unlink()
    assert "val-00000.rec: no such file" in refused("data", "verify", "dst")


def test_info_describes_packed_data(call, tmp_path):
    make(tmp_path / "dst")
    result = call("data", "info", "dst")
    assert result.exit_code == 0, result.output
    assert "train: 12 raw records in 2 files" in result.stdout and "2 rejected" in result.stdout
    assert "filter none" in result.stdout
    document = json.loads(call("data", "info", "dst", "--json").stdout)
    assert document["packed"]["splits"]["val"]["records"] == 6
    assert document["train"]["images"] == 12


def test_a_table_of_many_classes_is_cut(call, tmp_path, monkeypatch):
    monkeypatch.setattr("tinyalex.commands.data.MOST_ROWS", 2)
    make(tmp_path / "dst")
    result = call("data", "info", "dst")
    assert "n02" in result.stdout and "n03" not in result.stdout
    assert "... 1 more" in result.stdout


@pytest.fixture
def packed(tmp_path):
    """A packed data set that the tiny model can learn from, of images as its recipe has them."""
    from tinyalex import recipes

    side = recipes.get("tiny").image_size
    return make(tmp_path / "dst", train=(12, 8, 9, 9, 9, 10), shape=(side, side, 3)).folder


def train(call, *words):
    return call("train", "--data", "dst", "--model", "tiny", "--epochs", 1, "--quiet", *words)


def test_training_uses_the_statistics_of_the_packed_data(call, packed, monkeypatch):
    def measure(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(data, "statistics", measure)
    result = train(call, "--out", "run", "--shuffle", "shard", "--loader-threads", 3)
    assert result.exit_code == 0, result.output
    config = json.loads(Path("run/config.json").read_text())
    assert (config["shuffle"], config["loader_threads"], config["jpeg_decoder"]) == (
        "shard",
        3,
        "turbo",
    )


@pytest.mark.slow
def test_workers_change_no_weight_and_the_shuffle_does(call, packed):
    def weights(name, *words):
        result = train(call, "--out", name, "--threads", 1, *words)
        assert result.exit_code == 0, result.output
        from tinyalex.runs.checkpoint import load_checkpoint

        found = load_checkpoint(packed.parent / name, "tiny").weights
        return {key: array.tobytes() for key, array in found.items()}

    one = weights("one", "--loader-threads", 1)
    assert weights("two", "--loader-threads", 2) == one
    assert weights("three", "--shuffle", "shard") != one


@pytest.mark.slow
def test_resuming_may_change_the_workers_only(call, refused, packed):
    assert train(call, "--out", "run").exit_code == 0
    result = call("train", "--resume", "run", "--epochs", 2, "--loader-threads", 1, "--quiet")
    assert result.exit_code == 0, result.output
    assert "--shuffle" in refused("train", "--resume", "run", "--shuffle", "shard")


def test_bad_loader_options_are_refused(refused, packed):
    assert "--loader-threads must be at least 1" in refused(
        "train", "--data", "dst", "--loader-threads", 0
    )
    said = refused("train", "--data", "dst", "--model", "tiny", "--shuffle", "shards")
    assert "'shard'" in said
    assert "only packed data" in refused("train", "--shuffle", "shard")


def test_a_run_keeps_the_mean_image_of_its_crop(packed):
    from dataclasses import replace

    from tinyalex import recipes, training
    from tinyalex.training.setup import assemble

    recipe = recipes.get("tiny")
    config = training.RunConfig(
        data=str(packed), model="tiny", recipe=replace(recipe, crop=recipe.image_size - 2)
    )
    found = assemble(config.resolved()).statistics
    wanted = data.statistics(data.load(packed).train, recipe.image_size - 2)
    assert found.mean_image.shape == wanted.mean_image.shape
    assert (found.mean_image == wanted.mean_image).all()
