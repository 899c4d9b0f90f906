"""Hints name a command that works today: from the clone or the wheel, never from an index."""

from __future__ import annotations

import importlib.metadata
import re

import pytest

from tests.processes import ROOT
from tinyalex import __version__, extras


def test_a_clone_is_installed_from_its_folder():
    assert extras.install("lessons") == f'pip install -e "{ROOT}[lessons]"'
    assert extras.install() == f'pip install -e "{ROOT}"'


class Installed:
    """A package as importlib.metadata finds it."""

    version = "1.2"

    def __init__(self, origin):
        self.origin = origin

    def read_text(self, name):
        assert name == "direct_url.json"
        return self.origin


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        ('{"url": "file://FOLDER/tinyalex-1.2-1students-py3-none-any.whl"}', "FOLDER"),
        ('{"url": "file:///gone/tinyalex-1.2-1students-py3-none-any.whl"}', "."),
        ('{"url": "file:///gone/clone", "dir_info": {}}', None),
        ("[]", None),
        ("{", None),
        (None, None),
    ],
)
def test_a_wheel_is_installed_from_its_file(origin, wanted, tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "PACKAGE", tmp_path / "tinyalex")
    (tmp_path / "tinyalex-1.2-1students-py3-none-any.whl").write_bytes(b"")
    origin = origin and origin.replace("FOLDER", tmp_path.as_posix())
    monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Installed(origin))
    name = "tinyalex-1.2-py3-none-any.whl"
    if wanted:
        folder = wanted.replace("FOLDER", str(tmp_path))
        name = "tinyalex-1.2-1students-py3-none-any.whl"
    else:
        folder = "."
    assert extras.install("onnx") == f'pip install "{folder}/{name}[onnx]"'


def test_nothing_tells_anybody_to_install_from_an_index():
    wrong = re.compile(r"""pip3? install [^\n`]*?(?<![-./\w])["']?tinyalex(?![-/.\w])""")
    places = [ROOT / "README.md", *ROOT.glob("docs/*.md"), ROOT / "lessons" / "README.md"]
    for path in [*places, *ROOT.glob("tinyalex/**/*.py"), *ROOT.glob("lessons/*.py")]:
        if path.name != "extras.py":
            found = wrong.search(path.read_text(encoding="utf-8"))
            assert found is None, (path, found)


def test_the_pages_name_the_wheel_of_this_version():
    for path in (ROOT / "docs" / "teaching.md", ROOT / "lessons" / "README.md"):
        found = re.findall(
            r"tinyalex-([^-\s]+)-1students-py3-none-any\.whl", path.read_text("utf-8")
        )
        assert set(found) == {__version__}, path
