"""The commands of `tinyalex`, one file a theme; ``tinyalex.cli`` puts them together."""
