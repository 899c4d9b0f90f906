"""Missing, old and mismatched drivers and packages: each has one sentence and a cure."""

from __future__ import annotations

import inspect

import pytest

from tests.check.doctor.drivers import H100, PAIR
from tinyalex import backends, data, notice
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.check.doctor import gpu
from tinyalex.errors import BackendError

TWELVE = {"cupy-cuda12x": "14.2.0", "numba-cuda": "0.30.4", "cuda-bindings": "12.9.4"}


def red(findings):
    return [(f.topic, f.text, f.hint) for f in findings if f.state == "red"]


def warned(findings):
    return [(f.topic, f.text, f.hint) for f in findings if f.state == "warning"]


def test_a_machine_with_everything_is_green(place):
    place.driver()
    place.packages()
    place.cupy(count=1)
    findings = gpu.look()
    assert {f.state for f in findings} == {"ok"}
    text = "\n".join(f"{f.topic} {f.text}" for f in findings)
    assert "580.159.04, for CUDA 13.0" in text
    assert "H100 80GB HBM3, 80 GiB, compute capability 9.0" in text
    assert "CuPy cupy-cuda13x 14.2.0" in text and "70.0 of 80.0 GiB free" in text
    assert "pinned 96 MiB of the host's memory pinned, 4 batches of 128 images" in text
    assert cuda_check.why_not() is None


@pytest.mark.parametrize(
    ("driver", "installed", "says", "try_"),
    [
        ({}, {}, "cupy is not installed", "[cuda13]"),
        ({"cuda": 12040}, {}, "cupy is not installed", "[cuda12]"),
        ({}, {"cupy-cuda13x": "14.2.0"}, "numba-cuda is not installed", "[cuda13]"),
        ({"cuda": 11040}, PAIR, "supports CUDA 11.4 at most, but 12.0 is needed", "525 or newer"),
        (
            {"cuda": 12080},
            PAIR,
            "12.8 at most, but the installed CuPy is built for CUDA 13",
            "[cuda12]",
        ),
        (
            {"cuda": 12080},
            {**TWELVE, "cuda-bindings": "13.0"},
            "but the installed numba-cuda",
            "580",
        ),
        ({"gpus": ()}, PAIR, "finds no GPU", "CUDA_VISIBLE_DEVICES"),
        ({"init": 100}, PAIR, "finds no GPU", "nvidia-smi"),
        ({"init": 999}, PAIR, "finds no GPU (error 999)", "nvidia-smi"),
        ({"init": 803}, PAIR, "different versions", "restart"),
        ({"init": 34}, PAIR, "stub", "LD_LIBRARY_PATH"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_one_sentence(place, driver, installed, says, try_):
    """The doctor and the backend say the same."""
    place.driver(**driver)
    place.packages(installed)
    found = red(gpu.look())
    assert any(says in text and try_ in hint for _, text, hint in found), found
    reason, hint = cuda_check.why_not()
    assert says in reason and "\n" not in reason + hint
    with pytest.raises(BackendError, match="not available") as refused:
        backends.get("cuda")
    assert says in refused.value.message and refused.value.exit_code == 2


def test_an_older_cuda_runs_on_a_newer_driver(place):
    place.driver(cuda=13000)
    place.packages(TWELVE)
    place.cupy(count=1)
    assert red(gpu.look()) == [] and cuda_check.why_not() is None


def test_no_driver_is_red_whatever_is_installed(place):
    place.no_driver()
    place.packages({})
    topics = [topic for topic, _, _ in red(gpu.look())]
    assert topics == ["driver", "CuPy", "numba-cuda"]


def test_two_wheels_of_cupy_are_red(place):
    place.driver()
    place.packages({**PAIR, "cupy-cuda12x": "14.2.0"})
    assert any("installed twice" in text for _, text, _ in red(gpu.look()))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (RuntimeError("cudaErrorInsufficientDriver: too old\nmore"), "(cudaErrorInsufficientD"),
        (MemoryError("out of memory"), "the GPU's memory is full (out of memory)"),
        (ImportError("libcublas.so.13: no such file"), "CuPy does not start (libcublas"),
    ],
)
def test_a_cupy_that_does_not_work_says_why(place, error, says):
    place.driver()
    place.packages()
    place.cupy(handle=error)
    ((topic, text, hint),) = red(gpu.look())
    assert topic == "CuPy" and says in text and hint
    assert cuda_check.why_not() == (text, hint)


def test_another_pair_than_the_tested_one_is_a_warning(place):
    place.driver()
    place.packages({**PAIR, "numba-cuda": "0.1.0"})
    place.cupy(count=1)
    ((topic, text, _),) = warned(gpu.look())
    assert topic == "numba-cuda" and f"tested version is {gpu.pinned_version('numba-cuda')}" in text


def test_an_old_or_a_full_gpu_is_a_warning(place):
    place.driver(gpus=[H100, ("Tesla P100", 16 << 30, (6, 0))])
    place.packages()
    place.cupy(count=2, free=1 << 30)
    (_, old, _), (_, full, hint) = warned(gpu.look())
    assert "compute capability 6.0, older than 7.5" in old
    assert "1.0 of 80.0 GiB free" in full and "--batch-size" in hint


def test_the_simulator_is_red(place, monkeypatch):
    place.driver()
    place.packages()
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    assert any("simulator" in text for _, text, _ in red(gpu.look()))


def test_auto_says_once_why_a_gpu_is_not_used(place, monkeypatch):
    heard = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    place.driver()
    place.packages({})
    assert backends.get("auto").name != "cuda"
    backends.get("auto")
    (text,) = heard
    assert "no GPU is used: the package cupy is not installed" in text and "pip install" in text


def test_auto_says_nothing_where_nobody_expects_a_gpu(place, monkeypatch):
    heard = []
    monkeypatch.setattr(notice, "_listeners", [heard.append])
    place.no_driver()
    place.packages({})
    backends.get("auto")
    assert heard == []


def test_memory_that_cannot_be_pinned_is_red(place):
    place.driver()
    place.packages()
    place.cupy(count=1, pinned=RuntimeError("cudaErrorMemoryAllocation: out of memory\nmore"))
    ((topic, text, hint),) = red(gpu.look())
    assert topic == "pinned" and "ulimit" in hint
    assert text.endswith("refused (cudaErrorMemoryAllocation: out of memory)")


def test_pinned_buffers_are_taken_all_at_once_as_the_loader_takes_them():
    taken = []

    def take(nbytes):
        taken.append(nbytes)
        return bytearray(0)

    assert gpu.look_at_pinned(take).state == "ok"
    assert taken == [128 * 256 * 256 * 3] * 4
    loader = inspect.signature(data.Loader).parameters["prefetch"]
    assert loader.default == gpu.AHEAD  # what the loader lets wait
