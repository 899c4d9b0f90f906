"""What pyproject.toml says of other packages is what CI installs."""

from __future__ import annotations

import re
import tomllib

from tests.processes import ROOT


def test_ci_installs_the_oldest_versions_that_are_allowed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["test"]]
    lines = (ROOT / ".ci" / "oldest.txt").read_text().splitlines()
    installed = [line for line in lines if not line.startswith("#")]
    assert sorted(re.sub(">=", "==", line) for line in wanted) == sorted(installed)
