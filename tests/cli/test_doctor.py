"""`tinyalex doctor`: what it prints, and its exit code."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.check.doctor.drivers import place  # noqa: F401
from tinyalex.backends.numpy.backend import NumpyBackend
from tinyalex.extras import install


def test_a_healthy_machine_ends_with_0(call):
    result = call("doctor", "--backend", "numpy")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    for topic in ("Python", "packages", "CPU", "threads", "cache", "disk", "data", "BLAS"):
        assert any(line.split()[1:2] == [topic] for line in lines), topic
    rows = [line for line in lines if line.startswith("ok layer") or line.startswith("ok kernel")]
    assert len(rows) >= 30 and max(map(len, rows)) <= 80
    assert "all green: " in lines[-1]


def test_a_wrong_backend_ends_with_1_and_is_named(call, monkeypatch):
    right = NumpyBackend.avg_pool2d

    def wrong(self, x, *how):
        return right(self, x, *how) * (2 if x.dtype == np.float32 else 1)

    monkeypatch.setattr(NumpyBackend, "avg_pool2d", wrong)
    result = call("doctor", "--backend", "numpy", "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    wrong_ones = [check["name"] for check in document["checks"] if check["state"] == "red"]
    assert document["state"] == "red" and wrong_ones == ["avg_pool2d, both ways", "AvgPool2d"]
    assert "2 red" in result.stderr and "avg_pool2d" in result.stderr.splitlines()[-1]


def test_json_holds_findings_and_checks(call):
    result = call("doctor", "--backend", "numpy", "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0 and document["state"] == "ok" and document["red"] == 0
    assert {"topic", "text", "state", "hint"} == set(document["findings"][0])
    (relu,) = [c for c in document["checks"] if c["name"] == "ReLU"]
    assert relu["backend"] == "numpy" and relu["state"] == "ok" and relu["difference"] == 0
    assert "all green" in result.stderr


def test_a_gpu_that_cannot_be_used_is_one_sentence_and_1(call, place):  # noqa: F811
    place.driver(cuda=13000)
    place.packages({})
    result = call("doctor", "--backend", "cuda", "--quiet")
    assert result.exit_code == 1
    (sentence,) = result.stdout.splitlines()
    assert "the first: the package cupy is not installed. Try: pip install" in sentence
    assert install("cuda13") in sentence
    loud = call("doctor", "--backend", "cuda").stdout
    assert "Traceback" not in loud and "no checks" in loud


@pytest.mark.parametrize("words", [["--backend", "cupy"], ["--backend", "auto"]])
def test_an_unknown_backend_ends_with_2(refused, words):
    assert "unknown --backend" in refused("doctor", *words)
