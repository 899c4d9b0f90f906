"""`tinyalex look` and `tinyalex explore`: what they print, write and refuse."""

from __future__ import annotations

import json

import pytest

from tests.data.pictures import encode, noise, write


def test_explore_writes_a_page_and_opens_it(call, trained, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = call("explore", trained, "--out", "a/page.html", "--open")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("written: ") and result.stdout.endswith("in a browser\n")
    page = tmp_path / "a" / "page.html"
    assert opened == [page.as_uri()]
    assert "function conv2d(layer, x)" in page.read_text(encoding="utf-8")
    result = call("explore", trained, "--out", "b.html", "--json", "--no-photographs")
    size = (tmp_path / "b.html").stat().st_size
    assert json.loads(result.stdout) == {"file": "b.html", "bytes": size}
    assert len(opened) == 1


def test_look_writes_a_page_and_prints_the_answers(call, trained, tmp_path):
    write(tmp_path / "x.png", encode(noise((16, 16))))
    result = call("look", trained, "x.png", "--out", "x.html", "--backend", "numpy", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["file"] == "x.html" and len(told["classes"]) == 5 and told["layer"] == "features.13"
    assert 0 < told["classes"][0]["probability"] <= 1
    assert "Grad-CAM" in (tmp_path / "x.html").read_text(encoding="utf-8")
    quiet = call("look", trained, "x.png", "--out", "y.html", "--backend", "numpy", "--quiet")
    assert quiet.stdout == "y.html\n"


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("explore", "gone"), "gone"),
        (("look", "RUN", "gone.png"), "gone.png: no such file"),
        (("look", "RUN", "x.png", "--class", "tree"), "unknown class 'tree'"),
        (("look", "RUN", "x.png", "--layer", "classifier.0"), "has no feature maps"),
        (("explore", "RUN", "--max-mb", "0.1"), "Try: --max-mb 10"),
        (("explore", "RUN", "--max-mb", "-1"), "--max-mb must be above 0 (got -1.0)"),
    ],
)
def test_what_is_wrong_is_said(refused, trained, tmp_path, words, error):
    write(tmp_path / "x.png", encode(noise((16, 16))))
    said = refused(*[trained if word == "RUN" else word for word in words])
    assert error in said
    assert not list(tmp_path.glob("*.html"))
