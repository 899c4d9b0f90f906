"""Reading lessons: cells with their lines, and errors that name the wrong line."""

from __future__ import annotations

import pytest

from tests.learn import lessons
from tinyalex.errors import ConfigError
from tinyalex.learn import lesson_file, places
from tinyalex.learn.lesson_file import CODE, MARKDOWN, LessonError, cut, find, read


def test_a_lesson_is_read(tmp_path):
    lesson = read(lessons.write(tmp_path, 3, "adding"))
    assert (lesson.number, lesson.name, lesson.title) == (3, "03_adding", "Adding")
    assert lesson.goal == "add two numbers, and say why **that** works."
    assert (lesson.needs, lesson.minutes) == ("lesson 00", 25)
    assert [cell.kind for cell in lesson.cells] == [MARKDOWN, MARKDOWN, CODE, CODE]
    assert lesson.cells[1].source == "## Code\nUse `sum`, *always*."


def test_a_cell_knows_its_line(tmp_path):
    path = lessons.write(tmp_path, 3, "adding")
    lines = path.read_text(encoding="utf-8").splitlines()
    for cell in read(path).cells:
        first = cell.source.splitlines()[0]
        assert lines[cell.line - 1].removeprefix("# " if cell.kind == MARKDOWN else "") == first


def test_code_keeps_its_comments_and_inner_empty_lines(tmp_path):
    cells = cut("# %%\n\n\n# why\nx = 1\n\n\ny = 2\n\n\n# %%\n\n", tmp_path)
    assert [(cell.source, cell.line) for cell in cells] == [("# why\nx = 1\n\n\ny = 2", 4)]


@pytest.mark.parametrize(
    ("text", "line", "wanted"),
    [
        ("x = 1\n", 1, "text before the first cell"),
        ("# %% [markdown]\n# fine\nx = 1\n", 3, "a line of markdown must begin with '# '"),
        ("# %%\nx = 1\n# %% [raw]\n# y\n", 3, "a cell must begin with"),
        ("# %%\nx = 1\n", 1, "a lesson must begin with a cell '# %% [markdown]'"),
        ("", 1, "a lesson must begin with a cell"),
        ("# %% [markdown]\n# Convolution\n", 2, "expected a title"),
        ("# %% [markdown]\n# # 07 Convolution\n", 2, "the title says 07, the file 02_bad.py"),
        ("# %% [markdown]\n# # 02 Convolution\n", 2, "**After it you can**"),
        (
            "# %% [markdown]\n# # 02 C\n#\n# **After it you can** a.\n#\n# **Minutes** 3.\n",
            2,
            "**Needs**",
        ),
    ],
)
def test_a_file_that_is_not_a_lesson_is_refused_with_its_line(tmp_path, text, line, wanted):
    path = tmp_path / "02_bad.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LessonError) as caught:
        read(path)
    assert caught.value.message.startswith(f"{path}:{line}: ")
    assert wanted in str(caught.value)


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "02_bad.py"
    path.write_bytes("# %% [markdown]\n# # 02 Fl\u00e4che\n".encode("cp1252"))
    with pytest.raises(LessonError, match="UTF-8"):
        read(path)


@pytest.fixture
def two(tmp_path, monkeypatch):
    """A folder with lessons 2 and 10, and other files."""
    folder = tmp_path / "lessons"
    lessons.write(folder, 10, "whole_net")
    lessons.write(folder, 2, "convolution")
    (folder / "helper.py").write_text("x = 1\n")
    (folder / "README.md").write_text("# Lessons\n")
    lessons.write(folder / "exercises", 1, "stub")
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: folder)
    return folder


def test_only_lessons_are_listed_in_order(two):
    assert [lesson.number for lesson in lesson_file.all_lessons()] == [2, 10]


@pytest.mark.parametrize("which", ["2", "02", "02_convolution", "convolution", "02_convolution.py"])
def test_a_lesson_is_found_by_number_and_name(two, which):
    assert find(which).number == 2


@pytest.mark.parametrize("which", ["1", "002", "convolutoin", "", "../02_convolution"])
def test_an_unknown_lesson_is_refused(two, which):
    with pytest.raises(ConfigError, match="unknown lesson"):
        find(which)


def test_a_folder_without_lessons_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: tmp_path)
    with pytest.raises(ConfigError, match="no lessons in"):
        lesson_file.all_lessons()


def house(tmp_path, monkeypatch, *folders):
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(places, "PACKAGE", tmp_path / "tinyalex")


def test_in_a_clone_lessons_are_next_to_the_package(tmp_path, monkeypatch):
    house(tmp_path, monkeypatch, "lessons/exercises", "tinyalex/lessons")
    (tmp_path / "pyproject.toml").touch()
    assert places.lessons_folder() == tmp_path / "lessons"
    assert places.exercises_folder() == tmp_path / "lessons" / "exercises"


def test_installed_lessons_are_inside_the_package(tmp_path, monkeypatch):
    house(tmp_path, monkeypatch, "lessons", "tinyalex/lessons/exercises")
    assert places.lessons_folder() == tmp_path / "tinyalex" / "lessons"
    assert places.exercises_folder() == tmp_path / "tinyalex" / "lessons" / "exercises"


def test_missing_folders_are_reported(tmp_path, monkeypatch):
    house(tmp_path, monkeypatch, "lessons", "tinyalex")
    with pytest.raises(ConfigError, match="no lessons at"):
        places.lessons_folder()
    (tmp_path / "tinyalex" / "lessons").mkdir()
    with pytest.raises(ConfigError, match="no exercises at"):
        places.exercises_folder()
