"""The fixture with machines that are not here."""

from tests.check.doctor.drivers import place  # noqa: F401
