"""`train --config`: what config.json of a run says, said again."""

from __future__ import annotations

import json

import pytest

from tests.training.conftest import bytes_of, small_dataset
from tinyalex import data, recipes, training
from tinyalex.errors import ConfigError, TinyalexError
from tinyalex.settings import SETTINGS
from tinyalex.training import RunConfig


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "some.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_a_repeated_run_has_the_same_bytes(config, tmp_path):
    training.train(config("first", seed=3, set={"weight_decay": 1e-3}, ten_crops=False))
    again = RunConfig.from_file(tmp_path / "first", out=tmp_path / "again", command="again")
    training.train(again)
    assert bytes_of(tmp_path / "again") == bytes_of(tmp_path / "first")
    first, second = (
        json.loads((tmp_path / n / "config.json").read_text()) for n in ("first", "again")
    )
    first["recipe"].pop("sources"), second["recipe"].pop("sources")
    differ = {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}
    assert differ == {"out", "command", "repeats"}
    assert second["repeats"]["data_fingerprint"] == first["data_fingerprint"]
    third = RunConfig.from_file(tmp_path / "again" / "config.json")
    assert "first" not in json.dumps(dict(third.repeats))  # of the run itself, not of its model


def test_what_the_call_says_wins_and_the_rest_is_the_files(file):
    path = file({"model": "tiny", "epochs": 3, "lr": 0.5, "out": "runs/old", "command": "old"})
    config = RunConfig.from_file(path, lr=0.25, set={"momentum": 0.5}).resolved()
    assert (config.epochs, config.lr, config.recipe.momentum) == (3, 0.25, 0.5)
    assert (str(config.out.name), config.command) == ("tiny-digits-seed0", "")


def test_other_data_are_told_before_the_first_step(config, tmp_path, monkeypatch):
    training.train(config("first"))
    monkeypatch.setattr(data, "load", lambda *_, **__: small_dataset("other pixels"))
    told = []

    class Notes(training.Listener):
        def warning(self, text):
            told.append(text)

    training.train(RunConfig.from_file(tmp_path / "first", out=tmp_path / "again"), Notes())
    assert any("the data are not those of" in text and "first" in text for text in told)


def test_an_edited_number_says_where_it_comes_from(file):
    plain = recipes.get("tiny").to_dict()
    plain["weight_decay"] = 0.5
    recipe = RunConfig.from_file(file({"recipe": plain})).resolved().recipe
    assert recipe.changed == {"weight_decay": 0.5}
    assert recipe.sources["weight_decay"] == "set in --config"


@pytest.mark.parametrize("named", [{"name": "tiny"}, {}])
def test_some_numbers_are_changes_of_a_known_recipe(file, named):
    path = file({"model": "tiny", "recipe": {**named, "momentum": 0.5}})
    recipe = RunConfig.from_file(path).resolved().recipe
    assert (recipe.name, recipe.momentum, recipe.lr) == ("tiny", 0.5, recipes.get("tiny").lr)


def test_a_recipe_may_be_named(file):
    assert RunConfig.from_file(file({"recipe": "small"})).resolved().model == "alexnet-small"


def test_an_older_run_can_be_repeated(file):
    config = RunConfig.from_file(file({"workers": 3}))
    assert config.loader_threads == 3  # its name today


def test_what_belongs_to_another_machine_is_left_there(file):
    path = file({"data_root": "/no/such/place", "backend": "cuda", "workspace_mb": 512})
    config = RunConfig.from_file(path, backend="numpy")
    assert (config.data_root, config.workspace_mb) == (None, None)
    assert RunConfig.from_file(path).workspace_mb == 512


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "cannot be read"),
        ("[]", "must be an object"),
        ({"epoch": 3}, "unknown key 'epoch'"),
        ({"epochs": "3"}, "epochs must be a whole number"),
        ({"epochs": 0}, "epochs must be a whole number from 1"),
        ({"lr_scaling": "cubic"}, "lr_scaling must be one of none, linear, sqrt"),
        ({"backend": "cuda; rm"}, "backend must be one of"),
        ({"recipe": 3}, "recipe must be text"),
        ({"recipe": {"name": "tiny", "weight": 3}}, "unknown key of the recipe 'weight'"),
        ({"recipe": {"name": "tiny", "momentum": "x"}}, "recipe.momentum must be a finite number"),
        ({"recipe": {"momentum": 0.5}}, "only some numbers, and no name"),
        ({"imported": {"file": "a", "sha256": "b"}}, "imported weights"),
        ({"x" * 10_000: 1}, "unknown key"),
        ("[" * 100_000, "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_is_refused_by_its_name(file, content, says):
    path = file(content)
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_file(path)
    assert str(caught.value).startswith(str(path)) and says in str(caught.value)
    assert len(str(caught.value)) < 2000


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("tinyalex.runs.from_file._MOST_BYTES", 100)
    (tmp_path / "large.json").write_text(json.dumps({"command": "x" * 200}))
    with pytest.raises(ConfigError, match="must have at most 100 bytes"):
        RunConfig.from_file(tmp_path / "large.json")


@pytest.mark.parametrize("name", ["nothing", "."])
def test_a_file_that_is_not_there_is_an_error(tmp_path, name):
    with pytest.raises(TinyalexError, match="no such file"):
        RunConfig.from_file(tmp_path / name)


def test_every_setting_can_stand_in_a_file(file, tmp_path):
    config = RunConfig(model="tiny").resolved()
    plain = {**config.to_dict(), "epochs": 7, "seed": 9, "ten_crops": False}
    again = RunConfig.from_file(file(plain), out=config.out).resolved()
    assert {n: getattr(again, n) for n in SETTINGS} == {
        **{n: getattr(config, n) for n in SETTINGS},
        **{"epochs": 7, "seed": 9, "ten_crops": False},
    }
