"""Pooling, compiled: ``ways.py`` says how."""
