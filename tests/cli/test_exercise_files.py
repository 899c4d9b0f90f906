"""`tinyalex exercise check` of odd files; results are written also if nothing could be judged."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest

from tests.learn.class_of_31 import RIGHT, notebook, packed
from tests.learn.wrong.judging import judged_once
from tinyalex.learn.grader import examine, installation

# A plain dataclass in an answer, from a public report.
WITH_DATACLASS = RIGHT.replace(
    "import numpy as np\n",
    "from dataclasses import dataclass\n\n\n@dataclass\nclass Shape:\n    n: int\n    c: int\n\n\n"
    "import numpy as np\n",
)


@pytest.fixture(autouse=True)
def judged_here(monkeypatch):
    monkeypatch.setattr(examine, "grade", lambda path, exercise, **_: judged_once(path, exercise))


def write(**files: str | bytes) -> None:
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, ""),
        ({"sub/notes.txt": "x"}, "not recognised: notes.txt"),
        ({"sub/work.rar": b"Rar!"}, "not recognised: work.rar (an archive: unpack it)"),
        ({"sub/hw.zip": b"PK"}, "not recognised: hw.zip (a damaged archive, or no .zip at all)"),
    ],
)
@pytest.mark.parametrize("of_class", [False, True])
def test_results_are_written_also_if_nothing_could_be_judged(files, found, of_class, call):
    Path("sub").mkdir()
    write(**files)
    write(**{"results.json": "old", "class.csv": "old"})
    words = ["exercise", "check", "sub", "--gradescope", "results.json", "--csv", "class.csv"]
    result = call(*words, *["--class"] * of_class, "--json")
    assert result.exit_code == 2 and result.stderr.startswith("error: ")
    results = json.loads(Path("results.json").read_text())
    assert results["score"] == 0 and results["tests"] == []
    assert found in results["output"] and "sub" in results["output"]
    document = json.loads(result.stdout)
    assert document["passed"] is False and document["verdicts"] == []
    assert document["error"] in result.stderr
    rows = list(csv.reader(Path("class.csv").read_text().splitlines()))
    assert rows[0] == ["student", "passed", "score", "note", "not recognised", "same as"]
    names = [Path(name).name for name in files]
    assert [entry["file"] for entry in document["not_recognised"]] == names
    assert all(name in rows[1][-2] for name in names)
    assert {path.name for path in Path.cwd().iterdir()} == {"sub", "results.json", "class.csv"}


@pytest.mark.parametrize("path", ["nowhere", "notes.txt", "work.rar"])
def test_results_are_written_for_a_wrong_path(path, call):
    write(**{"notes.txt": "x", "work.rar": "x"})
    result = call("exercise", "check", path, "--gradescope", "results.json")
    assert result.exit_code == 2
    results = json.loads(Path("results.json").read_text())
    assert results["score"] == 0 and path in results["output"]


def test_what_is_not_recognised_is_listed_beside_what_is_judged(call):
    write(**{"mine/06_relu.py": RIGHT, "mine/my_answer.py": "x", "mine/work.rar": "x"})
    result = call("exercise", "check", "mine", "--gradescope", "g.json", "--csv", "c.csv")
    assert result.exit_code == 0
    assert "not recognised: my_answer.py\n" in result.stdout
    assert "not recognised: work.rar (an archive: unpack it)\n" in result.stdout
    output = json.loads(Path("g.json").read_text())["output"]
    assert output.splitlines()[1:] == [
        "not recognised: my_answer.py",
        "not recognised: work.rar (an archive: unpack it)",
    ]
    (row,) = csv.DictReader(Path("c.csv").read_text().splitlines())
    assert row["not recognised"] == "my_answer.py; work.rar (an archive: unpack it)"
    text = call("exercise", "list", "mine").stdout
    assert "not recognised: my_answer.py\n" in text
    document = json.loads(call("exercise", "list", "mine", "--json").stdout)
    files = [entry["file"] for entry in document["not_recognised"]]
    assert files == ["my_answer.py", "work.rar"]
    assert [e["name"] for e in document["exercises"] if e["yours"]] == ["06_relu"]


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("06_relu.ipynb", notebook("%time\n", RIGHT), "read from 06_relu.ipynb"),
        ("hw.zip", packed({"a/06_RELU.PY": RIGHT}), "read from hw.zip/a/06_RELU.PY"),
        ("06_relu.py", WITH_DATACLASS, ""),
    ],
)
def test_a_notebook_an_archive_or_a_file_passes(name, content, note, call):
    write(**{name: content})
    result = call("exercise", "check", name)
    assert result.exit_code == 0, result.output
    assert "06_relu: passed, " in result.stdout
    assert (f"Note: {note}\n" in result.stdout) if note else "Note:" not in result.stdout


def test_any_name_will_do_if_the_exercise_is_named(call):
    write(**{"mine.ipynb": notebook(RIGHT), "mine.zip": packed({"06_relu.py": RIGHT})})
    for name in ("mine.ipynb", "mine.zip"):
        assert call("exercise", "check", name, "--exercise", "relu").exit_code == 0


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_link_is_refused(refused):
    write(**{"real/06_relu.py": RIGHT})
    Path("06_relu.py").symlink_to("real/06_relu.py")
    Path("mine").symlink_to("real")
    for name in ("06_relu.py", "mine"):
        assert "is a link, which is not read" in refused("exercise", "check", name)
    assert "is a link" in refused("exercise", "list", "mine")


def test_an_exercise_that_is_named_twice_counts_once(call):
    write(**{"mine/06_relu.py": RIGHT})
    words = ["--exercise", "relu", "--exercise", "06_relu", "--gradescope", "g.json"]
    assert call("exercise", "check", "mine", *words).exit_code == 0
    assert json.loads(Path("g.json").read_text())["score"] == 10


def test_a_class_is_not_graded_by_a_changed_installation(call, monkeypatch, tmp_path):
    Path("class/anna").mkdir(parents=True)
    Path("class/anna/06_relu.py").write_text("def relu(x): return x\n")
    states = iter([{"a.py": "1"}, {"a.py": "2"}])
    monkeypatch.setattr(installation, "_state", lambda: next(states))
    result = call("exercise", "check", "--class", "class", "--csv", "class.csv")
    assert result.exit_code == 2 and "no verdict counts" in result.stderr
    assert not Path("class.csv").exists()
