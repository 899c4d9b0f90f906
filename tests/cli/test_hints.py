"""Wrong kinds of files as arguments: the error says what they are, and what to do."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.data.pictures import class_folders, encode, noise, write
from tinyalex import data
from tinyalex.data import glance
from tinyalex.errors import ConfigError, DataError
from tinyalex.evaluation.predict import picture_files


def test_an_error_names_options_of_its_own_command(refused: Any, monkeypatch: Any) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConfigError("epochs must be at least 1", "classes=2")

    monkeypatch.setattr("tinyalex.models.build", fail)
    assert refused("model", "tiny") == "error: epochs must be at least 1\nTry: --classes 2\n"


def test_a_text_file_is_no_picture(refused: Any, trained: Path) -> None:
    Path("notes.txt").write_text("milk\n")
    assert "notes.txt: not a readable image but a text file" in refused(
        "predict", trained, "notes.txt"
    )


@pytest.mark.parametrize("command", ["evaluate", "report", "predict", "train"])
def test_a_folder_of_pictures_is_no_run(refused: Any, command: str) -> None:
    class_folders(Path("pets"), {"cats": 2, "dogs": 2})
    words = {"predict": ["pets", "pets/cats/0.png"], "train": ["--resume", "pets"]}
    said = refused(command, *words.get(command, ["pets"]), "--quiet")
    assert "with the class folders pets/cats, pets/dogs" in said
    assert sorted(path.name for path in Path("pets").iterdir()) == ["cats", "dogs"]


def test_of_class_folders_the_folders_are_named(tmp_path: Path) -> None:
    pets = class_folders(tmp_path / "pets", {f"class{i}": 1 for i in range(7)})
    with pytest.raises(DataError, match="class0, class1.* and 2 more\nTry: one of these") as said:
        picture_files([pets])
    assert f"--data {pets}" in str(said.value)
    write(tmp_path / "phone" / "1.xyz", b"x")
    with pytest.raises(DataError, match="a folder without images in it .*xyz 1"):
        picture_files([tmp_path / "phone"])


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".TAR", ".zip", ".tar.xz"])
@pytest.mark.parametrize("content", ["pictures", "damage"])
def test_an_archive_of_pictures_is_to_be_unpacked(
    tmp_path: Path, suffix: str, content: str
) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz" if suffix.endswith("gz") else "w") as tar:
        for i in range(30):
            member = tarfile.TarInfo(f"pets/cats/{i}.png")
            picture = encode(noise((4, 4)))
            member.size = len(picture)
            tar.addfile(member, io.BytesIO(picture))
    whole = stream.getvalue()
    path = write(tmp_path / f"pets{suffix}", whole if content == "pictures" else whole[:40])
    for read in (data.load, glance):
        with pytest.raises(DataError, match="an archive, not a folder\nTry: unpack it"):
            read(str(path))


def test_a_picture_is_no_folder_of_pictures(tmp_path: Path) -> None:
    path = write(tmp_path / "cat.png", encode(noise((4, 4))))
    for read in (data.load, glance):
        with pytest.raises(DataError, match="cat.png: a file, not a folder\nTry: the folder with"):
            read(str(path))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("train", "--out", ""), "--out"),
        (("train", "--out="), "--out"),
        (("train", "--resume", ""), "--resume"),
        (("weights", "import", "x.safetensors", "--out", ""), "--out"),
        (("data", "prepare", "pets", ""), "an argument"),
    ],
)
def test_an_empty_path_is_not_the_working_folder(
    refused: Any, words: tuple[str, ...], name: str
) -> None:
    """As from ``--out "$FOLDER"`` where the variable has no value."""
    assert refused(*words).startswith(f"error: {name}: is empty")
    assert not any(Path().iterdir())


def test_an_empty_argument_is_no_run(refused: Any) -> None:
    assert refused("evaluate", "").startswith("error: an argument: is empty")


def test_a_name_may_end_with_an_equals_sign(refused: Any) -> None:
    assert "a=" in refused("train", "--data=a=")
    assert "is empty" not in refused("train", "--data", "a=")
