"""`--backend cuda` without a GPU: one sentence, what to do, exit code 2; `auto` still works."""

from __future__ import annotations

import pytest

from tests.check.doctor.drivers import PAIR, place  # noqa: F401
from tinyalex.extras import install

MACHINES = {
    "no CuPy": ({}, {}, "the package cupy is not installed", install("cuda12")),
    "no numba-cuda": ({}, {"cupy-cuda13x": "14"}, "numba-cuda is not installed", "pip install"),
    "old driver": ({"cuda": 11080}, PAIR, "supports CUDA 11.8 at most", "driver 525 or newer"),
    "wrong CUDA": ({"cuda": 12040}, PAIR, "built for CUDA 13", install("cuda12")),
    "no device": ({"gpus": ()}, PAIR, "finds no GPU", "CUDA_VISIBLE_DEVICES"),
    "no driver": (None, PAIR, "no NVIDIA driver", "install NVIDIA's driver"),
}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("command", ["train", "evaluate", "bench"])
def test_it_says_why_and_what_to_do(refused, place, trained, machine, command):  # noqa: F811
    driver, packages, says, try_ = MACHINES[machine]
    place.no_driver() if driver is None else place.driver(**driver)
    place.packages(packages)
    words = [command, *([trained] if command == "evaluate" else []), "--backend", "cuda"]
    said = refused(*words)
    error, hint = said.splitlines()
    assert error.startswith("error: backend 'cuda' is not available: ") and says in error
    assert hint.startswith("Try: ") and try_ in hint and "--backend auto" in hint


def test_auto_works_without_the_gpu_and_says_so(call, place):  # noqa: F811
    place.driver(cuda=12040)
    place.packages(PAIR)
    result = call("train", "--epochs", 1, "--out", "here")
    assert result.exit_code == 0, result.output
    first, second, *_ = result.stdout.splitlines()
    assert first.startswith("backend auto: no GPU is used: the NVIDIA driver supports CUDA 12.4")
    assert f"(try: {install('cuda12')}" in first
    assert second.startswith("tiny on digits, backend n")
