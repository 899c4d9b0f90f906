"""A run's folder: its settings, checkpoint, metrics, summary, and the network in it."""
