"""Tests of `tinyalex.typed`."""
