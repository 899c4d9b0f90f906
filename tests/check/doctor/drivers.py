"""Drivers and packages that are not there: what the GPU's findings are made from."""

from __future__ import annotations

import ctypes
import sys
from types import ModuleType, SimpleNamespace

import pytest

from tinyalex import backends
from tinyalex.backends.cuda import check as cuda_check
from tinyalex.check.doctor import gpu

H100 = ("NVIDIA H100 80GB HBM3", 80 << 30, (9, 0))


class FakeLibrary:
    """libcuda and NVML in one: what they answer is decided when it is made."""

    def __init__(self, cuda=13000, gpus=(H100,), init=0, release="580.159.04"):
        self.cuda, self.gpus, self.init, self.text = cuda, gpus, init, release

    def cuInit(self, flags):
        return self.init

    def cuDeviceGetCount(self, count):
        count._obj.value = len(self.gpus)
        return 0

    def cuDriverGetVersion(self, version):
        version._obj.value = self.cuda
        return 0

    def cuDeviceGet(self, device, number):
        device._obj.value = number

    def cuDeviceGetName(self, name, length, device):
        name.value = self.gpus[device.value][0].encode()

    def cuDeviceTotalMem_v2(self, memory, device):
        memory._obj.value = self.gpus[device.value][1]

    def cuDeviceGetAttribute(self, number, attribute, device):
        number._obj.value = self.gpus[device.value][2][{75: 0, 76: 1}[attribute]]

    def nvmlInit_v2(self):
        return 0

    def nvmlSystemGetDriverVersion(self, text, length):
        text.value = self.text.encode()
        return 0


PAIR = {"cupy-cuda13x": "14.2.0", "numba-cuda": "0.30.4", "cuda-bindings": "13.0.3"}


class Place:
    """A machine as a test wants it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.patch = monkeypatch
        monkeypatch.delenv("NUMBA_ENABLE_CUDASIM", raising=False)
        cpu = [name for name in backends.available() if name != "cuda"]  # `--backend` fixes them
        cuda_check.why_not.cache_clear()
        monkeypatch.setattr(
            backends, "available", lambda: (["cuda"] if cuda_check.why_not() is None else []) + cpu
        )

    def driver(self, **answers):
        """Install a driver; without arguments, that of an H100."""
        library = FakeLibrary(**answers)
        self._load(lambda name: library)

    def no_driver(self):
        """Have none."""

        def missing(name):
            raise OSError(f"{name}: cannot open shared object file")

        self._load(missing)

    def _load(self, load):
        real = ctypes.CDLL
        names = ("libcuda.so.1", "libnvidia-ml.so.1", "nvcuda.dll", "nvml.dll")

        def choose(name, *args, **kwargs):
            return load(name) if name in names else real(name, *args, **kwargs)

        self.patch.setattr(ctypes, "CDLL", choose)

    def packages(self, installed=None):
        """Install packages: name and version."""
        found = PAIR if installed is None else installed
        imported = {"numba"}
        imported |= {"cupy"} if any(name.startswith("cupy") for name in found) else set()
        imported |= {"numba_cuda"} if "numba-cuda" in found else set()

        def find(name):
            return object() if name in imported else None

        for module in (cuda_check, gpu):
            self.patch.setattr(module, "find_spec", find)
            self.patch.setattr(module, "package_version", lambda name: found.get(name, ""))

    def cupy(self, count=None, free=70 << 30, handle=None, pinned=b""):
        """Put a CuPy in the place of one that needs a GPU; what is given as an error is raised."""

        def answer(value):
            def give(*_):
                if isinstance(value, Exception):
                    raise value
                return value

            return give

        fake = ModuleType("cupy")
        runtime = SimpleNamespace(getDeviceCount=answer(count), memGetInfo=lambda: (free, 80 << 30))
        device = SimpleNamespace(get_cublas_handle=answer(handle))
        pin = answer(pinned)
        fake.cuda = SimpleNamespace(runtime=runtime, device=device, alloc_pinned_memory=pin)
        fake.cuda.Device = lambda number: SimpleNamespace(use=lambda: None)
        self.patch.setitem(sys.modules, "cupy", fake)
        self.patch.setattr(cuda_check, "ask_numba", lambda: None)


@pytest.fixture
def place(monkeypatch):
    """`why_not` and the notice of `auto` forget what they found on other machines."""
    for remembers in (cuda_check.why_not, backends._explain_unused_gpu):
        remembers.cache_clear()
    yield Place(monkeypatch)
    for remembers in (cuda_check.why_not, backends._explain_unused_gpu):
        remembers.cache_clear()
