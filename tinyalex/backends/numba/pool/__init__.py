"""Compiled pooling; ``dispatch.py`` chooses the loops."""
