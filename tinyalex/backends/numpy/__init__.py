"""The reference backend, on NumPy arrays."""
