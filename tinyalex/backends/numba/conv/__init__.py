"""Compiled convolution: three algorithms; ``ways.py`` chooses."""
