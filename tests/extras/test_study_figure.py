"""The figure of a published study draws what its tables say."""

import pandas as pd
import pytest

from ffensembles.extras.studies.figure import by_layer
from ffensembles.printing.names import name_datasets


def rows(model, means, **others):
    keys = dict(dataset="mnist", model=model, std=0.1, n=2) | others
    return [keys | dict(layer=layer, mean=mean) for layer, mean in enumerate(means, 1)]


@pytest.fixture
def tables():
    name_datasets({"mnist": {"name": "MNIST", "categories": list("ab")}})
    groups = [
        row
        for of, means in {"trained": (60, 70), "untrained": (9, 9), "chance": (10, 10)}.items()
        for row in rows("cwc", means, of=of)
    ]
    return {
        "sparsity": pd.DataFrame(rows("cwc", (0.7, 0.4)) + rows("bpconv", (0.2, 0.1))),
        "ensembles": pd.DataFrame(
            rows("cwc", (5, 6), sparse=True) + rows("bpconv", (20, 30), sparse=False)
        ),
        "groups": pd.DataFrame(groups),
    }


def test_each_model_and_control_is_a_line_over_the_layers(tables):
    figure = by_layer(tables)
    sparsity, sizes, own = figure.axes
    assert sparsity.get_ylabel() == "MNIST"
    drawn = {c.get_label(): c.lines[0].get_xydata().tolist() for c in sparsity.containers}
    assert drawn == {"CwC": [[1, 0.7], [2, 0.4]], "BP conv": [[1, 0.2], [2, 0.1]]}
    of_cwc, of_bp = (c.lines[0].get_ydata() for c in sizes.containers)
    assert of_cwc.tolist() == [5, 6] and pd.isna(of_bp).all()  # no sparse layer, no ensembles
    assert [c.lines[0].get_ydata().tolist() for c in own.containers] == [[60, 70]]
    controls = [line.get_ydata().tolist() for line in own.lines if line.get_color() == "0.5"]
    assert controls == [[9, 9], [10, 10]]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:2] == ["CwC", "BP conv"]


def test_a_dataset_without_assigned_units_says_so(tables):
    tables["groups"] = tables["groups"].iloc[:0]
    own = by_layer(tables).axes[2]
    assert [text.get_text() for text in own.texts] == ["no units are assigned"]
