"""OpenBLAS is told about processors that it does not know, and left alone otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyalex import processor

FLAGS = "fpu sse avx2 avx512f avx512dq avx512cd avx512bw avx512vl avx512_bf16"
ZEN_5 = f"""processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 26
model name\t: AMD EPYC
flags\t\t: {FLAGS}

processor\t: 1
vendor_id\t: AuthenticAMD
cpu family\t: 26
flags\t\t: {FLAGS}
"""


def test_zen_5_gets_kernels_for_its_long_vectors() -> None:
    assert processor.openblas_core(ZEN_5) == "SkylakeX"


@pytest.mark.parametrize(
    "old, new",
    [
        ("AuthenticAMD", "GenuineIntel"),
        ("cpu family\t: 26", "cpu family\t: 25"),
        ("cpu family\t: 26", "cpu family\t: ?"),
        (" avx512vl", ""),  # switched off, as in some virtual machines
        ("flags", "features"),
    ],
)
def test_every_other_processor_is_left_to_openblas(old: str, new: str) -> None:
    assert processor.openblas_core(ZEN_5.replace(old, new)) is None
    assert processor.openblas_core("") is None


@pytest.fixture
def a_zen_5(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(processor.VARIABLE, raising=False)
    monkeypatch.setattr(Path, "read_text", lambda self: ZEN_5)


@pytest.mark.usefixtures("a_zen_5")
def test_the_variable_is_set_before_numpy_comes() -> None:
    processor.tell_openblas(modules={})
    assert os.environ[processor.VARIABLE] == "SkylakeX"
    del os.environ[processor.VARIABLE]
    processor.tell_openblas(modules={"numpy": object()})
    assert processor.VARIABLE not in os.environ


@pytest.mark.usefixtures("a_zen_5")
def test_what_the_user_chose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(processor.VARIABLE, "Haswell")
    processor.tell_openblas(modules={})
    assert os.environ[processor.VARIABLE] == "Haswell"


def test_another_system_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(self: Path) -> str:
        raise FileNotFoundError(self)

    monkeypatch.delenv(processor.VARIABLE, raising=False)
    monkeypatch.setattr(Path, "read_text", missing)
    processor.tell_openblas(modules={})
    assert processor.VARIABLE not in os.environ
