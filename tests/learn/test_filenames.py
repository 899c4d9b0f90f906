"""A file's name says which exercise it answers and, in a flat folder, who handed it in."""

from __future__ import annotations

import pytest

from tinyalex.learn.grader import filenames

NAMES = {
    "02_im2col.py": "02_im2col",
    "im2col.py": "02_im2col",
    "02.py": "02_im2col",
    "02_im2col (1).py": "02_im2col",
    "anna_02_im2col.py": "02_im2col",
    "02_im2col.py.txt": "02_im2col",
    "02_im2col.PY": "02_im2col",
    "06_RELU.PY": "06_relu",
    "06_relu.Py": "06_relu",
    "02_im2col.txt": "02_im2col",
    "02_im2col": "02_im2col",
    "'im2col.py'": "02_im2col",
    "02_im2col.py (1)": "02_im2col",
    "02_im2col.ipynb": "02_im2col",
    "Anna 02-im2col.ipynb": "02_im2col",
    "06-relu.py": "06_relu",
    "06 relu.py": "06_relu",
    "06 ReLU.py": "06_relu",
    "06relu.py": "06_relu",
    "relu_final.py": "06_relu",
    "relu v2.py": "06_relu",
    "01_conv_loop.py": "01_conv_loops",
    "11-lrn-backward.py.txt": "11_lrn_backward",
    "MaxPool.py": "07_max_pool",
    "im2col_numba.py": "18_im2col_numba",
    "Copy of 06_relu.py.bak": "06_relu",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_says_which_exercise_it_is(name):
    found = getattr(filenames.match(name), "exercise", None)
    assert found is not None and found.name == NAMES[name]


@pytest.mark.parametrize(
    "name",
    ["readme.txt", "relu.png", "02.jpg", "02_im2col.pyc", "notes.py", "relu.txt", "02_im2col.csv",
     "02_im2col.py.png", "02_im2col.py.zip", ".py", "...", "utils.py", "anna_02.py", "report.pdf",
     "02_im2col.rtf", "02_im2col.py.docx", "data.json", ""],
)  # fmt: skip
def test_other_files_belong_to_no_exercise(name):
    assert filenames.match(name) is None


@pytest.mark.parametrize(
    ("name", "do"),
    [
        ("02_im2col.rtf", "save it as plain text, called 02_im2col.py"),
        ("02_im2col.py.docx", "save it as plain text, called 02_im2col.py"),
        ("work.7z", "an archive: unpack it"),
        ("notes.txt", ""),
    ],
)
def test_what_to_do_with_a_file_that_is_not_read(name, do):
    assert filenames.advice(name) == do


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("06_relu.py", "relu.py"),
        ("relu.py", "relu_final.py"),
        ("06_relu.py", "06_relu (1).py"),
        ("06_relu.py", "06_relu.ipynb"),
        ("06_relu.py", "06_relu.py.txt"),
        ("06_relu.ipynb", "06_relu.txt"),
        ("06_relu.py", "06_relu.py.bak"),
        ("my_new_final_relu_v3.py", "test_06_relu.py"),
    ],
)
def test_one_name_is_nearer_than_another(first, second):
    near, far = filenames.match(first), filenames.match(second)
    assert near is not None and far is not None and near.extra < far.extra


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("anna_06_relu.py", "anna"),
        ("06_relu_anna.py", "anna"),
        ("06_relu - Anna Smith.py", "Anna Smith"),
        ("anna-lena_smith 06_relu (2).py", "anna-lena_smith"),
        ("week4_ben_06_relu_final.py", "ben"),
        ("Jose\N{COMBINING ACUTE ACCENT}_06_relu.py", "Jos\N{LATIN SMALL LETTER E WITH ACUTE}"),
        ("06_relu.py", ""),
        ("relu_final_v2.py", ""),
        ("Copy of 06_relu (3).py", ""),
    ],
)
def test_the_words_around_an_exercise_are_the_students_name(name, student):
    found = filenames.match(name)
    assert found is not None and found.around == student


@pytest.mark.parametrize(
    ("name", "student", "file", "again"),
    [
        ("smithanna_12345_678901_06_relu.py", "smithanna", "06_relu.py", 0),
        ("smithanna_LATE_12345_678901_06_relu-1.py", "smithanna", "06_relu.py", 1),
        ("smithanna_12345_678901_06-relu-12.ipynb", "smithanna", "06-relu.ipynb", 12),
        ("Anna Smith_12345_assignsubmission_file_06_relu.py", "Anna Smith", "06_relu.py", 0),
        ("Anna Smith_12345_assignsubmission_file_", "Anna Smith", "", 0),
        ("Anna Smith_12345_assignsubmission_file", "Anna Smith", "", 0),
        ("12-345 - Anna Smith - Oct 12, 2023 1012 AM - 06_relu.py", "Anna Smith", "06_relu.py", 0),
        ("hw4_asmith_attempt_2023-10-12-10-12-13_06_relu.py", "asmith", "06_relu.py", 0),
    ],
)
def test_names_that_course_systems_make(name, student, file, again):
    found = filenames.export(name)
    assert found is not None
    assert (found.student, found.file, found.again) == (student, file, again)


def test_other_names_are_no_exports():
    for name in ("anna_06_relu.py", "06_relu-1.py", "2023_06_relu.py", "anna_1.py"):
        assert filenames.export(name) is None
