"""The doctor on the GPU backend in numba-cuda's simulator; `test_simulated` runs this file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numba import cuda
from typer.testing import CliRunner

from tests.backends import cuda_double

cuda_double.install()

from tests.backends import cuda_kernels, cuda_launches  # noqa: E402
from tests.backends.cuda_streams import judge  # noqa: E402
from tinyalex.backends.cuda import elementwise as cuda_elementwise  # noqa: E402
from tinyalex.check import doctor  # noqa: E402
from tinyalex.check.doctor import gpu  # noqa: E402
from tinyalex.check.doctor.layers import SMALL_LAYERS  # noqa: E402
from tinyalex.cli import app  # noqa: E402


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "look", lambda: [])
    monkeypatch.setattr(doctor, "LAYERS", SMALL_LAYERS)


def examine() -> tuple[int, dict[str, dict[str, object]]]:
    result = CliRunner().invoke(app, ["doctor", "--backend", "cuda", "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    checks = json.loads(result.stdout)["checks"]
    return result.exit_code, {
        c["name"] if c["kind"] != "bf16" else f"bf16 {c['name']}": c for c in checks
    }


def test_every_kernel_is_launched_and_all_is_green() -> None:
    cuda_launches.seen.clear()
    cuda_launches.seen_mixed.clear()
    judge.reset()
    code, checks = examine()
    assert judge.wrong == [] and judge.counts["copies from pinned memory"] == 2 * 8
    assert code == 0, [c for c in checks.values() if c["state"] == "red"]
    assert {c["backend"] for c in checks.values()} == {"cuda"}
    assert set(cuda_launches.seen) == set(cuda_kernels.KERNELS) - cuda_kernels.ONLY_MIXED
    assert set(cuda_launches.seen_mixed) == set(cuda_kernels.MIXED)


def test_a_wrong_kernel_is_red(monkeypatch: pytest.MonkeyPatch) -> None:
    @cuda.jit
    def leaky(x, y, size):
        i = cuda.blockIdx.x * cuda.blockDim.x * 4 + cuda.threadIdx.x
        for _ in range(4):
            if i < size:
                y[i] = x[i] if x[i] > 0 else x[i] * np.float32(0.01)
            i += cuda.blockDim.x

    monkeypatch.setattr(cuda_elementwise, "relu", leaky)
    for name in ("KERNELS", "LAYERS"):
        few = [c for c in getattr(doctor, name) if c.name.startswith(("relu", "ReLU", "Sequen"))]
        monkeypatch.setattr(doctor, name, [*few, *getattr(doctor, name)[:1]])
    code, checks = examine()
    red = {name for name, c in checks.items() if c["state"] == "red"}
    assert code == 1 and red == {"relu, both ways", "ReLU", "Sequential", "bf16 relu, both ways"}
