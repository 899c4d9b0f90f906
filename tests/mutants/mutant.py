"""What a planted bug is."""

from __future__ import annotations

from dataclasses import dataclass

COMPILED = (("TINYALEX_TEST_BACKENDS", "numba,numpy"),)
SIMULATED = (("NUMBA_ENABLE_CUDASIM", "1"),)
IN_PYTHON = (("NUMBA_DISABLE_JIT", "1"), ("TINYALEX_TEST_BACKENDS", "numba,numpy"))


@dataclass(frozen=True)
class Mutant:
    """One planted bug.

    Attributes
    ----------
    name : what is wrong
    file : path from the repository's root
    old, new : text that occurs exactly once in the file, and what takes its place
    tests : pytest node ids, quick ones, of which at least one must fail
    environment : names and values that the tests see besides the usual ones
    needs : packages without which the tests skip
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()

    def plant(self, text: str) -> str:
        """The file's text with the bug in it.

        Raises
        ------
        ValueError
            The code has changed, and the bug no longer fits.
        """
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: its old text is not in {self.file} exactly once")
        return text.replace(self.old, self.new)


def in_python(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    """A bug whose tests run with Numba's compiler switched off."""
    return Mutant(name, file, old, new, tests, IN_PYTHON)


def simulated(name: str, file: str, old: str, new: str, *tests: str) -> Mutant:
    """A bug of the GPU backend; its tests run in the simulator."""
    return Mutant(name, file, old, new, tests, SIMULATED)
