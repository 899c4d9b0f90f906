"""Arrays of NumPy, and the kernels in NumPy: the definition of every operation."""
