"""Arrays on a GPU, and kernels for it: start with ``backend.py``."""
