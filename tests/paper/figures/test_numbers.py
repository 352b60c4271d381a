import numpy as np
import pytest
from matplotlib.figure import Figure

from ffensembles.paper.figures.parts.numbers import numbers_of


@pytest.fixture
def axes():
    return Figure().subplots()


def rows(axes, *columns):
    return numbers_of(axes.figure)[list(columns)].to_numpy().tolist()


def test_points_have_the_names_of_the_legend_and_of_the_axis(axes):
    axes.plot([0.1, 1.1], [3, 4], "--", color="red")
    axes.plot([0, 1], [5, np.nan], "--", color="blue")
    axes.axhline(0.5)
    axes.set_xticks([0, 1], ["coat", "shirt"])
    (first,) = axes.plot([], [], color="red", label="FF")
    (dashed,) = axes.plot([], [], "--", color="0.4", label="negative data")
    axes.legend(handles=[first, dashed])
    named = [["FF, negative data", "coat", 3], ["FF, negative data", "shirt", 4]]
    assert rows(axes, "series", "x", "y") == [*named, ["negative data", "coat", 5]]


def test_cells_are_those_of_the_matrix_and_a_masked_one_is_empty(axes):
    mesh = axes.pcolormesh(np.ma.masked_invalid([[1.0, 2], [np.nan, 4]]))
    axes.figure.colorbar(mesh)
    axes.set_title("FF")
    found = numbers_of(axes.figure)
    assert set(found["panel"]) == {1} and set(found["title"]) == {"FF"}
    np.testing.assert_array_equal(found["value"], [1, 2, np.nan, 4])
    np.testing.assert_array_equal(
        found[["x", "y"]], [[0.5, 0.5], [1.5, 0.5], [0.5, 1.5], [1.5, 1.5]]
    )


def test_a_histogram_has_its_steps_and_the_range_around_a_curve_has_no_rows(axes):
    axes.fill_between([0, 1], [2, 2], step="post", label="FF")
    axes.fill_between([0, 1], [7, 8])
    found = numbers_of(axes.figure)
    assert set(found["series"]) == {"FF"} and set(found["y"]) == {0, 2}
