"""If the operating system refuses to read a file, preparing stops and rejects nothing."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.data.pictures import class_folders
from tests.data.prepare.archives import contents
from tinyalex import data
from tinyalex.data.file_access import AccessError
from tinyalex.data.prepare import Form, prepare

FORM = Form(size=16)


@pytest.fixture
def src(tmp_path: Path) -> Path:
    return class_folders(tmp_path / "src", {"cats": 6, "dogs": 6})


def refuse(monkeypatch: pytest.MonkeyPatch, name: str, code: int, method: str = "open") -> None:
    """Let the system refuse to open files whose path contains ``name``."""
    usual = getattr(Path, method)

    def opened(path: Path, *args: Any, **how: Any) -> Any:
        if name in str(path):
            raise OSError(code, os.strerror(code))
        return usual(path, *args, **how)

    monkeypatch.setattr(Path, method, opened)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EMFILE, errno.ESTALE])
def test_preparing_stops_and_the_same_command_resumes(
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    prepare(src, tmp_path / "undisturbed", FORM, workers=1)
    dst = tmp_path / "dst"
    said = rf"dogs.*: cannot be read \({os.strerror(code)}\)\nTry: .*; the same command resumes"
    with monkeypatch.context() as patch:
        refuse(patch, "dogs", code)
        with pytest.raises(AccessError, match=said):
            prepare(src, dst, FORM, workers=1)
    index = prepare(src, dst, FORM, workers=1)
    assert not any(index.rejected.values())
    assert contents(dst) == contents(tmp_path / "undisturbed")


def test_a_missing_image_is_rejected(
    src: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, f"dogs{os.sep}", errno.ENOENT)
    index = prepare(src, tmp_path / "dst", FORM, workers=1)
    assert sum(index.rejected.values()) == 6
    assert len(data.load(tmp_path / "dst").classes) == 2
