"""Distribution of the fraction of positive weights of a unit (Figure 5)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ffensembles.figures.run_shown import dataset_of, select
from ffensembles.figures.style import MODEL_COLOURS, REFERENCE, new_figure, styled
from ffensembles.printing.names import DATASETS, MODELS

BIN = 0.01  # width of a bar


@styled
def positive_fractions(balance: pd.DataFrame, *, seed: int, layer: int) -> Figure:
    """Draw the histogram of ρᵢ⁺ over the units of one layer, for each model.

    Args:
        balance: rows of one dataset and all models to show.
        seed: the run shown.
        layer: the layer shown, counted from 1.
    """
    rows = select(balance, seed=seed, layer=layer)
    fraction = rows["positive_fraction"]
    # With few inputs the fractions are multiples of the bin: centre them, away from its edges.
    bins = np.round([fraction.min() / BIN, fraction.max() / BIN])
    edges = BIN * (np.arange(bins[0], bins[1] + 2) - 0.5)

    figure = new_figure(height=2.6, width=4.5)
    axes = figure.subplots()
    axes.axvline(0.5, **REFERENCE, label="balanced")
    for model, line in zip(MODELS, ("-", "--", ":"), strict=True):
        values = rows.loc[rows["model"] == model, "positive_fraction"]
        if values.empty:
            continue
        share = 100 * np.histogram(values, edges)[0] / len(values)
        colour = MODEL_COLOURS[model]
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.3, linewidth=0)
        axes.stairs(share, edges, color=colour, linestyle=line, linewidth=1, label=MODELS[model])
    axes.set_xlabel(r"Fraction of positive weights of a unit, $\varrho_i^+$")
    axes.set_ylabel(f"Units per {BIN:g} (%)")
    axes.set_title(f"{DATASETS[dataset_of(rows)]}, layer {layer}")
    axes.legend()
    return figure
