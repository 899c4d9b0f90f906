"""Precision and workspace: what each backend takes, refuses and remembers."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tinyalex import backends
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.errors import BackendError, ConfigError, DeviceMemoryError

pytest.importorskip("numba")


class OutOfMemoryError(MemoryError):
    """As CuPy's."""


class FakeCupy(ModuleType):
    """NumPy that says what CuPy would, on a GPU of this compute capability."""

    def __init__(self, capability="90"):
        super().__init__("cupy")
        self.ndarray, self.empty, self.asarray = np.ndarray, np.empty, np.asarray
        device = SimpleNamespace(compute_capability=capability, use=lambda: None)
        memory = SimpleNamespace(OutOfMemoryError=OutOfMemoryError)
        self.cuda = SimpleNamespace(Device=lambda *number: device, memory=memory)
        self.types = []
        linalg = ModuleType("cupy._core._routines_linalg")
        linalg.COMPUTE_TYPE_TF32, linalg.COMPUTE_TYPE_DEFAULT = "tf32", "default"
        linalg.set_compute_type = lambda dtype, kind: self.types.append(kind)
        self.linalg = linalg

    def get_default_memory_pool(self):
        return SimpleNamespace(total_bytes=lambda: 7 << 20)


@pytest.fixture
def cupy(monkeypatch):
    """A GPU for `backends.get`: the real backend on the false CuPy, its kernels never called."""
    from tinyalex.backends.cuda import products as cuda_gemm

    fake = FakeCupy()
    core = ModuleType("cupy._core")
    core._routines_linalg = fake.linalg
    modules = {"cupy": fake, "cupy._core": core, "cupy._core._routines_linalg": fake.linalg}
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    # A copy of the module, since the real one may be in use; it needs numba-cuda or a simulator.
    generator = SimpleNamespace(DeviceGenerator=None)
    monkeypatch.setitem(sys.modules, "tinyalex.backends.cuda.generator", generator)
    path = Path(backends.__file__).with_name("cuda") / "arrays.py"
    spec = importlib.util.spec_from_file_location("tests.cuda_arrays", path)
    cuda_arrays = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cuda_arrays)

    class Arrays(cuda_arrays.CudaArrays):
        """The part of the GPU backend that needs no kernel."""

    Arrays.__abstractmethods__ = frozenset()
    module = SimpleNamespace(CudaBackend=Arrays)
    monkeypatch.setitem(sys.modules, "tinyalex.backends.cuda.backend", module)
    monkeypatch.setattr(cuda_check, "why_not", lambda: None)
    monkeypatch.setattr(backends, "available", lambda: ["cuda", "numpy"])
    monkeypatch.setattr(cuda_gemm, "_cupy_uses_tf32", False)
    backends._make.cache_clear()
    yield fake
    backends._make.cache_clear()


@pytest.mark.parametrize("name", ["numpy", "numba"])
def test_a_cpu_refuses_tf32_and_a_workspace(name):
    with pytest.raises(ConfigError, match="tf32 is for a GPU") as refused:
        backends.get(name, precision="tf32")
    assert "--backend cuda" in refused.value.hint and refused.value.exit_code == 2
    with pytest.raises(ConfigError, match="--workspace-mb is for --backend cuda"):
        backends.get(name, workspace_mb=64)
    assert backends.get(name, precision="float32").precision == "float32"


def test_auto_overlooks_a_workspace_without_a_gpu_but_not_tf32():
    if "cuda" in backends.available():
        pytest.skip("auto is the GPU here")
    assert backends.get("auto", workspace_mb=64).workspace_mb is None
    with pytest.raises(ConfigError, match="tf32 is for a GPU"):
        backends.get("auto", precision="tf32")


def test_an_unknown_precision_is_refused_everywhere(cupy):
    for name in ("numpy", "cuda"):
        with pytest.raises(ConfigError, match="unknown --precision 'tf23'") as refused:
            backends.get(name, precision="tf23")
        assert "'tf32'" in refused.value.hint


def test_the_gpu_takes_both_and_cupys_own_products_follow(cupy):
    plain, fast = backends.get("cuda"), backends.get("cuda", precision="tf32", workspace_mb=64)
    assert (plain.precision, plain.workspace_mb) == ("float32", 512)
    assert (fast.precision, fast.workspace_mb, fast.workspace) == ("tf32", 64, 64 << 20)
    assert cupy.types == ["tf32"]
    assert backends.get("cuda", precision="float32").precision == "float32"
    assert backends.get("cuda", precision="tf32", workspace_mb=64) is fast
    assert cupy.types == ["tf32", "default", "tf32"]  # also where the backend was made before
    assert fast.memory_held() == 7 << 20


def test_a_workspace_cuts_the_batch(cupy):
    small = backends.get("cuda", workspace_mb=1)
    assert [s.stop - s.start for s in small.slices(5, 400_000)] == [2, 2, 1]
    with pytest.raises(ConfigError, match="--workspace-mb must be at least 1"):
        backends.get("cuda", workspace_mb=0)


def test_tf32_needs_an_ampere_gpu(cupy):
    cupy.cuda.Device().compute_capability = "75"
    with pytest.raises(ConfigError, match="compute capability 8.0 or more \\(this one has 7.5"):
        backends.get("cuda", precision="tf32")


def test_bf16_is_a_backend_of_its_own(cupy):
    pytest.importorskip("ml_dtypes")
    mixed = backends.get("cuda", precision="bf16", workspace_mb=64)
    assert (mixed.precision, mixed.float32.precision) == ("bf16", "float32")
    assert mixed.float32 is backends.get("cuda", workspace_mb=64) and cupy.types == []
    assert backends.get("cuda", precision="bf16", workspace_mb=64) is mixed


def test_bf16_needs_an_ampere_gpu(cupy):
    pytest.importorskip("ml_dtypes")
    cupy.cuda.Device().compute_capability = "75"
    with pytest.raises(
        ConfigError, match="bf16 needs .* 8.0 or more \\(this one has 7.5"
    ) as refused:
        backends.get("cuda", precision="bf16")
    assert refused.value.hint == "--precision float32"


def test_a_full_gpu_is_a_backend_error_and_a_memory_error(cupy):
    def full(*_):
        raise OutOfMemoryError("Out of memory allocating 4,000 bytes")

    cupy.empty = full
    backend = backends.get("cuda")
    with pytest.raises(BackendError, match="memory is full") as refused:
        backend.empty((1000,), np.float32)
    assert isinstance(refused.value, MemoryError) and isinstance(refused.value, DeviceMemoryError)
    assert "--batch-size" in refused.value.hint and "--workspace-mb" in refused.value.hint
