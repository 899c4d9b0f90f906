"""The doctor on the GPU backend in numba-cuda's simulator; `test_simulated` runs this file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numba import cuda
from typer.testing import CliRunner

from tests.backends.cuda_double import SimulatedBackend
from tinyalex import backends
from tinyalex.backends import (
    cuda_columns,
    cuda_elementwise,
    cuda_launch,
    cuda_norm,
    cuda_pool,
    cuda_random,
)
from tinyalex.check import doctor
from tinyalex.check.doctor import gpu
from tinyalex.check.doctor.layers import SMALL_LAYERS
from tinyalex.cli import app

pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
MODULES = (cuda_columns, cuda_elementwise, cuda_norm, cuda_pool, cuda_random)
KERNEL = type(cuda_columns.im2col)


def kernels() -> dict[int, str]:
    """Every kernel that the modules define, by identity; those of the paper's window too."""
    found = [k for module in MODULES for k in vars(module).values() if isinstance(k, KERNEL)]
    found += cuda_norm.cross_map(5, "float32")
    return {id(k): k.fn.__name__ for k in found if not k._device}


@pytest.fixture(autouse=True)
def simulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_launch, "block_limit", 32)
    monkeypatch.setattr(cuda_columns, "SUM_THREADS", 8)
    monkeypatch.setattr(cuda_elementwise, "ROW_THREADS", 16)
    backend, get = SimulatedBackend(), backends.get
    monkeypatch.setattr(
        backends, "get", lambda name="auto", *a, **k: backend if name == "cuda" else get(name, *a)
    )
    monkeypatch.setattr(gpu, "look", lambda: [])
    monkeypatch.setattr(doctor, "LAYERS", SMALL_LAYERS)


def examine() -> tuple[int, dict[str, dict[str, object]]]:
    result = CliRunner().invoke(app, ["doctor", "--backend", "cuda", "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, {c["name"]: c for c in json.loads(result.stdout)["checks"]}


def test_every_kernel_is_launched_and_all_is_green(monkeypatch: pytest.MonkeyPatch) -> None:
    launched = set()
    configure = KERNEL.__getitem__

    def watch(kernel: object, how: object) -> object:
        launched.add(id(kernel))
        return configure(kernel, how)

    monkeypatch.setattr(KERNEL, "__getitem__", watch)
    code, checks = examine()
    assert code == 0, [c for c in checks.values() if c["state"] == "red"]
    assert {c["backend"] for c in checks.values()} == {"cuda"}
    never = {name for key, name in kernels().items() if key not in launched}
    assert never == set() and len(kernels()) >= 23


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
    assert code == 1 and red == {"relu, both ways", "ReLU", "Sequential"}
