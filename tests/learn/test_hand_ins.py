"""Folders and archives of students: what is judged, what counts, what is listed, what is not."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from tests.learn.class_of_31 import NAME, RIGHT, packed
from tinyalex.errors import ConfigError
from tinyalex.learn.exercises import get
from tinyalex.learn.grader import class_folder, hand_ins, inventory
from tinyalex.learn.grader.verdict import AnswerError

RELU, LRN = get("06_relu"), get("10_lrn")


def write(folder: Path, *names: str, content: bytes = b"x = 1\n") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def answers(handed):
    return [(s.exercise.name, s.shown, s.counts) for s in handed.submissions]


def others(handed):
    return [str(file) for file in handed.unread]


def test_the_nearest_file_counts_and_all_are_judged(tmp_path):
    write(tmp_path, "old/06_relu.py", "relu_final.py", "relu.py", "week4/relu.py", "notes.txt")
    handed = hand_ins.of_folder(tmp_path)
    assert answers(handed) == [
        ("06_relu", "relu.py", True),
        ("06_relu", "relu_final.py", False),
        ("06_relu", "old/06_relu.py", False),
        ("06_relu", "week4/relu.py", False),
    ]
    note = handed.submissions[0].note
    assert hand_ins.RULE in note and note.endswith("relu_final.py, old/06_relu.py, week4/relu.py")
    assert others(handed) == ["notes.txt"] and not handed.warning


def test_what_is_not_asked_for_is_listed(tmp_path):
    write(tmp_path, "06_relu.py", "10_lrn.py")
    handed = hand_ins.of_folder(tmp_path, [RELU])
    assert answers(handed) == [("06_relu", "06_relu.py", True)]
    assert others(handed) == ["10_lrn.py (10_lrn is not judged now)"]
    assert handed.unread[0].exercise == "10_lrn"


def test_a_missing_answer_says_what_was_found(tmp_path):
    write(tmp_path, *(f"{i}.txt" for i in range(5)))
    (missing,) = hand_ins.of_folder(tmp_path, [RELU]).submissions
    assert missing.path is None and missing.note == "found 0.txt, 1.txt, 2.txt and 2 more"


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_links_are_listed_and_never_followed(tmp_path):
    secret = write(tmp_path / "secret", "06_relu.py", "10_lrn.py")
    mine = write(tmp_path / "mine", "notes.txt")
    (mine / "06_relu.py").symlink_to(secret / "06_relu.py")
    (mine / "folder").symlink_to(secret)
    (mine / "gone.py").symlink_to("nowhere")
    handed = hand_ins.of_folder(mine)
    assert not handed.submissions
    assert others(handed)[:3] == [
        f"{name} (a link, not read)" for name in ("06_relu.py", "folder", "gone.py")
    ]
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "anna").symlink_to(secret)
    (anna,) = class_folder.of_class(tmp_path / "class", [RELU]).submissions
    assert anna.student == "anna" and anna.note == "found anna (a link, not read)"


def test_junk_is_ignored_and_folders_of_tools_are_listed(tmp_path):
    write(tmp_path, ".DS_Store", "._06_relu.py", "__MACOSX/06_relu.py", "Thumbs.db")
    write(tmp_path, ".ipynb_checkpoints/06_relu.ipynb", "__pycache__/x.pyc", ".hidden")
    handed = hand_ins.of_folder(tmp_path)
    assert not handed.submissions
    assert others(handed) == [
        ".hidden",
        ".ipynb_checkpoints/ (a folder of tools, not looked into)",
        "__pycache__/ (a folder of tools, not looked into)",
    ]


def test_deep_folders_and_many_files_are_limited_and_told(tmp_path, monkeypatch):
    write(tmp_path, "a/" * inventory.MAX_DEPTH + NAME)
    assert len(hand_ins.of_folder(tmp_path).submissions) == 1
    write(tmp_path, "b/" * (inventory.MAX_DEPTH + 1) + NAME)
    handed = hand_ins.of_folder(tmp_path)
    assert len(handed.submissions) == 1
    assert others(handed)[0].endswith("b/ (more than 8 folders deep, not read)")
    monkeypatch.setattr(inventory, "MAX_FILES", 3)
    write(tmp_path, *(f"{i}.txt" for i in range(4)))
    last = others(hand_ins.of_folder(tmp_path))[-1]
    assert last == "3.txt (more than 3 files: it and the rest are not looked at)"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_listed(tmp_path):
    os.mkfifo(tmp_path / NAME)
    assert others(hand_ins.of_folder(tmp_path)) == [f"{NAME} (not a file)"]


def test_a_folder_that_cannot_be_read_does_not_stop_the_others(tmp_path, monkeypatch):
    write(tmp_path, "anna/06_relu.py", "bo/06_relu.py")
    real = Path.iterdir

    def iterdir(path):
        if path.name == "anna":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    anna, bo = class_folder.of_class(tmp_path).submissions
    assert anna.note == "found anna (its folder cannot be read (Permission denied))"
    assert bo.path is not None


# Archives.


def zip_of(tmp_path, **files):
    (tmp_path / "hw.zip").write_bytes(packed(files))
    return hand_ins.of_folder(tmp_path)


def test_a_zip_is_read_with_its_folders_and_without_junk(tmp_path):
    inside = {f"hw/week4/{NAME}": RIGHT, "hw/": "", "hw/notes.txt": "", "__MACOSX/._x": ""}
    handed = zip_of(tmp_path, **inside)
    (submission,) = handed.submissions
    assert submission.shown == f"hw.zip/hw/week4/{NAME}"
    assert submission.file.content().decode() == RIGHT
    assert others(handed) == ["hw.zip/hw/notes.txt"]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["hw.zip"]


def test_a_zip_from_windows_may_have_backslashes(tmp_path):
    handed = zip_of(tmp_path, **{f"hw\\week4\\{NAME}": RIGHT})
    assert handed.submissions[0].shown == f"hw.zip/hw/week4/{NAME}"


@pytest.mark.parametrize(
    "name", [f"../{NAME}", f"/etc/{NAME}", f"C:\\x\\{NAME}", f"a/../../{NAME}"]
)
def test_paths_that_leave_an_archive_are_not_read(name, tmp_path):
    handed = zip_of(tmp_path, **{name: RIGHT})
    assert not handed.submissions
    assert others(handed)[0].endswith("(its path leads out of the archive, not read)")


def test_archives_in_archives_and_unusual_ones_are_told(tmp_path):
    handed = zip_of(tmp_path, **{"inner.zip": packed({NAME: RIGHT})})
    assert others(handed) == ["hw.zip/inner.zip (an archive in an archive: unpack it)"]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(NAME, RIGHT)
    write(tmp_path, "hw.zip", content=buffer.getvalue())
    assert "packed in an unusual way" in others(hand_ins.of_folder(tmp_path))[0]
    write(tmp_path, "hw.zip", content=packed({}))
    assert others(hand_ins.of_folder(tmp_path)) == ["hw.zip (an empty archive)"]


@pytest.mark.parametrize("cut", [0, 1, 30, 120, -1])
def test_a_damaged_zip_is_told(cut, tmp_path):
    write(tmp_path, "hw.zip", content=packed({NAME: RIGHT})[:cut])
    handed = hand_ins.of_folder(tmp_path)
    assert others(handed) == ["hw.zip (a damaged archive, or no .zip at all)"]


def test_damaged_data_in_a_zip_is_a_verdict(tmp_path):
    content = bytearray(packed({NAME: RIGHT}))
    content[60:70] = b"\xff" * 10
    write(tmp_path, "hw.zip", content=bytes(content))
    (submission,) = hand_ins.of_folder(tmp_path).submissions
    with pytest.raises(AnswerError, match="its archive is damaged"):
        submission.file.content()


def test_a_bomb_is_not_unpacked(tmp_path):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open(NAME, "w") as f,
    ):
        for _ in range(256):
            f.write(bytes(1 << 20))
    write(tmp_path, "hw.zip", content=buffer.getvalue())
    (submission,) = hand_ins.of_folder(tmp_path).submissions
    read = 0
    real = zipfile.ZipExtFile.read

    def counted(self, n=-1):
        nonlocal read
        data = real(self, n)
        read += len(data)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zipfile.ZipExtFile, "read", counted)
        with pytest.raises(AnswerError, match="larger than 1 MiB"):
            submission.file.content()
    assert read < 2 << 20


def test_large_archives_are_refused_before_they_are_read(tmp_path, monkeypatch):
    write(tmp_path, "hw.zip")
    os.truncate(tmp_path / "hw.zip", 1 << 40)
    assert others(hand_ins.of_folder(tmp_path)) == [
        "hw.zip (an archive larger than 64 MiB, not read)"
    ]
    many = packed({f"{i}.txt": "" for i in range(200)})
    write(tmp_path, "hw.zip", content=many)
    monkeypatch.setattr(inventory, "MAX_FILES", 50)
    last = others(inventory_of(tmp_path))[-1]
    assert "more than 50 files" in last
    monkeypatch.setattr(inventory, "MAX_READ", 1000)
    assert others(hand_ins.of_folder(tmp_path)) == [
        "hw.zip (an archive of too many files, not read)"
    ]


def inventory_of(folder):
    return hand_ins.of_files(inventory.file_at(folder / "hw.zip", "hw.zip"))


# Classes.


def test_namesakes_are_told_apart_and_a_students_parts_are_joined(tmp_path):
    moodle = "assignsubmission_file_"
    write(tmp_path, f"Anna Smith_1_{moodle}/06_relu.py", f"Anna Smith_2_{moodle}/06_relu.py")
    write(tmp_path, f"Bo Li_3_{moodle}/06_relu.py", "Bo Li_3_assignsubmission_onlinetext_/x.html")
    write(tmp_path, "cleo/06_relu.py", "cleo_10_lrn.py")
    handed = class_folder.of_class(tmp_path)
    found = [(s.student, s.exercise.name, s.path is not None) for s in handed.submissions]
    assert found == [
        ("Anna Smith (1)", "06_relu", True),
        ("Anna Smith (1)", "10_lrn", False),
        ("Anna Smith (2)", "06_relu", True),
        ("Anna Smith (2)", "10_lrn", False),
        ("Bo Li", "06_relu", True),
        ("Bo Li", "10_lrn", False),
        ("cleo", "06_relu", True),
        ("cleo", "10_lrn", True),
    ]


def test_of_two_archives_in_canvas_the_later_counts(tmp_path):
    for name in ("smithanna_1_22_hw.zip", "smithanna_1_23_hw-1.zip", "smithanna_1_24_hw-2.zip"):
        write(tmp_path, name, content=packed({NAME: RIGHT}))
    handed = class_folder.of_class(tmp_path)
    assert {s.student for s in handed.submissions} == {"smithanna"}
    assert [s.shown.split("/")[0][-8:] for s in handed.submissions if s.counts] == ["hw-2.zip"]
    assert len(handed.submissions) == 3


def test_an_accent_may_be_written_in_two_ways(tmp_path):
    write(tmp_path, "Jose\N{COMBINING ACUTE ACCENT}/06_relu.py")
    write(tmp_path, "Jos\N{LATIN SMALL LETTER E WITH ACUTE}_10_lrn.py")
    handed = class_folder.of_class(tmp_path)
    assert len({s.student for s in handed.submissions}) == 1 and len(handed.submissions) == 2


def test_a_single_folder_with_the_class_in_it_is_entered(tmp_path):
    write(tmp_path, "handed-in/anna/06_relu.py", "handed-in/ben_06_relu.py", "__MACOSX/x")
    handed = class_folder.of_class(tmp_path)
    assert [s.student for s in handed.submissions] == ["anna", "ben"]
    assert "the students are taken from handed-in" in handed.warning


@pytest.mark.parametrize(
    "names", [("week3/10_lrn.py", "week4/06_relu.py"), ("06_relu.py", "10_lrn.py"), ("06_relu.py",)]
)
def test_a_class_of_one_is_a_class(names, tmp_path):
    write(tmp_path, *(f"anna/{name}" for name in names))
    handed = class_folder.of_class(tmp_path)
    assert {s.student for s in handed.submissions} == {"anna"}


def test_a_file_without_a_name_is_judged_under_its_own(tmp_path):
    write(tmp_path, "06_relu.py", "anna_06_relu.py")
    handed = class_folder.of_class(tmp_path)
    assert [s.student for s in handed.submissions] == ["06_relu.py", "anna"]


def test_an_empty_class_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="no folders or files of students"):
        class_folder.of_class(tmp_path)
