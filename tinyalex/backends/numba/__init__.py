"""The fast CPU backend: NumPy arrays and compiled loops. Start with ``backend.py``."""
