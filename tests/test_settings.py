"""Settings of a run: each is defined once; options, checks and docstrings follow from it."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import pytest
import typer

from tinyalex import training
from tinyalex.cli import app
from tinyalex.errors import ConfigError, TinyalexError
from tinyalex.settings import ABOUT, OLDER_RUNS, SETTINGS, option_of

ON_RESUME = {name for name, about in ABOUT.items() if about.on_resume}
RECORDED = Path(__file__).resolve().parents[1] / "docs/results/tiny-digits/seed0/config.json"


def test_the_command_has_an_option_for_every_setting() -> None:
    command = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]
    options = {option.opts[0]: option.help for option in command.params}
    wanted = {option_of(name): about.help for name, about in ABOUT.items() if about.option}
    others = {"--resume", "--workers", "--timeout", "--quiet", "--json"}
    others |= {"--set", "--config", "--overwrite", "--watch", "--tensorboard"}
    assert {name: text for name, text in options.items() if name not in others} == wanted
    assert others < options.keys()


def test_the_docstring_names_every_setting() -> None:
    lines = str(training.RunConfig.__doc__).splitlines()
    assert {f"{name} : {field.type}" for name, field in SETTINGS.items()} <= set(lines)


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_the_runs_own_or_may_change_on_resume(name: str, tmp_path: Path) -> None:
    with pytest.raises(TinyalexError) as caught:
        training.resume(tmp_path / "nothing", **{name: 1})
    refused = f"a resumed run keeps its own settings (got {name}= as well)"
    assert (caught.value.message == refused) == (name not in ON_RESUME)
    if name not in ON_RESUME:
        advice = str(caught.value.hint)
        assert {n for n in SETTINGS if f" {n}=" in advice} == ON_RESUME


@pytest.mark.parametrize("name", [name for name, about in ABOUT.items() if about.must])
def test_a_value_below_its_bound_is_refused_with_one_that_works(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name} must be {ABOUT[name].must} ") as caught:
        training.RunConfig(**{name: -1}).resolved()
    instead = str(caught.value.hint).removeprefix(f"{name}=").split(",")[0]
    training.RunConfig(**{name: ast.literal_eval(instead)}).resolved()


def test_a_run_that_could_not_be_read_again_is_not_begun() -> None:
    with pytest.raises(ConfigError, match=r"^epochs must be at most 1,000,000 \(got 1000001\)"):
        training.RunConfig(epochs=1_000_001).resolved()


def test_a_run_of_an_older_version_has_what_it_was_trained_with(tmp_path: Path) -> None:
    written = json.loads(RECORDED.read_text())
    older = {name: value for name, value in written.items() if name not in OLDER_RUNS}
    (tmp_path / "config.json").write_text(json.dumps(older | {"workers": 3}))
    config = training.read_config(tmp_path)
    assert config.loader_threads == 3  # its name today
    assert (config.jpeg_decoder, config.precision, config.ten_crops) == ("pillow", "float32", True)
    shutil.copy(RECORDED, tmp_path)
    assert training.read_config(tmp_path).jpeg_decoder == "turbo"
