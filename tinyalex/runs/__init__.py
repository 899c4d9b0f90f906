"""A run in its folder: its settings, its checkpoint, its results, and the network in it."""
