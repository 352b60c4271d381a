"""Distribution of the fraction of positive weights of a unit (Figure 5)."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ffensembles.paper.figures.parts.run_shown import dataset_of, select
from ffensembles.paper.figures.parts.style import (
    MODEL_COLOURS,
    MODEL_LINES,
    REFERENCE,
    new_figure,
    styled,
)
from ffensembles.printing.names import DATASETS, MODELS

BIN = 0.01  # width of a bar, about


def bin_edges(fractions: np.ndarray, inputs: int) -> np.ndarray:
    """Return the edges of bins that hold all of some fractions of positive weights.

    Fractions are multiples of 1/inputs. Edges lie midway between two of them, so that rounding
    decides nothing, and each bin holds equally many, so that none stands out for that reason.

    Args:
        fractions: (n,) ρᵢ⁺ of each unit.
        inputs: how many weights a unit has.
    """
    positive = np.rint(fractions * inputs).astype(int)
    together = max(1, round(BIN * inputs))
    first, last = positive.min() // together, positive.max() // together
    return (together * np.arange(first, last + 2) - 0.5) / inputs


@styled
def positive_fractions(balance: pd.DataFrame, *, seed: int, layer: int) -> Figure:
    """Draw the histogram of ρᵢ⁺ over the units of one layer, for each model.

    Args:
        balance: rows of one dataset and all models to show.
        seed: the run shown.
        layer: the layer shown, counted from 1.
    """
    rows = select(balance, seed=seed, layer=layer)
    figure = new_figure(height=2.6, width=4.5)
    axes = figure.subplots()
    axes.axvline(0.5, **REFERENCE, label="balanced")
    for model in MODELS:
        units = rows[rows["model"] == model]
        if units.empty:
            continue
        sns.histplot(
            units,
            x="positive_fraction",
            bins=bin_edges(units["positive_fraction"].to_numpy(), units["inputs"].max()),
            # The density in a bin is the percentage of units per 0.01.
            stat="density",
            element="step",
            color=MODEL_COLOURS[model],
            alpha=0.3,
            linestyle=MODEL_LINES[model],
            linewidth=1,
            label=MODELS[model],
            ax=axes,
        )
    axes.set_xlabel("Fraction of positive weights of a unit, ρᵢ⁺")
    axes.set_ylabel("Units per 0.01 (%)")
    axes.set_title(f"{DATASETS[dataset_of(rows)]}, layer {layer}")
    axes.legend()
    return figure
