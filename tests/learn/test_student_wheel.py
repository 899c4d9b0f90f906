"""The wheel for students: no solutions in it, the same bytes every time, and it grades."""

from __future__ import annotations

import base64
import csv
import hashlib
import importlib.metadata
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import tinyalex
from tests.learn.class_of_31 import RIGHT, WRONG
from tests.processes import ROOT, environment
from tinyalex.errors import ConfigError
from tinyalex.learn import student_wheel
from tinyalex.learn.places import solutions_folder

NAME = f"tinyalex-{tinyalex.__version__}-1students-py3-none-any.whl"
INFO = f"tinyalex-{tinyalex.__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    path, _ = student_wheel.write(tmp_path_factory.mktemp("wheel") / "new")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder where pip has installed it."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--no-compile"]
    done = subprocess.run(
        [*command, "--target", str(folder), str(wheel)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return folder


def run(installed: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "tinyalex", "exercise", *words],
        cwd=folder,
        env=environment(PYTHONPATH=str(installed)),
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_it_has_the_package_and_the_lessons_but_no_solution(wheel):
    assert wheel.name == NAME
    solutions = {path.read_bytes() for path in solutions_folder().glob("*.py")}
    assert len(solutions) > 20
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert not any(archive.read(name) in solutions for name in names)
    assert len(names) == len(set(names)) and not any("solutions" in name for name in names)
    assert not any("__pycache__" in name or name.endswith(".pyc") for name in names)
    here = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "tinyalex").rglob("*.py")
        if path.parent != solutions_folder()
    }
    here |= {f"tinyalex/lessons/{path.name}" for path in (ROOT / "lessons").glob("*.*")}
    here |= {
        f"tinyalex/lessons/exercises/{path.name}"
        for path in (ROOT / "lessons" / "exercises").glob("*.py")
    }
    assert here <= set(names) and "tinyalex/py.typed" in names


def test_its_record_is_right(wheel):
    with zipfile.ZipFile(wheel) as archive:
        rows = list(csv.reader(archive.read(f"{INFO}/RECORD").decode().splitlines()))
        assert [row[0] for row in rows] == archive.namelist()
        for name, digest, size in rows[:-1]:
            content = archive.read(name)
            wanted = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert digest == f"sha256={wanted}" and int(size) == len(content)
        assert rows[-1] == [f"{INFO}/RECORD", "", ""]
        assert b"Provides-Extra: lessons" in archive.read(f"{INFO}/METADATA")
        assert b"tinyalex.__main__:main" in archive.read(f"{INFO}/entry_points.txt")
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_the_same_files_give_the_same_bytes(wheel, tmp_path):
    again, _ = student_wheel.write(tmp_path)
    assert again.read_bytes() == wheel.read_bytes()


@pytest.mark.slow
def test_it_can_be_made_from_an_installed_package(wheel, installed, tmp_path):
    done = run(installed, tmp_path, "student-wheel", "out", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["wheel"] == str(Path("out", NAME))
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(tmp_path / "out" / NAME) as second:
        assert sorted(first.namelist()) == sorted(second.namelist())
        for name in set(first.namelist()) - {f"{INFO}/RECORD"}:
            assert first.read(name) == second.read(name), name


@pytest.mark.slow
def test_a_students_installation_grades_without_solutions(installed, tmp_path):
    assert not (installed / "tinyalex" / "learn" / "solutions").exists()
    (tmp_path / "06_relu.py").write_text(RIGHT)
    done = run(installed, tmp_path, "check", "06_relu.py")
    assert done.returncode == 0 and "06_relu: passed" in done.stdout, done.stderr
    done = run(installed, tmp_path, "start", "02_im2col")
    assert done.returncode == 0 and (tmp_path / "02_im2col.py").is_file()


@pytest.mark.slow
def test_a_students_installation_says_that_it_has_no_solutions(installed, tmp_path):
    (tmp_path / "06_relu.py").write_text(WRONG)
    done = run(installed, tmp_path, "check", "06_relu.py", "--solution", "--i-am-the-teacher")
    assert done.returncode == 2 and done.stdout == ""
    assert "error: the solutions are not installed: this is the students' package" in done.stderr
    assert "tinyalex/learn/solutions in a clone" in done.stderr


def test_another_version_or_none_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(tinyalex, "__version__", "9.9")
    with pytest.raises(ConfigError, match="needs tinyalex 9.9 to be installed; version"):
        student_wheel.write(tmp_path)

    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(ConfigError, match="it is not installed"):
        student_wheel.write(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError):
        student_wheel.write(tmp_path / "file" / "inside")
