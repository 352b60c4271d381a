"""The ablation table from small hand-made analyses whose means are known in closed form."""

from dataclasses import replace

import pandas as pd
import pytest
from docutils.core import publish_string

from ffensembles.experiments import Experiment
from ffensembles.extras.ablation import table as ablation
from ffensembles.printing import tables as writers

FF = Experiment(
    study="ablation-reference",
    dataset="fashionmnist",
    model="ff",
    seeds=2,
    epochs=20,
    learning_rate=0.01,
    batch_size=1024,
    units=4,
    layers=2,
    loss="threshold",
    goodness="l2",
    normalisation="l2",
    negatives="pooled",
    black="zero",
    maximum="split",
    activation_l1=0.0,
    held_out=None,
)
PRINTED_LOSS = replace(FF, study="ablation-difference-loss", loss="difference")
# The reference comes last in the table of experiments, and yet first in that of the ablation.
EXPERIMENTS = [PRINTED_LOSS, FF]


def measured(**columns):
    """Return a row for each experiment, seed and layer; columns are functions of those three."""
    return pd.DataFrame(
        [
            {"dataset": e.dataset, "model": e.model, "study": e.study, "seed": seed, "layer": layer}
            | {name: value(e, seed, layer) for name, value in columns.items()}
            for e in EXPERIMENTS
            for seed in range(e.seeds)
            for layer in range(1, e.layers + 1)
        ]
    )


def both(table, **columns):
    """Return the rows of a table twice, with each of two values in the columns."""
    return pd.concat([table.assign(**{k: v[i] for k, v in columns.items()}) for i in (0, 1)])


@pytest.fixture(scope="module")
def table():
    layers = measured()
    return ablation.tabulate(
        EXPERIMENTS,
        accuracy=both(
            measured(accuracy=lambda e, seed, _: 0.8 + seed / 10).query("layer == 1"),
            category=(pd.NA, 3),
        ).assign(accuracy=lambda frame: frame["accuracy"].where(frame["category"].isna(), 0.99)),
        sparsity=both(
            measured(sparsity=lambda e, _, layer: layer / 4 - (e is PRINTED_LOSS) / 8),
            category=(pd.NA, 3),
        ).assign(
            # What a single category has must not count.
            sparsity=lambda frame: frame["sparsity"].where(frame["category"].isna(), 0.99)
        ),
        sizes=both(layers, category=(0, 1), size=(1, 2), units=(4, 4)),
        balance=both(layers, unit=(0, 1), positive_fraction=(0.25, 0.5), bias=(-1.0, -2.0)),
    )


def row(table, study, measure, layer):
    keys = (table["study"] == study) & (table["measure"] == measure) & (table["layer"] == layer)
    return table[keys].squeeze()


def test_values_are_means_over_units_and_categories_and_then_over_runs(table):
    reference = "ablation-reference"
    accuracy = row(table, reference, "accuracy", 0)
    assert accuracy["mean"] == pytest.approx(0.85)
    assert accuracy["std"] == pytest.approx(0.1 / 2**0.5)  # n - 1
    assert accuracy["n"] == 2
    assert row(table, reference, "ensembles", 2)["mean"] == pytest.approx(37.5)  # % of 4 units
    assert row(table, reference, "positive_fraction", 1)["mean"] == pytest.approx(0.375)
    assert row(table, reference, "bias", 1)["mean"] == pytest.approx(-1.5)


def test_sparsity_is_that_over_all_categories_of_each_study(table):
    assert row(table, "ablation-reference", "sparsity", 2)["mean"] == 0.5
    assert row(table, "ablation-difference-loss", "sparsity", 2)["mean"] == 0.375


def test_the_reference_is_first_and_every_other_row_says_what_differs(table):
    changes = table.drop_duplicates("study").set_index("study")["change"]
    assert changes.to_dict() == {
        "ablation-reference": "reference",
        "ablation-difference-loss": "the loss printed in section 3.2",
    }
    assert changes.index[0] == "ablation-reference"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"batch_size": 2048}, "batch size 2048 instead of 1024"),
        (
            {"negatives": "paired", "epochs": 5},
            "epochs 5 instead of 20; each negative paired with the positive of the same image",
        ),
    ],
)
def test_any_setting_that_differs_is_named(changed, words):
    assert ablation.change(replace(FF, study="ablation-mine", **changed), FF) == words


def test_a_study_without_its_reference_is_named_by_itself():
    assert ablation.change(PRINTED_LOSS, None) == "ablation-difference-loss"


def test_a_printed_row_has_the_layers_side_by_side_and_deviations_below(table):
    grid = ablation.printed(table).grid
    cells = grid.loc[("FASHIONMNIST", "FF", "the loss printed in section 3.2")]
    assert cells["Accuracy"] == "0.850\n± 0.071"
    assert cells["Sparsity"] == "0.125 / 0.375\n± 0.000 / 0.000"
    assert cells["Ensembles, %"] == "37.50 / 37.50\n± 0.00 / 0.00"


def test_single_runs_print_without_deviations(table):
    single = table.assign(n=1, std=float("nan"))
    assert ablation.printed(single).grid["Accuracy"].tolist() == ["0.850", "0.850"]


def test_every_format_holds_every_row(table):
    printed = ablation.printed(table)
    page = publish_string(
        ablation.restructured_text(printed),
        writer="html5",
        settings_overrides={"halt_level": 2, "output_encoding": "unicode"},
    )
    for text in (page, writers.html(printed), writers.markdown(printed)):
        assert "the loss printed in section 3.2" in text
        assert "0.125 / 0.375" in text
        assert "After 20 epochs" in text
