"""One clear message for what is wrong with a student's function."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tests.learn.own import written
from tinyalex import backends, layers
from tinyalex.learn.own.answers import OwnError

X = np.ones((2, 3), np.float32)


def relu_of(folder, body, name="relu"):
    text = f"import numpy as np\n\n\ndef {name}(x):\n    {body}\n"
    return written(folder, _06_relu=text).backend(backends.get("numpy", threads=1)).relu


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return x[5, 0]", r"raises IndexError: index 5 is out of bounds.*\n  line 5: return x\[5"),
        ("raise ValueError", r"your relu raises ValueError\n  line 5: raise ValueError\n"),
        ("return x[:1]", r"returns an array \(1, 3\), not \(2, 3\)\n  line 4: def relu\(x\):\n"),
        ("return None", "returns NoneType, not an array of numbers"),
        ("return x.astype(complex)", "returns complex128, not an array of numbers"),
        ("return x / (x - 1)", "returns NaN or infinity, in 6 of 6 numbers, from arguments that"),
        ("return x * np.where(x == 1, [1, 1, np.nan], 0)", "in 2 of 6 numbers"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_message_names_file_line_and_arguments(tmp_path, body, says):
    with pytest.raises(OwnError) as caught:
        relu_of(tmp_path, body)(X)
    text = str(caught.value)
    assert re.search(says, text), text
    assert text.startswith(f"{tmp_path / '06_relu.py'}: your relu ")
    assert "\n  called with x float64 (2, 3)\n" in text
    assert f"Try: tinyalex exercise check {tmp_path / '06_relu.py'}; or --without 06_relu" in text


def test_a_nan_that_came_in_is_not_the_functions_fault(tmp_path):
    broken = X * np.nan
    assert np.isnan(relu_of(tmp_path, "return np.maximum(x, 0)")(broken)).all()


def test_it_gets_float64_and_gives_back_the_dtype_of_its_input(tmp_path):
    relu = relu_of(tmp_path, "assert x.dtype == np.float64; return np.maximum(x, 0)")
    assert relu(X).dtype == np.float32 and relu(X.astype(np.float64)).dtype == np.float64


def test_the_line_is_the_innermost_of_the_own_file(tmp_path):
    text = (
        "import json\n\ndef relu(x):\n    return helper()\n\ndef helper():\n    json.loads('{')\n"
    )
    own = written(tmp_path, _06_relu=text).backend(backends.get("numpy"))
    with pytest.raises(OwnError, match=r"raises JSONDecodeError.*\n  line 7: json.loads"):
        own.relu(X)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ("[dy, x, w]", "must return a tuple of 3"),
        ("dy, x", "must return a tuple of 3"),
        ("x, w, b, b", "must return a tuple of 3"),
        ("x, w.T, b", r"returns an array \(2, 1\) as result 2, not \(1, 2\)"),
        ("x, w, b * np.inf", "returns NaN or infinity as result 3, in 1 of 1 numbers"),
    ],
)
def test_several_results(tmp_path, result, says):
    text = "import numpy as np\ndef linear(x, w, b):\n    return x @ w.T + b\n"
    text += f"def linear_backward(dy, x, w):\n    b = np.ones(1)\n    return {result}\n"
    own = written(tmp_path, _05_linear=text).backend(backends.get("numpy", threads=1))
    layer = layers.Linear(2, 1).to(own)
    with pytest.raises(OwnError, match=says) as caught:
        layer.backward(layer.forward(np.ones((3, 2), np.float32)))
    assert "called with dy float64 (3, 1), x float64 (3, 2), w float64 (1, 2)" in str(caught.value)


def test_a_file_that_cannot_be_loaded_or_lacks_the_function(tmp_path):
    with pytest.raises(OwnError, match=r"06_relu.py: cannot be loaded: ZeroDivisionError"):
        written(tmp_path, _06_relu="1 / 0").backend(backends.get("numpy")).relu(X)
    with pytest.raises(OwnError, match="06_relu.py: does not define relu"):
        relu_of(tmp_path, "return x", name="my_relu")(X)
