"""Machine code on the disk that is damaged, or cannot be written, stops nothing."""

from __future__ import annotations

import errno
import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

numba = pytest.importorskip("numba")

from tinyalex import notice  # noqa: E402
from tinyalex.backends.numba import compile as numba_compile  # noqa: E402

pytestmark = pytest.mark.skipif(
    numba.config.DISABLE_JIT or numba.config.ENABLE_CUDASIM, reason="the compiler is off"
)
KERNEL = """
from tinyalex.backends.numba.compile import compiled

@compiled
def add(a, b):
    return a + b
"""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was said; nothing has been so far."""
    said: list[str] = []
    monkeypatch.setattr(notice, "tell", said.append)
    monkeypatch.setattr(numba_compile._Forgiving, "told", False)
    yield said


def kernel(folder: Path, text: str = KERNEL) -> ModuleType:
    """A module with a kernel; its machine code lies in ``__pycache__`` beside it."""
    path = folder / "kernel_of_a_test.py"
    if not path.exists():
        path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # where machine code from the disk looks for it
    spec.loader.exec_module(module)
    return module


def loaded(module: ModuleType) -> int:
    return sum(module.add.stats.cache_hits.values())


@pytest.mark.parametrize("suffix", ["nbi", "nbc"])
@pytest.mark.parametrize("left", [0, 20])
def test_a_file_cut_off_is_compiled_again_and_mended(
    tmp_path: Path, told: list[str], suffix: str, left: int
) -> None:
    assert kernel(tmp_path).add(1, 2) == 3 and not told
    (path,) = tmp_path.glob(f"__pycache__/*.{suffix}")
    os.truncate(path, left)
    assert kernel(tmp_path).add(1, 2) == 3
    assert len(told) == 1 and "compiled in memory" in told[0]
    again = kernel(tmp_path)
    assert again.add(1, 2) == 3 and loaded(again) == 1 and len(told) == 1


def test_a_full_disk_is_said_once_and_stops_nothing(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from numba.core.caching import IndexDataCacheFile

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(IndexDataCacheFile, "save", full)
    module = kernel(tmp_path)
    assert module.add(1, 2) == 3 and module.add(1.5, 2.0) == 3.5
    assert len(told) == 1 and "No space left on device" in told[0]
    assert "NUMBA_CACHE_DIR" in told[0]


def test_without_any_folder_to_write_kernels_are_compiled_in_memory(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container: the package belongs to root, and so does the home folder."""
    from numba.core.caching import _CacheLocator

    def refused(*_: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(_CacheLocator, "ensure_cache_path", refused)
    first, second = kernel(tmp_path), kernel(tmp_path)
    assert first.add(1, 2) == 3 and second.add(1.5, 2.0) == 3.5
    assert len(told) == 1 and "kept" in told[0] and "NUMBA_CACHE_DIR" in told[0]


def test_without_a_home_no_folder_is_made_in_the_working_folder(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numba itself takes ``~`` for a folder's name where the user has no home."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != str(tmp_path / "package"))
    (tmp_path / "package").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert kernel(tmp_path / "package").add(1, 2) == 3
    assert len(told) == 1 and "no home folder" in told[0]
    monkeypatch.setattr(os, "access", writable)
    assert kernel(tmp_path / "package").add(1, 2) == 3  # in __pycache__, beside the package
    assert not list((tmp_path / "work").iterdir()) and len(told) == 1


def test_sound_machine_code_is_taken_from_the_disk(tmp_path: Path, told: list[str]) -> None:
    kernel(tmp_path).add(1, 2)
    again = kernel(tmp_path)
    assert again.add(1, 2) == 3 and loaded(again) == 1 and not told


INNER = """
from tinyalex.backends.numba.compile import FLOATS, NUMBER, TO_FLOATS, Inner, compiled

SCALED = Inner(FLOATS, TO_FLOATS, NUMBER)
call = SCALED.call

def times(factor):
    def scaled(x, y, at):
        y[at] = factor * x[at]

    return SCALED.address(scaled)

def refusing():
    def refused(x, y, at):
        raise ValueError("not this one")

    return SCALED.address(refused)

@compiled
def each(x, y, kernel):
    for i in range(x.size):
        call(kernel, x, y, i)
"""


def test_a_loop_is_compiled_once_for_all_kernels_that_it_is_given(
    tmp_path: Path, told: list[str]
) -> None:
    x, y = np.arange(4, dtype=np.float32), np.zeros(4, np.float32)
    x.flags.writeable = False  # it is only read
    for turn in range(2):  # compiled, and from the disk
        module = kernel(tmp_path, INNER)
        for factor in (2, 3):
            module.each(x, y, module.times(factor))
            np.testing.assert_array_equal(y, factor * x)
        assert len(module.each.signatures) == 1
        assert sum(module.each.stats.cache_hits.values()) == turn and not told
    with pytest.raises(ValueError, match="not this one"):
        module.each(x, y, module.refusing())


def test_a_kernel_that_a_loop_is_given_must_take_what_the_loop_gives(tmp_path: Path) -> None:
    module = kernel(tmp_path, INNER)
    for kind in (np.float64, np.int32):
        x = np.zeros(2, kind)
        with pytest.raises(numba.TypingError):
            module.each(x, x, 0)
