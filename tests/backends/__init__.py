"""The backends that tests run on: every one that works here, or those of ``--backend``; and
array-api-strict."""

import os

from tests.backends.strict import StrictBackend
from tinyalex import backends

_chosen = [name for name in os.environ.get("TINYALEX_TEST_BACKENDS", "").split(",") if name]
REAL = {name: backends.get(name, threads=1) for name in _chosen or backends.available()}
BACKENDS = REAL | {"strict": StrictBackend()}
