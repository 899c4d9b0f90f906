"""The commands of `tinyalex`, one file per topic; ``tinyalex.cli`` collects them."""
