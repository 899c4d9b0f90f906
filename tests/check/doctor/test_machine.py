"""What the doctor says of BLAS, threads, caches, disks and data."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from tinyalex.check.doctor import blas, system

POOL = {
    "user_api": "blas",
    "internal_api": "openblas",
    "version": "0.3.30",
    "num_threads": 2,
    "filepath": "/python/numpy.libs/libscipy_openblas64_.so",
    "architecture": "Haswell",
}
ZEN5 = {"avx2", "avx512f", "fma"}


@pytest.mark.parametrize("kernels", ["Haswell", "Zen"])
def test_kernels_for_avx2_on_a_cpu_with_avx512_are_warned_of(kernels):
    found = blas.judge({**POOL, "architecture": kernels}, ZEN5, {})
    assert found.state == "warning" and "half the speed (OpenBLAS does not know" in found.text
    assert "OPENBLAS_CORETYPE=SkylakeX" in found.hint and "before Python starts" in found.hint
    asked = blas.judge({**POOL, "architecture": kernels}, ZEN5, {"OPENBLAS_CORETYPE": "Haswell"})
    assert "as OPENBLAS_CORETYPE=Haswell asks" in asked.text
    assert "unset OPENBLAS_CORETYPE" in asked.hint


@pytest.mark.parametrize(
    ("pool", "flags"),
    [
        ({"architecture": "SkylakeX"}, ZEN5),
        ({"architecture": "Cooperlake"}, ZEN5),
        ({"architecture": "Haswell"}, {"avx2", "fma"}),
        ({"architecture": "Haswell"}, set()),
        ({"internal_api": "mkl", "architecture": "haswell"}, ZEN5),
    ],
)
def test_kernels_that_fit_the_cpu_are_green(pool, flags):
    found = blas.judge({**POOL, **pool}, flags, {})
    assert found.state == "ok" and "numpy.libs" in found.text


def test_kernels_without_avx_are_red():
    assert blas.judge({**POOL, "architecture": "Prescott"}, {"avx2"}, {}).state == "red"


def test_the_blas_of_this_process_is_found():
    assert all(f.topic == "BLAS" for f in blas.look_at_blas()) and blas.look_at_blas()


@pytest.mark.parametrize(
    ("asked", "state", "says"),
    [
        (None, "ok", "2 of 8 cores"),
        ("2", "ok", "OMP_NUM_THREADS=2"),
        ("1", "ok", "not all cores"),
        ("3", "warning", "more threads than cores"),
        ("many", "warning", "not a number of threads"),
        ("0", "warning", "not a number of threads"),
    ],
)
def test_threads_are_compared_with_the_cores(asked, state, says):
    found = system.look_at_threads(8, 2, asked)
    assert (found.state, says in found.text) == (state, True)


@pytest.mark.parametrize(
    ("text", "usable", "warned"),
    [("150000 100000", 4, True), ("max 100000", 4, False), ("400000 100000", 4, False)],
)
def test_a_container_with_less_time_than_cores_is_warned_of(tmp_path, text, usable, warned):
    quota = tmp_path / "cpu.max"
    quota.write_text(text)
    found = system.look_at_quota(quota, usable)
    assert bool(found) == warned
    if warned:
        assert "1.5 cores" in found[0].text and "--threads 1" in found[0].hint
    assert system.look_at_quota(tmp_path / "none", usable) == []


def test_a_cache_that_cannot_be_written_is_warned_of(tmp_path, monkeypatch):
    assert system.look_at_numba_cache(str(tmp_path)).state == "ok"
    assert list(tmp_path.iterdir()) == []
    assert system.look_at_numba_cache(None).state == "warning"

    def refuse(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    found = system.look_at_numba_cache(str(tmp_path))
    assert found.state == "warning" and "Permission denied" in found.text
    assert "NUMBA_CACHE_DIR" in found.hint
    assert system.look_at_disk("the runs' folder", tmp_path).state == "red"


def test_numba_keeps_its_kernels_somewhere():
    pytest.importorskip("numba")
    folder = system.numba_cache()
    assert folder is not None and Path(folder).parent.exists()


@pytest.mark.parametrize(("free", "state"), [(50, "ok"), (1, "warning"), (0.05, "red")])
def test_a_full_disk_is_red(monkeypatch, tmp_path, free, state):
    usage = namedtuple("usage", "total used free")(0, 0, int(free * 2**30))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    assert system.look_at_disk("here", tmp_path / "not" / "yet").state == state


def test_data_folders_are_found(tmp_path):
    assert "tinyalex data download" in system.look_at_data(tmp_path, True).text
    missing = system.look_at_data(tmp_path / "missing", True)
    assert missing.state == "warning" and "TINYALEX_DATA" in missing.hint
    assert system.look_at_data(tmp_path / "missing", False).state == "ok"
    (tmp_path / "cifar-10-binary.tar.gz").touch()
    assert str(tmp_path / "cifar-10-binary.tar.gz") in system.look_at_data(tmp_path, True).text
    assert "1,797 images" in system.look_at_digits().text


def test_the_doctor_says_which_choices_are_in_force():
    pytest.importorskip("numba")
    from tinyalex.backends.numba.choices import TABLE
    from tinyalex.backends.numba.vector import LANES

    (found,) = system.look_at_choices()
    assert found.state == "ok" and found.text.endswith(f"fastest with {TABLE[LANES].kind}")
