"""Unusual types and classes in an answer: only the values of the result count."""

from __future__ import annotations

import numpy as np
import pytest

from tinyalex.learn.grader import values
from tinyalex.learn.grader.verdict import Outcome

HEAD = "import numpy as np\ndef add_bias(x, b, scale=1.0):\n"
CLASSES = {
    "dataclass": "from dataclasses import dataclass, field\n"
    "@dataclass(frozen=True)\nclass Of:\n    x: float\n    y: list = field(default_factory=list)\n",
    "slots and order": "import dataclasses\n"
    "@dataclasses.dataclass(slots=True, order=True)\nclass Of:\n    x: 'float'\n",
    "future": "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    "from typing import ClassVar\n@dataclass\nclass Of:\n    x: float\n    n: ClassVar[int] = 0\n",
    "NamedTuple": "from typing import NamedTuple\nclass Of(NamedTuple):\n    x: float\n",
    "namedtuple": "from collections import namedtuple\nOf = namedtuple('Of', 'x')\n",
    "Enum": "from enum import Enum\nclass Kind(str, Enum):\n    A = 'a'\n"
    "class Of:\n    def __init__(self, x):\n        self.x, self.kind = x, Kind('a')\n",
    "types of hints": "import typing\nclass Of:\n    x: 'Of'\n"
    "    def __init__(self, x):\n        typing.get_type_hints(Of)\n        self.x = x\n",
    "itself": "import sys\nclass Of:\n    def __init__(self, x):\n        self.x = x\n"
    "getattr(sys, 'mod' + 'ules')[__name__].Of\n",
}


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_that_look_up_their_module_work(judge, kind):
    body = "def add_bias(x, b, scale=1.0):\n    return Of(x).x + scale * b\n"
    verdict = judge(CLASSES[kind] + body)
    assert verdict.passed, verdict


def test_annotations_are_not_text(judge):
    """The grader's own ``from __future__ import annotations`` must not reach the answer."""
    body = "def f(a: int): pass\nassert f.__annotations__['a'] is int\n"
    assert judge(body + HEAD + "    return x + scale * b\n").passed


RIGHT = "y = x + scale * b\n    return "
TYPES = {
    "long doubles": f"{RIGHT}np.asarray(y, dtype=np.longdouble)",
    "long doubles out of order": f"{RIGHT}np.asfortranarray(y.astype(np.longdouble))",
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_wider_type_with_right_values_passes(judge, kind):
    """Also if a call is repeated: what the unused bytes hold changes from call to call."""
    verdict = judge(f"{HEAD}    {TYPES[kind]}\n")
    assert verdict.passed, verdict


def test_a_wider_type_with_wrong_values_does_not_pass(judge):
    verdict = judge(f"{HEAD}    return (x - scale * b).astype(np.longdouble)\n")
    assert verdict.outcome is Outcome.BROKEN and verdict.broken == "definition"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("(x + scale * b).astype(object)", "an array of object"),
        ("(x + scale * b).tolist()", "a list"),
        ("(x + scale * b).astype(complex)", "complex128"),
        ("(x + scale * b).astype(np.clongdouble)", "complex128"),
        ("np.zeros(x.shape, dtype=[('a', 'i1'), ('b', object)])", "an array of [('a', 'i1')"),
    ],
)
def test_another_type_is_named(judge, code, says):
    verdict = judge(f"{HEAD}    return {code}\n")
    assert verdict.outcome in (Outcome.RETURN, Outcome.BROKEN)
    assert says in f"{verdict.what} {' '.join(verdict.compare)}", verdict


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.zeros(2), np.array([0, 1e-300])),
        (np.zeros(2), np.zeros(2, np.float32)),
        (np.zeros((1, 2)), np.zeros(2)),
        (np.array([np.nan]), np.array([1.0])),
        (np.array([np.inf]), np.array([-np.inf])),
        ((np.zeros(1), 1), (np.zeros(1), 2)),
        (np.zeros(1), 0.0),
    ],
)
def test_values_that_differ_are_not_the_same(a, b):
    assert not values.same(a, b) and values.same(a, a) and values.same(b, b)
