"""Notebooks for Google Colab: a badge, a cell that installs, and the lesson unchanged."""

from __future__ import annotations

import json

import pytest

from tests.learn import lessons
from tinyalex.errors import ConfigError
from tinyalex.learn import lesson_file
from tinyalex.learn.colab import checked

ADDRESS = "https://github.com/someone/tinyalex"


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}/", f"{ADDRESS}.git"])
def test_an_address_has_one_form(address):
    assert checked(address) == ADDRESS


@pytest.mark.parametrize(
    "address",
    ["", "someone/tinyalex", "http://github.com/a/b", "https://gitlab.com/a/b", f"{ADDRESS}/tree/x"]
    + [f'{ADDRESS}" && rm -rf "', f"{ADDRESS}\n%rm x", "https://github.com/a"],
)
def test_what_is_no_repository_on_github_is_refused(address):
    with pytest.raises(ConfigError, match="--colab: must be the address of a GitHub repository"):
        checked(address)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    pytest.importorskip("jupytext")
    pytest.importorskip("ipykernel")
    folder = tmp_path / "lessons"
    lessons.write(folder, 4, "adding")
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: folder)
    return folder


def book_of(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.mark.slow
@pytest.mark.parametrize("more", [[], ["--execute"]])
def test_two_cells_stand_before_the_lesson(call, folder, tmp_path, more):
    words = ("lesson", 4, "--notebook", "--html", *more)
    assert call(*words, "--out", "plain").exit_code == 0
    assert call(*words, "--colab", f"{ADDRESS}.git", "--out", "colab").exit_code == 0
    plain, colab = (book_of(tmp_path / name / "04_adding.ipynb") for name in ("plain", "colab"))
    badge, install = ("".join(cell["source"]) for cell in colab[:2])
    assert badge.endswith(
        "(https://colab.research.google.com/github/someone/tinyalex/blob/notebooks/04_adding.ipynb)"
    )
    assert install.startswith(f'%pip install --quiet "tinyalex[lessons] @ git+{ADDRESS}"')
    assert colab[1]["cell_type"] == "code" and colab[1]["outputs"] == []
    assert [c["source"] for c in colab[2:]] == [c["source"] for c in plain]
    assert [c.get("outputs", []) and c["outputs"][0]["output_type"] for c in colab[2:]] == [
        c.get("outputs", []) and c["outputs"][0]["output_type"] for c in plain
    ]
    page = (tmp_path / "colab" / "04_adding.html").read_text(encoding="utf-8")
    assert "colab" not in page and "pip install" not in page  # a page loads nothing


def test_colab_needs_a_notebook(call, folder):
    result = call("lesson", 4, "--colab", ADDRESS)
    assert result.exit_code == 2 and "--colab needs --notebook" in result.output
