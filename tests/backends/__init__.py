"""The backends that tests run on: every one that works here, or those of ``--backend``; and
array-api-strict.

With ``TINYALEX_TEST_BACKENDS=cuda NUMBA_ENABLE_CUDASIM=1`` that is the GPU backend on a double of
CuPy, its kernels simulated; see `cuda_double`."""

import os

from tests.backends.strict import StrictBackend
from tinyalex import backends

_chosen = [name for name in os.environ.get("TINYALEX_TEST_BACKENDS", "").split(",") if name]
if "cuda" in _chosen and os.environ.get("NUMBA_ENABLE_CUDASIM") == "1":
    from tests.backends import cuda_double

    cuda_double.install()
REAL = {name: backends.get(name, threads=1) for name in _chosen or backends.available()}
# The textbook alone, on the arrays of a backend (Numba's are NumPy's).
PLAIN = {f"{name}-plain": b.plain() for name, b in REAL.items() if name != "numba"}
BACKENDS = REAL | PLAIN | {"strict": StrictBackend()}
