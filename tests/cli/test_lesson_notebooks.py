"""Lessons as notebooks and as pages: what is in them, and that they run there."""

from __future__ import annotations

import importlib
import json
import re

import pytest

from tests.learn import lessons
from tests.needed import needs
from tinyalex.extras import install
from tinyalex.learn import lesson_file, notebooks
from tinyalex.learn.lesson_file import read

needs("jupytext", "nbconvert", "ipykernel")

PICTURE = """
# %%
from matplotlib.figure import Figure

from tinyalex import learn

figure = Figure(figsize=(2, 1))
figure.subplots().plot([1, 2])
learn.show(figure, "05-line")

# %%
print("after <the> picture")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Lessons 4 and 5, of which 5 shows a picture."""
    folder = tmp_path / "lessons"
    lessons.write(folder, 4, "adding")
    lessons.write(folder, 5, "seeing", PICTURE)
    monkeypatch.setattr(lesson_file, "lessons_folder", lambda: folder)
    return folder


def outputs(book):
    return [output for cell in book["cells"] for output in cell.get("outputs", [])]


def test_a_notebook_has_the_lessons_cells_and_names_its_kernel(call, folder, tmp_path):
    result = call("lesson", 4, "--notebook", "--out", "books")
    assert result.exit_code == 0, result.output
    book = json.loads((tmp_path / "books" / "04_adding.ipynb").read_text(encoding="utf-8"))
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    cells = read(folder / "04_adding.py").cells
    assert [cell["cell_type"] for cell in book["cells"]] == [cell.kind for cell in cells]
    assert ["".join(cell["source"]) for cell in book["cells"]] == [cell.source for cell in cells]
    assert outputs(book) == []


def test_executed_it_holds_output_and_pictures(call, folder, tmp_path):
    result = call("lesson", 5, "--notebook", "--execute", "--html", "--out", tmp_path / "books")
    assert result.exit_code == 0, result.output
    book = json.loads((tmp_path / "books" / "05_seeing.ipynb").read_text(encoding="utf-8"))
    kinds = [kind for output in outputs(book) for kind in output.get("data", {"text": 0})]
    assert "image/png" in kinds and "text" in kinds
    assert not list(tmp_path.rglob("*.png"))  # under the cell, not in a file

    page = (tmp_path / "books" / "05_seeing.html").read_text(encoding="utf-8")
    assert "data:image/png;base64," in page
    assert "after &lt;the&gt; picture" in page
    assert "<title>05 Seeing</title>" in page
    assert "<script" not in page
    assert "@import" not in page
    targets = re.findall(r"""(?:src|href)\s*=\s*["']?([^"'>\s]*)""", page)
    assert targets.count("04_adding.html") == 2  # the lesson before it, above and below
    others = [target for target in targets if target != "04_adding.html"]
    assert others and all(re.match("data:|#", target) for target in others), others
    assert "url(" not in page
    assert 'alt="05-line"' in page


def test_several_are_written_in_the_order_that_names_them(call, folder, tmp_path):
    result = call("lesson", "seeing", 4, "--notebook", "--out", "books")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert "05_seeing.ipynb" in lines[0] and "04_adding.ipynb" in lines[1]
    assert lines[-1] == "2 of 2 lessons written"
    assert sorted(path.name for path in (tmp_path / "books").iterdir()) == [
        "04_adding.ipynb",
        "05_seeing.ipynb",
    ]


@pytest.mark.slow
def test_all_are_written_although_one_fails(call, folder, tmp_path):
    lessons.write(folder, 4, "adding", lessons.BROKEN)
    result = call("lesson", "--all", "--notebook", "--execute", "--out", "books")
    assert result.exit_code == 1
    assert "04_adding.py:16: a claim of the lesson does not hold here: three is not two" in (
        result.stdout
    )
    assert result.stdout.splitlines()[-1] == "failed: 04_adding"
    book = json.loads((tmp_path / "books" / "04_adding.ipynb").read_text(encoding="utf-8"))
    assert [output["output_type"] for output in outputs(book)] == ["stream", "error"]
    assert (tmp_path / "books" / "05_seeing.ipynb").is_file()


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ("jupytext", ["--notebook"]),
        ("nbconvert", ["--html"]),
        ("ipykernel", ["--notebook", "--execute"]),
    ],
)
def test_a_missing_package_is_told_with_the_command_that_installs_it(
    refused, folder, monkeypatch, package, words
):
    real = importlib.import_module

    def without(name, *rest):
        if name.partition(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}")
        return real(name, *rest)

    monkeypatch.setattr(notebooks.importlib, "import_module", without)
    assert install("lessons") in refused("lesson", "4", *words)
