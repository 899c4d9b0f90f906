"""Every option of every command, with values that nobody should give: no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer

from tests.data.pictures import class_folders, encode, noise, write
from tinyalex.cli import app
from tinyalex.data.prepare import Form, prepare
from tinyalex.errors import ConfigError

VALUES = ("", "-1", "0", "inf", "nan", "1e400", str(10**30), "\x1b[31m$x\n{}")

# What each command is given besides; the work itself is left out (`idle`).
WORDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("train",): ("--backend", "numpy"),
    ("evaluate",): ("run", "--backend", "numpy"),
    ("predict",): ("run", "x.png"),
    ("model",): ("tiny",),
    ("recipe",): ("tiny",),
    ("bench",): (),
    ("doctor",): ("--backend", "numpy"),
    ("report",): ("gone",),
    ("runs",): ("gone",),
    ("watch",): ("gone",),
    ("explore",): ("gone",),
    ("look",): ("gone", "x.png"),
    ("reproduce",): ("tencrop",),
    ("lesson",): ("99",),
    ("data", "prepare"): ("pets", "new", "--size", "8", "--workers", "1"),
    ("data", "info"): ("digits",),
    ("data", "verify"): ("packed",),
    ("data", "download"): ("cifar10",),
    ("weights", "import"): ("x.safetensors", "--out", "new"),
    ("weights", "export"): ("run", "--out", "new.safetensors"),
    ("weights", "download"): ("torchvision",),
    ("exercise", "list"): (),
    ("exercise", "start"): ("relu", "mine"),
    ("exercise", "check"): ("mine",),
    ("exercise", "train"): ("mine",),
    ("exercise", "student-wheel"): ("x.png",),
}


def _commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(_commands(typer.main.get_command(app)))
OPTIONS = [
    (path, option.opts[0])
    for path, command in COMMANDS.items()
    for option in command.params
    if option.param_type_name == "option" and not option.is_flag
]


def _enough(*_: object, **__: object) -> Any:
    raise ConfigError("enough")


@pytest.fixture
def idle(
    call: Any, trained: Path, tmp_path: Path, packed: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Run a command whose work, once it would begin, ends with an error."""
    import pooch

    from tinyalex import reproduce as lab
    from tinyalex.check import bench, doctor

    lab_get = lab.get

    monkeypatch.setattr("tinyalex.training.runs._run", _enough)
    monkeypatch.setattr("tinyalex.report.watch.Watcher.serve_forever", _enough)
    monkeypatch.setattr("tinyalex.report.page.write", _enough, raising=False)
    monkeypatch.setattr("tinyalex.data.prepare.run._Run.work", _enough)
    monkeypatch.setattr("tinyalex.evaluation.evaluate.probabilities", _enough, raising=False)
    monkeypatch.setattr(pooch, "retrieve", _enough)
    monkeypatch.setattr(pooch, "HTTPDownloader", _enough)
    monkeypatch.setattr(doctor, "run", lambda *_: [])
    for name in ("describe", "sweep", "contest", "layers"):
        monkeypatch.setattr(bench, name, _enough, raising=False)
    monkeypatch.setattr(lab, "get", lambda _: replace(lab_get("tencrop"), run=_enough))
    monkeypatch.setenv("TINYALEX_DATA", str(tmp_path / "data"))
    (tmp_path / "run").symlink_to(trained)
    (tmp_path / "packed").symlink_to(packed)
    class_folders(tmp_path / "pets", {"a": 2, "b": 2})
    write(tmp_path / "x.png", encode(noise((16, 16))))
    return call


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("packed")
    prepare(class_folders(root / "pets", {"a": 2, "b": 2}), root / "dst", Form(size=8), workers=1)
    return root / "dst"


def test_every_command_is_looked_at() -> None:
    assert set(WORDS) == set(COMMANDS)


# Every tenth is quick enough for every day.
SOME = [
    pytest.param(*option, marks=pytest.mark.slow if i % 10 else ())
    for i, option in enumerate(OPTIONS)
]


@pytest.mark.parametrize(("path", "option"), SOME, ids=lambda x: x if type(x) is str else x[-1])
def test_no_value_of_an_option_ends_in_a_traceback(
    idle: Any, path: tuple[str, ...], option: str
) -> None:
    for value in VALUES:
        result = idle(*path, *WORDS[path], option, value)
        assert isinstance(result.exception, SystemExit | None), (value, result.exc_info)
        red = path == ("doctor",) and result.exit_code == 1  # a check is red: no MPI here
        assert red or result.exit_code in (0, 2), (value, result.output)


@pytest.mark.parametrize("value", ["inf", "nan", "-1"])
def test_checkpoints_come_after_a_number_of_seconds(refused: Any, value: str) -> None:
    assert "--checkpoint-every must be at least 0" in refused("train", "--checkpoint-every", value)
