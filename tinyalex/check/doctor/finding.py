"""The doctor's results: facts about the machine, and comparisons with NumPy."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

OK, WARNING, RED = "ok", "warning", "red"


@dataclass(frozen=True)
class Finding:
    """One fact about the machine.

    Attributes
    ----------
    topic : one word: ``"BLAS"``
    text : the fact, in one line
    state : ``"ok"``, ``"warning"`` (it works, but slower or not fully) or ``"red"``
    hint : what to try; empty if nothing is wrong
    """

    topic: str
    text: str
    state: str = OK
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Check:
    """A kernel, a layer or a loader, run once on a backend and compared with NumPy in float64.

    Attributes
    ----------
    kind : ``"kernel"``, ``"layer"``, ``"loader"`` or ``"bf16"``
    shape : of the input
    difference : the largest difference divided by the largest value, over all results
    allowed : the largest difference that is not an error
    error : why it did not run, or returned the wrong shape or dtype; empty if all is well
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
        """Return a dict for JSON, which has neither NaN nor infinity."""
        finite = self.difference < float("inf")
        return asdict(self) | {
            "difference": self.difference if finite else None,
            "state": self.state,
        }


@dataclass
class Report:
    """All findings and checks of one examination."""

    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def red(self) -> list[Finding | Check]:
        """Return what is wrong."""
        findings = [finding for finding in self.findings if finding.state == RED]
        return [*findings, *(check for check in self.checks if check.state == RED)]

    @property
    def warnings(self) -> list[Finding]:
        """Return what works, but slower or not fully."""
        return [finding for finding in self.findings if finding.state == WARNING]

    def to_dict(self) -> dict[str, Any]:
        """Return a dict for JSON."""
        return {
            "state": RED if self.red else OK,
            "red": len(self.red),
            "warnings": len(self.warnings),
            "findings": [finding.to_dict() for finding in self.findings],
            "checks": [check.to_dict() for check in self.checks],
        }
