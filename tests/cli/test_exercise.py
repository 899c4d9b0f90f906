"""`tinyalex exercise`: list, start, check a file, a folder, a class."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from tests.learn.examples import ADD_BIAS, FOLDER, MEAN_AND_SUM, PLACES, solution
from tests.learn.wrong.judging import judged_once
from tinyalex.learn import exercises, places
from tinyalex.learn.grader import examine, filenames

WRONG = "def add_bias(x, b, scale=1.0):\n    return x + b\n"
ENDS = "import os\nos._exit(0)\n"
HANGS = "import time\nwhile True:\n    time.sleep(0.1)\n"
STUB = 'def add_bias(x, b, scale=1.0):\n    raise NotImplementedError("not written yet")\n'


@pytest.fixture(autouse=True)
def examples(monkeypatch, tmp_path_factory):
    """Two small exercises in place of the package's, judged with few inputs."""
    stubs = tmp_path_factory.mktemp("stubs")
    for name in PLACES:
        (stubs / f"{name}.py").write_text(STUB)
    both = (ADD_BIAS, MEAN_AND_SUM)
    monkeypatch.setattr(exercises, "all_exercises", lambda: both)
    monkeypatch.setattr(places, "exercises_folder", lambda: stubs)
    monkeypatch.setattr(places, "solutions_folder", lambda: FOLDER)

    def grade(path, exercise, **options):
        return judged_once(path, exercise, stub=solution(exercise), **options)

    monkeypatch.setattr(examine, "grade", grade)


def hand_in(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name.lstrip('_')}.py").write_text(text)
    return folder


def answer(exercise=ADD_BIAS) -> str:
    return solution(exercise).read_text()


def test_the_list(call):
    result = call("exercise", "list")
    assert result.exit_code == 0
    assert "90_add_bias" in result.stdout and "mean and sum" in result.stdout
    document = json.loads(call("exercise", "list", "--json").stdout)
    assert [one["name"] for one in document] == list(PLACES)
    assert document[0]["minutes"] == 1 and document[0]["lesson"] == 90
    assert call("exercise", "list", "--quiet").stdout == "90_add_bias\n91_mean_and_sum\n"


def test_the_list_says_which_of_mine_pass(call, refused):
    hand_in(Path("mine"), _90_add_bias=answer())
    result = call("exercise", "list", "mine")
    line = next(line for line in result.stdout.splitlines() if line.startswith("90_"))
    assert line.split()[-1] == "passed" and "1 of 2 passed" in result.stdout
    other = next(line for line in result.stdout.splitlines() if line.startswith("91_"))
    assert other.split()[-1] == "-"
    assert "nowhere" in refused("exercise", "list", "nowhere")


def test_start_copies_the_stub_and_never_over_a_file(call, refused):
    result = call("exercise", "start", "bias", "mine")
    assert result.exit_code == 0, result.output
    assert Path("mine/90_add_bias.py").read_text() == STUB
    assert "tinyalex exercise check mine/90_add_bias.py" in result.stdout
    Path("mine/90_add_bias.py").write_text("my work")
    assert "there already" in refused("exercise", "start", "90_add_bias", "mine")
    assert Path("mine/90_add_bias.py").read_text() == "my work"
    assert call("exercise", "start", "91").exit_code == 0
    assert Path("91_mean_and_sum.py").is_file()


def test_an_unknown_name_is_refused_with_the_nearest(refused):
    assert "'90_add_bias'" in refused("exercise", "start", "90_ad_bias")
    assert "any of" in refused("exercise", "start", "_")


def test_a_right_file_ends_with_0_and_a_wrong_one_with_1(call):
    hand_in(Path("."), _90_add_bias=answer(), other=WRONG)
    right = call("exercise", "check", "90_add_bias.py")
    assert right.exit_code == 0 and "90_add_bias: passed, 3 of 3" in right.stdout
    wrong = call("exercise", "check", "other.py", "--exercise", "add_bias")
    assert wrong.exit_code == 1
    assert "BROKEN  definition" in wrong.stdout and "(2 more: --hint)" in wrong.stdout
    assert wrong.stdout.count("Hint: ") == 1 and "Traceback" not in wrong.output
    more = call("exercise", "check", "other.py", "--exercise", "90", "--hint", "--hint")
    assert more.stdout.count("Hint: ") == 3


def test_a_copied_template_counts_as_not_written(call):
    call("exercise", "start", "90")
    result = call("exercise", "check", "90_add_bias.py")
    assert result.exit_code == 1 and "not written yet" in result.stdout


