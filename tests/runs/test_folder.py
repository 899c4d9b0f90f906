"""The folder of a new run: numbers, and the old run that it replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from tinyalex import notice
from tinyalex.errors import RunError
from tinyalex.lock import locked
from tinyalex.runs import folder as folders
from tinyalex.runs.checkpoint import Checkpoint, save_checkpoint
from tinyalex.runs.folder import LEFT_BY_RUNS, check_only_a_run, forget_replaced, free, replaced

NAMES = [name.replace("*", "-x") for name in LEFT_BY_RUNS]


def write_run(folder, text, step=5):
    folder.mkdir(parents=True, exist_ok=True)
    for name in NAMES:
        (folder / name).write_text(text)
    (folder / "tensorboard").mkdir(exist_ok=True)
    (folder / "tensorboard" / "events").write_text(text)
    state = {"epoch": 0, "step": step, "images_trained": len(text)}
    save_checkpoint(folder, Checkpoint("tiny", {}, state=state))


def is_run(folder, text):
    """Whether the folder holds this run and nothing of another one."""
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    made = {"checkpoint.safetensors", "checkpoint.json"}
    return (
        {n: b for n, b in left.items() if n not in made}
        == dict.fromkeys(set(NAMES) - made, text.encode())
        and (folder / "tensorboard" / "events").read_text() == text
        and f'"images_trained": {len(text)}' in left["checkpoint.json"].decode()
    )


def test_a_free_name_has_the_first_number_that_nobody_has_or_uses(tmp_path):
    base = tmp_path / "runs" / "tiny"
    assert next(free(base)) == base
    write_run(base, "a")
    (tmp_path / "runs" / "tiny-2").mkdir()
    (tmp_path / "runs" / "tiny-2" / "config.json").touch()
    with locked(tmp_path / "runs" / "tiny-3", "train"):
        assert next(free(base)).name == "tiny-4"
    assert next(free(base)).name == "tiny-3"


@pytest.mark.parametrize("name", ["thesis.tex", "class/", ".hidden", "config.json/", "config.jso"])
def test_a_folder_that_holds_something_else_is_not_overwritten(tmp_path, name):
    write_run(tmp_path, "old")
    check_only_a_run(tmp_path)
    (tmp_path / "config.json").unlink()
    (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    with pytest.raises(RunError, match=f"holds {name.strip('/')}, which no run leaves"):
        check_only_a_run(tmp_path)


def test_what_killed_processes_left_is_no_reason_to_refuse(tmp_path):
    write_run(tmp_path, "old")
    (tmp_path / ".checkpoint.safetensors.123.tmp").touch()
    (tmp_path / ".lock").touch()
    check_only_a_run(tmp_path)


def test_the_old_run_is_gone_once_the_new_one_has_begun(tmp_path):
    write_run(tmp_path, "old one")
    with replaced(tmp_path):
        assert not folders.holds_a_run(tmp_path)
        write_run(tmp_path, "new")
    assert is_run(tmp_path, "new") and not (tmp_path / ".replaced").exists()


@pytest.mark.parametrize("error", [RunError, MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("step", [0, None])
def test_an_error_before_the_first_step_puts_the_old_run_back(tmp_path, error, step):
    told = []
    notice.listen(told.append)
    write_run(tmp_path, "old one")
    with pytest.raises(error), replaced(tmp_path):
        if step is not None:
            write_run(tmp_path, "new", step)
        raise error("a bad setting")
    assert is_run(tmp_path, "old one") and not (tmp_path / ".replaced").exists()
    assert told == [f"{tmp_path} holds the old run again: the new one had not begun"]


def test_an_error_after_that_keeps_the_new_run(tmp_path):
    write_run(tmp_path, "old one")
    with pytest.raises(RunError), replaced(tmp_path):
        write_run(tmp_path, "new")
        raise RunError("later")
    assert is_run(tmp_path, "new")


class Killed(BaseException):
    pass


@pytest.mark.parametrize("at", range(2 * len(NAMES) + 4))
def test_a_process_killed_at_any_file_loses_neither_run(tmp_path, monkeypatch, at):
    """The old run's files are moved away and back; killed at any move, they come back whole."""
    write_run(tmp_path, "old one")
    move, moves = Path.replace, []

    def dies(self, target):
        moves.append(target)
        if len(moves) > at:
            raise Killed
        return move(self, target)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises((Killed, RunError)), replaced(tmp_path):
        raise RunError("a bad setting")
    monkeypatch.setattr(Path, "replace", move)
    forget_replaced(tmp_path)
    assert is_run(tmp_path, "old one") and not (tmp_path / ".replaced").exists()
