"""Compiled pooling; ``ways.py`` chooses the loops."""
