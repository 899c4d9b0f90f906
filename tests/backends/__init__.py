"""The backends that tests run on: every one that works here, and array-api-strict."""

from tests.backends.strict import StrictBackend
from tinyalex import backends

REAL = {name: backends.get(name, threads=1) for name in backends.available()}
BACKENDS = REAL | {"strict": StrictBackend()}
