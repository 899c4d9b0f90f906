"""The same on NumPy's arrays, compiled by Numba: start with ``backend.py``."""
