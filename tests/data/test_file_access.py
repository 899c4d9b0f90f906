"""Images that the system does not let us read are not called damaged."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.data.pictures import class_folders
from tinyalex import data
from tinyalex.data import find_images
from tinyalex.data.file_access import AccessError
from tinyalex.data.find_images import BROKEN, Walk

CODES = [errno.EACCES, errno.EIO, errno.EMFILE]


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", CODES)
def test_an_image_without_permission_is_not_called_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    class_folders(tmp_path, {"a": 3, "b": 3})
    monkeypatch.setattr(Image, "open", failing(code))
    with pytest.raises(AccessError, match=rf"png: cannot be read \({os.strerror(code)}\)\nTry: "):
        data.load(tmp_path, image_size=8)


@pytest.mark.parametrize("code", CODES)
def test_an_image_whose_pixels_cannot_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    class_folders(tmp_path, {"a": 3, "b": 3})
    train = data.load(tmp_path, image_size=8).train
    monkeypatch.setattr("tinyalex.data.png.load", failing(code))
    with pytest.raises(AccessError, match="cannot be read"):
        train.images(np.arange(2))


def test_a_link_that_leads_in_a_circle_is_left_out(tmp_path: Path) -> None:
    class_folders(tmp_path, {"a": 2})
    (tmp_path / "a" / "round.png").symlink_to("round.png")
    aside: list[find_images.Aside] = []
    assert len(list(Walk(aside, [tmp_path], None).images(tmp_path / "a", "a"))) == 2
    assert [(found.path.name, found.reason) for found in aside] == [("round.png", BROKEN)]


def test_a_link_into_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"link: cannot be read \(Permission denied\)"):
        find_images._ask(failing(errno.EACCES), Path("link"))
