"""A proof holds as long as nothing that had a part in it has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.mutants import proofs
from tests.mutants.__main__ import DAYS, due, without_bugs
from tests.mutants.house import House
from tests.mutants.mutant import Mutant

FILES = {
    "pyproject.toml": "[tool.pytest]\nx = 1\n",
    "tinyalex/__init__.py": "",
    "tinyalex/__main__.py": "import tinyalex.cli\n",
    "tinyalex/cli.py": "def main():\n    import tinyalex.relu\n",
    "tinyalex/relu.py": "slope = 1\n",
    "tinyalex/kinds/__init__.py": "import pkgutil\n",
    "tinyalex/kinds/tanh.py": "",
    "tinyalex/apart.py": "",
    "tests/__init__.py": "",
    "tests/conftest.py": "",
    "tests/test_relu.py": "from tinyalex.relu import slope\n",
    "tests/test_command.py": 'WORDS = ["-m", "tinyalex"]\n',
    "tests/test_kinds.py": "from tinyalex import kinds\n",
    "tests/test_lazy.py": "import tinyalex\n\nx = tinyalex.kinds\n",
    "tests/test_title.py": 'title = "tinyalex"\n',
    "tests/test_text.py": 'name = f"tinyalex.{1}"\n',
}
BUG = Mutant("slope", "tinyalex/relu.py", "1", "2", ("tests/test_relu.py::test",))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small repository."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(proofs, "ROOT", tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def forget_all() -> None:
    """Files of another test are known by the same names."""
    forget()


def forget() -> None:
    for function in (proofs.fingerprint, proofs._hash_of, proofs._imports, proofs._files):
        function.cache_clear()


def needed(root: Path, test: str) -> set[str]:
    mutant = replace(BUG, tests=(f"tests/{test}.py::test",))
    return {path.relative_to(root).as_posix() for path in proofs.dependencies(mutant)}


def test_a_proof_depends_on_the_bug_its_tests_and_all_that_these_import(root: Path) -> None:
    always = {"tinyalex/__init__.py", "tinyalex/relu.py", "tests/conftest.py"}
    always |= {"tests/__init__.py"}
    assert needed(root, "test_relu") | {"tests/__init__.py"} == always | {"tests/test_relu.py"}
    command = {"tinyalex/__main__.py", "tinyalex/cli.py"}
    assert needed(root, "test_command") >= command
    assert needed(root, "test_kinds") >= {"tinyalex/kinds/__init__.py", "tinyalex/kinds/tanh.py"}
    assert needed(root, "test_lazy") >= {"tinyalex/kinds/__init__.py"}
    assert not needed(root, "test_title") & command  # a name alone starts nothing
    assert needed(root, "test_text") >= command | {"tinyalex/apart.py"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyproject.toml", "[tool.pytest]\nx = 2\n"),
        ("tests/conftest.py", "# changed\n"),
        ("tests/test_relu.py", "# changed\n"),
    ],
)
def test_a_change_in_any_of_them_ends_it(root: Path, name: str, text: str) -> None:
    known = proofs.after({}, {BUG: "tests/test_relu.py::test"}, [])
    assert proofs.holds(BUG, known)
    (root / name).write_text(text)
    for function in (proofs.fingerprint, proofs._hash_of):
        function.cache_clear()
    assert not proofs.holds(BUG, known)
    assert not proofs.holds(replace(BUG, new="3"), known)


def test_only_a_bug_that_was_caught_gets_a_proof_and_a_missed_one_loses_it(root: Path) -> None:
    other = replace(BUG, name="other")
    known = proofs.after({}, {BUG: "tests/test_relu.py::test"}, [other])
    assert known.keys() == {"slope"} and known["slope"]["caught by"] == "tests/test_relu.py::test"
    proofs.write(known, root / "proofs.json")
    assert proofs.read(root / "proofs.json") == known
    assert proofs.after(known, {}, [BUG]) == {}


def test_what_is_not_proved_is_due_and_each_of_the_others_once_in_some_days(root: Path) -> None:
    bugs = [replace(BUG, name=f"bug {i}") for i in range(40)]
    known = proofs.after({}, dict.fromkeys(bugs[1:], "a test"), [])
    days = [due(bugs, known, today) for today in range(DAYS)]
    assert all(bugs[0] in day for day in days)
    rest = [bug.name for day in days for bug in day if bug is not bugs[0]]
    assert sorted(rest) == sorted(bug.name for bug in bugs[1:])


def test_a_bug_that_was_caught_in_other_code_is_due_once_in_as_many_days_as_asked(root) -> None:
    bugs = [replace(BUG, name=f"bug {i}") for i in range(40)]
    known = proofs.after({}, dict.fromkeys(bugs[1:], "a test"), [])
    (root / "tests" / "test_relu.py").write_text("# changed\n")
    forget()
    assert due(bugs, known, 0) == bugs
    days = [due(bugs, known, today, one_of=3) for today in range(7, 10)]
    assert all(bugs[0] in day and 5 < len(day) < 25 for day in days)
    assert sorted(bug.name for day in days for bug in day[1:]) == sorted(b.name for b in bugs[1:])


def test_tests_that_bugs_share_run_once_before_these_are_planted() -> None:
    other = replace(BUG, name="other", tests=(*BUG.tests, "tests/test_relu.py::more"))
    compiled = replace(BUG, environment=(("A", "1"),))
    jobs = [(job.tests, job.environment) for job in without_bugs([BUG, other, compiled])]
    assert jobs == [(other.tests, ()), (BUG.tests, compiled.environment)]


def test_a_planted_bug_goes_without_a_trace(tmp_path: Path) -> None:
    house = House(tmp_path)
    file = tmp_path / "tinyalex" / "__init__.py"
    before, time = file.read_bytes(), file.stat().st_mtime_ns
    bug = Mutant("version", "tinyalex/__init__.py", "__version__ =", "version =", ())
    with pytest.raises(ZeroDivisionError), house.planted(bug, at=7):
        assert b"\nversion =" in file.read_bytes() and file.stat().st_mtime == 7
        raise ZeroDivisionError
    assert file.read_bytes() == before and file.stat().st_mtime_ns == time
    with pytest.raises(ValueError, match="not in tinyalex/__init__.py exactly once"):
        bug.plant("nothing of the kind")
