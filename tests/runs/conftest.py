"""The small data set and the short run of tests/training."""

from tests.training.conftest import config, kept_runs, once, small  # noqa: F401
