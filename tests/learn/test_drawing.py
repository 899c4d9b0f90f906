"""The lessons' pictures: what is drawn, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tinyalex import learn
from tinyalex.errors import ConfigError
from tinyalex.learn import drawing


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are shown, by name."""
    figures = {}
    monkeypatch.setattr(drawing, "show", lambda figure, name: figures.update({name: figure}))
    return figures


def limits_of(figure):
    return [image.get_clim() for axis in figure.axes for image in axis.images]


ROWS = {"a": [np.zeros((4, 4)), np.full((4, 4), 2.0)], "b": [np.eye(4), 5 * np.eye(4)]}


@pytest.mark.parametrize(
    ("scale", "wanted"),
    [
        ("each", [(0, 1), (2, 3), (0, 1), (0, 5)]),
        ("row", [(0, 2), (0, 2), (0, 5), (0, 5)]),
        ("all", [(0, 5)] * 4),
        ((0, 9), [(0, 9)] * 4),
    ],
)
def test_images_share_a_scale_if_asked(drawn, scale, wanted):
    learn.draw_images("x", ROWS, scale=scale)
    assert limits_of(drawn["x"]) == wanted


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3), (3, 4, 5), (1, 4, 5), (4, 5, 1)])
def test_images_of_all_layouts_are_drawn_alike(drawn, shape):
    learn.draw_images("x", {"a": [np.zeros(shape)]})
    [axis] = drawn["x"].axes
    assert axis.images[0].get_array().shape[:2] == (4, 5)


@pytest.mark.parametrize("shape", [(4,), (4, 5, 2), (2, 4, 5), (1, 2, 3, 4)])
def test_another_shape_is_refused(drawn, shape):
    with pytest.raises(ConfigError, match="an image must be"):
        learn.draw_images("x", {"a": [np.zeros(shape)]})


def test_another_scale_is_refused(drawn):
    with pytest.raises(ConfigError, match="scale must be each, row, all or two numbers"):
        learn.draw_images("x", ROWS, scale="columns")


def test_rows_may_have_different_lengths(drawn):
    learn.draw_images("x", {"a": [np.eye(2)] * 3, "b": [np.eye(2)]}, columns=("1", "2"))
    figure = drawn["x"]
    assert len(figure.axes) == 6
    assert len([axis for axis in figure.axes if axis.images]) == 4
    assert [axis.get_title() for axis in figure.axes[:3]] == ["1", "2", ""]


def test_runs_share_one_label_and_one_colour(drawn):
    learn.draw_lines("x", {"a": [[1, 2, 3], [2, 3]], "b": [3, 4, 5]}, levels={"c": 4})
    [axis] = drawn["x"].axes
    first, second, third, level = axis.lines
    assert first.get_color() == second.get_color() != third.get_color()
    assert third.get_linestyle() != first.get_linestyle()  # also without colours
    assert second.get_xdata().tolist() == [1, 2]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == ["a", "b", "c"]
    assert level.get_ydata()[0] == 4


def test_bars_show_their_values_or_their_intervals(drawn):
    learn.draw_bars("x", {"n": {"a": 1.5, "b": 20}}, highlight=("b",))
    [axis] = drawn["x"].axes
    assert {text.get_text() for text in axis.texts} == {"1.5", "20"}
    assert axis.patches[0].get_facecolor() != axis.patches[1].get_facecolor()
    learn.draw_bars("y", {"n": {"a": 1.0, "b": 2.0}}, intervals={"a": (0, 2), "b": (1, 4)})
    [axis] = drawn["y"].axes
    [lines] = [container for container in axis.containers if hasattr(container, "has_xerr")]
    ends = [segment[:, 0].tolist() for segment in lines[2][0].get_segments()]
    assert ends == [[0, 2], [1, 4]]


def test_a_matrix_shows_its_counts_without_zeros(drawn):
    learn.draw_matrix("x", {"m": [[0, 3], [1, 0]]}, labels=("cat", "dog"), counts=True)
    [axis] = drawn["x"].axes
    assert {(*text.get_position(), text.get_text()) for text in axis.texts} == {
        (1, 0, "3"),
        (0, 1, "1"),
    }
    assert [text.get_text() for text in axis.get_xticklabels()] == ["cat", "dog"]


def test_a_path_is_drawn_over_its_valley(drawn):
    path = np.array([[-3.0, 1.0], [1.0, 0.5]])
    learn.draw_paths("x", lambda x, y: x**2 + y**2, {"one": path, "two": path[:1]})
    first, second = drawn["x"].axes
    assert np.array_equal(first.lines[0].get_xydata(), path)
    assert second.get_title() == "two"


def test_drawing_shows_a_file(tmp_path, monkeypatch):
    monkeypatch.setenv("TINYALEX_LESSON_PICTURES", str(tmp_path))
    learn.draw_lines("99-line", {"a": [1, 2]}, log=True)
    assert (tmp_path / "99-line.png").read_bytes()[:4] == b"\x89PNG"
