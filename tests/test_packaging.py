"""What the package says of itself to others: to pip, to CI, to a code host, to who cites it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.processes import ROOT
from tinyalex import __version__

LONGEST_README = 120  # lines
PARTS = re.compile(r'^always="(.*)" long="(.*)"$', re.MULTILINE)


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return found["project"]


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


WEB = (".html", ".css", ".js")  # the pages that `tinyalex explore` and others write


def test_ci_installs_the_oldest_versions_that_are_allowed() -> None:
    wanted = [*project()["dependencies"], *project()["optional-dependencies"]["test"]]
    lines = (ROOT / ".ci" / "oldest.txt").read_text().splitlines()
    installed = [line for line in lines if not line.startswith("#")]
    assert sorted(re.sub(">=", "==", line) for line in wanted) == sorted(installed)


def test_what_is_no_python_in_the_package_goes_into_the_wheel() -> None:
    """Hatch takes the whole folder, except for what Git ignores."""
    hatch = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]
    wheel = hatch["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["tinyalex"] and "exclude" not in wheel
    files = [path for path in (ROOT / "tinyalex").rglob("*.*") if path.suffix in WEB]
    assert {path.suffix for path in files} == set(WEB)
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no clone here")
    names = [str(path.relative_to(ROOT)) for path in files]
    ignored = subprocess.run(["git", "check-ignore", *names], cwd=ROOT, capture_output=True)
    assert ignored.stdout == b""


def test_the_readme_is_short_and_lists_every_extra() -> None:
    assert len(readme().splitlines()) <= LONGEST_README
    table = readme().split("| extra |")[1].split("\n\n")[0]
    named = re.findall(r"`([\w-]+)`", "".join(re.findall(r"^\|[^|]*\|", table, re.MULTILINE)))
    assert sorted(named) == sorted(project()["optional-dependencies"])


def test_the_readme_shows_the_main_job_with_its_seconds() -> None:
    job = readme().split("<!-- main-job -->")[1].split("```sh\n")[1].split("```")[0].strip()
    shown = re.search(rf"^\$ {job.removeprefix('.venv/bin/')}  # (\d+) s", readme(), re.MULTILINE)
    assert shown is not None and int(shown[1]) <= 120


def yaml() -> Any:
    return pytest.importorskip("yaml", reason="PyYAML comes with the extra lessons")


def read(path: Path) -> Any:
    return yaml().safe_load(path.read_text(encoding="utf-8"))


def test_the_citation_names_this_version_and_the_paper() -> None:
    found = read(ROOT / "CITATION.cff")
    required = {"cff-version", "message", "title", "authors"}  # of the schema, version 1.2.0
    assert required <= set(found) and found["cff-version"] == "1.2.0"
    assert found["version"] == __version__ and found["license"] == project()["license"]
    assert [author["name"] for author in found["authors"]] == [project()["authors"][0]["name"]]
    (paper,) = found["references"]
    assert {"type", "title", "authors"} <= set(paper) and paper["year"] == 2012
    names = [author["family-names"] for author in paper["authors"]]
    assert names == ["Krizhevsky", "Sutskever", "Hinton"]


FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
KINDS = {"input", "textarea", "dropdown", "checkboxes", "markdown"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.name)
def test_a_form_for_issues_is_one_that_github_accepts(path: Path) -> None:
    form = read(path)
    assert form["name"] and form["description"] and form["body"]
    ids = [field["id"] for field in form["body"]]
    assert len(set(ids)) == len(ids) and all(re.fullmatch(r"[\w-]+", each) for each in ids)
    for field in form["body"]:
        assert field["type"] in KINDS and field["attributes"]["label"]
        assert field["type"] != "dropdown" or field["attributes"]["options"]


WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def steps_of(workflow: Any) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_pinned_limited_and_has_few_rights(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow.get("on", workflow.get(True)), "YAML 1.1 reads on as true"
    for job in workflow["jobs"].values():
        assert not str(job["runs-on"]).endswith("-latest")
    for step in steps_of(workflow):
        assert re.search(r"@v\d+$", step.get("uses", "@v1")), step
        # Text from outside, such as a branch's name, would be run as part of the command.
        assert "github.event" not in step.get("run", "") and "head_ref" not in step.get("run", "")


def test_workflows_run_each_part_of_ci() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ((always, long),) = PARTS.findall(script)
    parts = f"{always} {long}"
    for name, wanted in {"ci.yml": parts, "long.yml": long}.items():
        jobs = read(ROOT / ".github" / "workflows" / name)["jobs"]
        found = " ".join(jobs["linux"]["strategy"]["matrix"]["parts"])
        assert sorted(found.split()) == sorted(wanted.split()), name
    for path in WORKFLOWS:
        for step in steps_of(read(path)):
            if (run := step.get("run", "")).startswith("bash .ci/run"):
                words = re.sub(r"\$\{\{.*?\}\}", "", run).split()[2:]
                assert set(words) <= {"--all", *parts.split()}, run


@pytest.mark.skipif(sys.platform == "win32", reason="CI's script needs a POSIX shell here")
def test_ci_refuses_a_part_that_does_not_exist() -> None:
    words = ["bash", str(ROOT / ".ci" / "run"), "lint", "everything"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    (parts,) = PARTS.findall((ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert done.returncode == 2 and " ".join(parts) in done.stderr


def test_each_long_part_comes_to_each_of_its_shares() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    ((_, long),) = PARTS.findall(script)
    number = len(long.split())
    bugs = (ROOT / "tests" / "mutants" / "__main__.py").read_text(encoding="utf-8")
    shares = re.findall(r"share=(\d+) by_turns=yes|by_turns:\+--one-of (\d+)", script)
    found = [*map("".join, shares), *re.findall(r"^DAYS = (\d+)", bugs, re.MULTILINE)]
    assert len(found) == 3
    for days in map(int, found):
        assert len({(day % number, day % days) for day in range(number * days)}) == number * days
