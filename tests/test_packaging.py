"""What pyproject.toml says of other packages is what CI installs."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

import pytest

from tests.processes import ROOT

WEB = (".html", ".css", ".js")  # the pages that `tinyalex explore` and others write


def test_ci_installs_the_oldest_versions_that_are_allowed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
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