def test_only_a_teacher_sees_the_solution(call, refused):
    hand_in(Path("."), _90_add_bias=WRONG)
    assert "--i-am-the-teacher" in refused("exercise", "check", "90_add_bias.py", "--solution")
    words = ["exercise", "check", "90_add_bias.py", "--solution", "--i-am-the-teacher"]
    assert "return x + scale * b" in call(*words).stdout
    assert "return x + scale * b" not in call(*words[:3]).stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.py"], "nowhere.py"),
        (["nameless.py"], "no exercise has this name"),
        (["nameless.py", "--exercise", "92"], "unknown exercise '92'"),
        (["nameless.py", "--exercise", "90", "--exercise", "91"], "one file"),
        (["empty"], "no answers in empty"),
        (["--class", "empty"], "no folders or files of students"),
        (["--class", "nameless.py"], "not a folder"),
        (["nameless.py", "--exercise", "90", "--points", "inf"], "--points must be a number"),
        (["nameless.py", "--exercise", "90", "--csv", "no/where.csv"], "no is not a folder"),
    ],
)
def test_usage_errors_end_with_2(refused, words, says):
    hand_in(Path("."), nameless=WRONG)
    Path("empty").mkdir()
    assert says in refused("exercise", "check", *words)


def test_a_folder_is_checked_whole(call):
    hand_in(Path("mine"), _90_add_bias=answer(), _91_mean_and_sum="x = (", notes="1/0")
    result = call("exercise", "check", "mine", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert [one["exercise"] for one in document["verdicts"]] == list(PLACES)
    assert [one["passed"] for one in document["verdicts"]] == [True, False]
    assert document["passed"] is False and document["seed"] == 0
    assert document["verdicts"][1]["outcome"] == "syntax error"


def test_results_for_gradescope(call):
    hand_in(Path("mine"), _90_add_bias=WRONG)
    words = ["--exercise", "90", "--exercise", "91", "--gradescope", "results.json"]
    assert call("exercise", "check", "mine", *words, "--points", 6).exit_code == 1
    results = json.loads(Path("results.json").read_text())
    assert set(results) == {"score", "output", "visibility", "stdout_visibility", "tests"}
    first, second = results["tests"]
    assert first["name"] == "90_add_bias: add a bias" and first["status"] == "failed"
    assert first["score"] == 4.0 and first["max_score"] == 6.0
    assert "BROKEN  definition" in first["output"] and first["visibility"] == "visible"
    assert second["score"] == 0 and "not handed in" in second["output"]
    assert results["score"] == 4.0
    hand_in(Path("mine"), _90_add_bias=answer(), _91_mean_and_sum=answer(MEAN_AND_SUM))
    assert call("exercise", "check", "mine", *words).exit_code == 0
    results = json.loads(Path("results.json").read_text())
    assert results["score"] == 20.0
    assert [test["status"] for test in results["tests"]] == ["passed", "passed"]


@pytest.mark.slow
def test_one_bad_file_does_not_stop_the_class(call):
    hand_in(Path("class/anna"), _90_add_bias=answer(), _91_mean_and_sum=answer(MEAN_AND_SUM))
    hand_in(Path("class/ben [x]"), _90_add_bias=ENDS)
    hand_in(Path("class/cleo"), _90_add_bias=HANGS, _91_mean_and_sum="\0")
    hand_in(Path("class/dora"), _90_add_bias=WRONG)
    Path("class/.cache").mkdir()
    Path("class/emil").mkdir()
    words = ["--class", "class", "--exercise", "90", "--exercise", "91", "--time-limit", 5]
    result = call("exercise", "check", *words, "--csv", "class.csv")
    assert result.exit_code == 1, result.output
    rows = list(csv.DictReader(Path("class.csv").read_text().splitlines()))
    nobody = rows.pop()
    assert nobody["student"] == "(no student)" and nobody["not recognised"].startswith(".cache/")
    assert [row["student"] for row in rows] == ["anna", "ben [x]", "cleo", "dora", "emil"]
    assert [row["passed"] for row in rows] == ["2", "0", "0", "0", "0"]
    assert [row["90_add_bias"] for row in rows] == ["1.000", "0.000", "0.000", "0.667", ""]
    assert [row["score"] for row in rows] == ["2.000", "0.000", "0.000", "0.667", "0.000"]
    assert "ben [x]: 90_add_bias: ended the program" in result.stdout
    assert "cleo: 90_add_bias: time limit" in result.stdout
    assert "emil: 90_add_bias: not handed in" in result.stdout
    table, stops, others = result.stdout.split("\n\n")[-3:]
    assert "2 of 2" in table and table.count("0 of 2") == 4
    assert stops.split("\n")[0].split() == ["exercise", "stops", "at", "students"]
    assert ".cache/ (a folder of tools, not looked into)" in others


def test_an_error_of_the_grader_is_reported_and_grading_continues(call, monkeypatch):
    hand_in(Path("mine"), _90_add_bias=answer(), _91_mean_and_sum=answer(MEAN_AND_SUM))
    real = examine.grade

    def grade(path, exercise, **options):
        if exercise is ADD_BIAS:
            raise OSError("no more processes")
        return real(path, exercise, **options)

    monkeypatch.setattr(examine, "grade", grade)
    result = call("exercise", "check", "mine")
    assert "the grader failed: OSError: no more processes" in result.stdout
    assert "91_mean_and_sum: passed" in result.stdout and result.exit_code == 1


def test_an_older_table_survives_a_failed_run(call):
    Path("class.csv").write_text("old")
    shutil.rmtree("class", ignore_errors=True)
    hand_in(Path("mine"), _90_add_bias=answer())
    assert call("exercise", "check", "mine", "--exercise", "nine", "--csv", "class.csv").exit_code
    assert Path("class.csv").read_text() == "old"
    assert call("exercise", "check", "mine", "--csv", "class.csv").exit_code == 0
    assert Path("class.csv").read_text().splitlines()[1] == ",1,1.000,1.000,,,"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("90_add_bias.py", "90_add_bias"),
        ("add_bias.py", "90_add_bias"),
        ("90_Add_Bias.py", "90_add_bias"),
        ("anna_90_add_bias (2).py", "90_add_bias"),
        ("90.py", "90_add_bias"),
        ("90_add_bias.txt", "90_add_bias"),
        ("bias.py", None),
    ],
)
def test_a_files_name_says_which_exercise_it_is(name, found):
    exercise = getattr(filenames.match(name), "exercise", None)
    assert (exercise.name if exercise else None) == found


