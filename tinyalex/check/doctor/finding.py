"""What the doctor found: facts about the machine, and comparisons with NumPy's definition."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OK, WARNING, RED = "ok", "warning", "red"


@dataclass(frozen=True)
class Finding:
    """One fact about the machine.

    Attributes
    ----------
    topic : str
        One word: ``"BLAS"``.
    text : str
        What was found.
    state : ``"ok"``, ``"warning"`` (it works, but slower or not fully) or ``"red"``
    hint : str
        What to try; empty where nothing is wrong.
    """

    topic: str
    text: str
    state: str = OK
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {"topic": self.topic, "text": self.text, "state": self.state, "hint": self.hint}


@dataclass(frozen=True)
class Check:
    """A kernel, a layer or a loader, run once on a backend and compared with NumPy in float64.

    Attributes
    ----------
    backend, kind, name : str
        ``kind`` is ``"kernel"``, ``"layer"`` or ``"loader"``.
    shape : str
        Of the input.
    difference : float
        The largest one, divided by the largest value, over all results.
    allowed : float
    error : str
        Why it did not run, or gave something else than an array of that shape and dtype.
    """

    backend: str
    kind: str
    name: str
    shape: str
    difference: float
    allowed: float
    error: str = ""

    @property
    def state(self) -> str:
        """``"ok"`` or ``"red"``; a difference that is not a number is red."""
        return OK if not self.error and self.difference <= self.allowed else RED

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it, which knows neither NaN nor infinity."""
        finite = self.difference < float("inf")
        return {
            "backend": self.backend,
            "kind": self.kind,
            "name": self.name,
            "shape": self.shape,
            "difference": self.difference if finite else None,
            "allowed": self.allowed,
            "state": self.state,
            "error": self.error,
        }


@dataclass
class Report:
    """All findings and checks of one examination."""

    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def red(self) -> list[Finding | Check]:
        """What is wrong."""
        wrong: list[Finding | Check] = [each for each in self.findings if each.state == RED]
        return wrong + [each for each in self.checks if each.state == RED]

    @property
    def warnings(self) -> list[Finding]:
        """What works, but not as well as it could."""
        return [each for each in self.findings if each.state == WARNING]

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return {
            "state": RED if self.red else OK,
            "red": len(self.red),
            "warnings": len(self.warnings),
            "findings": [finding.to_dict() for finding in self.findings],
            "checks": [check.to_dict() for check in self.checks],
        }
