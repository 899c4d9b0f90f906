"""Compiled convolution: three algorithms; ``dispatch.py`` chooses."""
