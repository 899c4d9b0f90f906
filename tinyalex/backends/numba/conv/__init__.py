"""Convolution, compiled, in three ways: ``ways.py`` says which."""
