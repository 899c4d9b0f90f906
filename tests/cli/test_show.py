"""`tinyalex`, `tinyalex model` and `tinyalex recipe`: help, lists and tables."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tinyalex import __version__, models, recipes

COMMANDS = [
    "train",
    "watch",
    "evaluate",
    "predict",
    "look",
    "explore",
    "model",
    "recipe",
    "bench",
    "lesson",
    "data info",
    "data download",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples_in_eighty_columns(call, command):
    result = call(*command.split(), "--help")
    assert result.exit_code == 0
    assert f"tinyalex {command}" in result.stdout.split("Examples")[1]
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_help_needs_no_slow_library_and_no_other_command():
    program = (
        "import sys; from tinyalex.cli import app\n"
        "app(['model', '--help'], standalone_mode=False)\n"
        "slow = {'matplotlib', 'sklearn', 'scipy', 'numpy', 'pooch', 'PIL'}\n"
        "others = {f'tinyalex.commands.{name}' for name in ('train', 'bench', 'data')}\n"
        "assert not others & set(sys.modules), others & set(sys.modules)\n"
        "app(['train', '--help'], standalone_mode=False)\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_version_is_printed(call):
    assert call("--version").stdout == f"tinyalex {__version__}\n"


def test_alexnet_has_the_papers_size(call):
    result = call("model", "alexnet")
    assert "60,965,224 parameters" in result.stdout
    assert "724M multiply-adds" in result.stdout
    assert "96x55x55" in result.stdout
    assert "Conv2d    5x5/1 g2" in result.stdout


@pytest.mark.parametrize("name", models.names())
def test_a_layer_table_fits_eighty_columns(call, name):
    result = call("model", name)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert len(result.stdout.splitlines()) > 10


def test_a_measured_table_fits_and_its_shares_add_up(call):
    result = call("model", "tiny", "--measure", "--batch-size", 2)
    assert max(map(len, result.stdout.splitlines())) <= 80
    document = json.loads(call("model", "tiny", "--measure", "--batch-size", 2, "--json").stdout)
    assert sum(layer["time_share"] for layer in document["layers"]) == pytest.approx(1)
    assert document["seconds"] > 0


def test_a_model_as_json_is_one_document(call):
    document = json.loads(call("model", "tiny", "--classes", 7, "--json").stdout)
    assert document["layers"][-1]["output_shape"] == [7]
    assert document["parameters"] == models.build("tiny", num_classes=7).count_parameters()


def test_models_and_recipes_are_listed(call):
    for name in models.names():
        assert name in call("model").stdout
    assert [each["name"] for each in json.loads(call("model", "--json").stdout)] == models.names()
    assert call("recipe", "--quiet").stdout.split() == recipes.names()


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_shows_each_number_with_its_source(call, name):
    result = call("recipe", name)
    assert result.exit_code == 0, result.output
    assert max(map(len, result.stdout.splitlines())) <= 80
    recipe = recipes.get(name)
    words = " ".join(result.stdout.split())
    assert f"epochs {recipe.epochs}" in words
    assert json.loads(call("recipe", name, "--json").stdout) == recipe.to_dict()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["model", "alexnt"], "'alexnet'"),
        (["model", "tiny", "--batch-size", 0], "--batch-size"),
        (["model", "tiny", "--classes", 1], "at least 2"),
        (["model", "tiny", "--measure", "--backend", "cuda"], "cuda"),
        (["recipe", "papper"], "'paper'"),
    ],
)
def test_bad_names_and_numbers_are_refused(refused, words, wanted):
    assert wanted in refused(*words)


def test_an_unknown_command_suggests_the_nearest(call):
    result = call("trian")
    assert result.exit_code == 2
    assert "train" in result.stderr
