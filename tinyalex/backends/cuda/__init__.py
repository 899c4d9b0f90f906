"""The GPU backend: CuPy arrays and numba-cuda kernels. Start with ``backend.py``."""