def test_of_two_files_the_exact_name_counts_and_all_are_judged(call):
    hand_in(Path("mine"), _90_add_bias=answer(), add_bias=WRONG)
    Path("mine/90_add_bias_old.py").write_text(WRONG)
    result = call("exercise", "check", "mine", "--gradescope", "g.json", "--json")
    assert result.exit_code == 0, result.output
    verdicts = json.loads(result.stdout)["verdicts"]
    files = [(Path(v["file"]).name, v["counts"], v["passed"]) for v in verdicts]
    assert files[0] == ("90_add_bias.py", True, True)
    assert sorted(files[1:]) == [
        ("90_add_bias_old.py", False, False),
        ("add_bias.py", False, False),
    ]
    assert "also judged: add_bias.py, 90_add_bias_old.py" in verdicts[0]["note"]
    assert verdicts[1]["note"].endswith("it does not count: 90_add_bias.py does")
    results = json.loads(Path("g.json").read_text())
    assert results["score"] == 10.0 and results["output"] == "1 of 1 exercises passed"
    assert [test["max_score"] for test in results["tests"]] == [10.0, 0.0, 0.0]
    text = call("exercise", "check", "mine").stdout
    assert "1 of 1 passed; 2 more files judged" in text and "Note: read from add_bias.py" in text
    listed = call("exercise", "list", "mine").stdout
    assert "not judged here, but by `exercise check`: add_bias.py" in listed
    assert "1 of 2 passed" in listed


def test_several_students_in_one_folder_are_all_judged_and_class_is_named(call):
    Path("mine").mkdir()
    for name, text in (("anna", answer()), ("ben", WRONG)):
        Path("mine", f"{name}_90_add_bias.py").write_text(text)
    result = call("exercise", "check", "mine", "--gradescope", "g.json")
    assert result.exit_code == 1 and "1 of 2 passed" in result.stdout
    assert "several students (anna, ben); add --class" in result.stdout
    points = [test["max_score"] for test in json.loads(Path("g.json").read_text())["tests"]]
    assert points == [10.0, 0.0]  # a student's two files are not worth more than one
    result = call("exercise", "check", "--class", "mine")
    assert "anna: 90_add_bias: passed" in result.stdout
    assert "ben: 90_add_bias: a property does not hold" in result.stdout
