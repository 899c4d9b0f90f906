"""`tinyalex data`: what it prints about good and bad data."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image


def picture(path, size=(24, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (200, 40, 90)).save(path)


def test_digits_are_counted(call):
    result = call("data", "info")
    assert "1,437" in result.stdout and "360" in result.stdout
    document = json.loads(call("data", "info", "digits", "--json").stdout)
    assert document["train"]["images"] == 1437
    assert document["image_shape"] == [16, 16, 1]
    assert len(document["classes"]) == 10


def test_a_folder_of_images_is_counted(call, tmp_path):
    for label in ("[red] cats", "dogs"):
        for i in range(5):
            picture(tmp_path / "pets" / label / f"{i}.png")
    result = call("data", "info", "pets")
    assert result.exit_code == 0, result.output
    assert "[red] cats" in result.stdout
    assert call("data", "info", "pets", "--quiet").stdout == "8 2\n"


def test_bad_folders_are_refused(refused, tmp_path):
    assert "no/where" in refused("data", "info", "no/where")
    assert "'digits'" in refused("data", "info", "digitz")
    Path("empty").mkdir()
    refused("data", "info", "empty")
    picture(tmp_path / "half" / "cats" / "1.png")
    Path("half/dogs").mkdir()
    assert "dogs" in refused("data", "info", "half")


def test_a_damaged_image_is_named(refused, tmp_path):
    for label in ("cats", "dogs"):
        for i in range(3):
            picture(tmp_path / "pets" / label / f"{i}.png")
    (tmp_path / "pets" / "dogs" / "1.png").write_bytes(b"")
    assert "1.png" in refused("train", "--data", "pets", "--epochs", 1)


def test_missing_cifar10_says_how_to_get_it(refused, tmp_path):
    said = refused("data", "info", "cifar10", "--data-root", tmp_path)
    assert "tinyalex data download cifar10" in said


def test_an_unknown_download_is_refused(refused):
    assert "'cifar10'" in refused("data", "download", "cifar100")
