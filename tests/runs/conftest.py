"""The small data set and the short run of tests/training."""

from tests.training.conftest import config, small  # noqa: F401
