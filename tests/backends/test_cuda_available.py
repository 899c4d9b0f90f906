"""Without a GPU, the GPU backend says why it cannot run, and costs nothing."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from tinyalex import backends
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.errors import BackendError


@pytest.fixture(autouse=True)
def ask_again() -> Iterator[None]:
    """`why_not` remembers its answer; these tests change what it would be."""
    cuda_check.why_not.cache_clear()
    yield
    cuda_check.why_not.cache_clear()


def test_looking_for_backends_does_not_import_cupy_without_a_gpu() -> None:
    lines = (
        "from tinyalex import backends; b = backends.available(); import sys; "
        "print('cuda' in b or not {'cupy', 'numba_cuda'} & set(sys.modules))"
    )
    command = [sys.executable, "-c", lines]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True"]


@pytest.mark.parametrize(
    ("package", "sentence"), [("cupy", "cupy is not installed"), ("numba_cuda", "numba-cuda")]
)
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, package: str, sentence: str
) -> None:
    monkeypatch.setattr(cuda_check, "find_spec", lambda name: None if name == package else object())
    reason, hint = cuda_check.why_not() or ("", "")
    assert sentence in reason and "[cuda12]" in hint


def with_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_check, "find_spec", lambda _: object())
    monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise OSError(f"{name}: cannot open shared object file")

    with_packages(monkeypatch)
    monkeypatch.setattr(ctypes, "CDLL", missing)
    reason, _ = cuda_check.why_not() or ("", "")
    assert reason.startswith("no NVIDIA driver")


@pytest.mark.parametrize("answer", [0, 100], ids=["no device", "an error"])
def test_a_driver_without_a_device_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, answer: int
) -> None:
    driver = SimpleNamespace(cuInit=lambda _: answer, cuDeviceGetCount=lambda _: 0)
    with_packages(monkeypatch)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: driver)
    reason, hint = cuda_check.why_not() or ("", "")
    assert "finds no GPU" in reason and "nvidia-smi" in hint


def test_a_simulator_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    with_packages(monkeypatch)
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    reason, _ = cuda_check.why_not() or ("", "")
    assert "NUMBA_ENABLE_CUDASIM" in reason


@pytest.mark.skipif("TINYALEX_TEST_BACKENDS" in os.environ, reason="the backends are chosen")
def test_the_backend_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_check, "find_spec", lambda _: None)
    with pytest.raises(BackendError, match="cupy is not installed[\\s\\S]*--backend auto"):
        backends.get("cuda")
    assert "cuda" not in backends.available()
