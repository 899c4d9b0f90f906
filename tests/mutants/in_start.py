"""Planted bugs: what a command loads before it begins, and how its errors name options."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

START_MUTANTS = (
    Mutant(
        "start: every command is built before one is called",
        "tinyalex/cli.py",
        "self.commands: Any = _WhenAskedFor()",
        "self.commands: Any = dict(_WhenAskedFor())",
        ("tests/cli/test_show.py::test_help_needs_no_slow_library_and_no_other_command",),
    ),
    Mutant(
        "start: an error names options of other commands",
        "tinyalex/cli.py",
        "dict(_option_names(command))",
        "dict(_option_names(self))",
        ("tests/cli/test_hints.py::test_an_error_names_options_of_its_own_command",),
    ),
)
