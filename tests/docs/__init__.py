"""Tests of the documentation: its links, its site, its packaging."""
