"""Planted bugs: each must be caught by the tests named with it. Run ``python -m tests.mutants``."""
