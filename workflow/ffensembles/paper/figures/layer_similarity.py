"""Similarity between the layers of one model, a matrix per dataset (Figure 13)."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ffensembles.paper.figures.parts.heat_maps import draw_matrix
from ffensembles.paper.figures.parts.style import WIDTH, new_figure, styled
from ffensembles.printing.names import DASH, DATASETS, MODELS


@styled
def similarity_matrices(layer_similarity: pd.DataFrame, *, metric: str = "CKA") -> Figure:
    """Draw the mean over the runs of the similarity of each pair of layers.

    Args:
        layer_similarity: rows of one model and any number of datasets and runs.
        metric: the metric to draw, one that runs from 0 to 1.
    """
    rows = layer_similarity[layer_similarity["metric"] == metric]
    means = rows.groupby(["dataset", "layer_a", "layer_b"])["value"].mean()
    datasets = [name for name in DATASETS if name in set(rows["dataset"])]

    figure = new_figure(height=2, width=WIDTH * min(1, 0.15 + 0.22 * len(datasets)))
    panels = figure.subplots(1, len(datasets), sharey=True, squeeze=False)[0]
    for axes, dataset in zip(panels, datasets, strict=True):
        matrix = means[dataset].unstack()
        numbers = matrix.map("{:.2f}".format, na_action="ignore").fillna(DASH).to_numpy()
        mesh = draw_matrix(axes, np.ma.masked_invalid(matrix), numbers, vmax=1)
        axes.set_xticks(np.arange(len(matrix)) + 0.5, matrix.columns)
        axes.set_yticks(np.arange(len(matrix)) + 0.5, matrix.index)
        axes.set(title=DATASETS[dataset], xlabel="Layer")
    panels[0].set_ylabel(f"Layer of {MODELS[str(rows['model_a'].iat[0])]}")
    figure.colorbar(mesh, ax=panels, label=metric, shrink=0.8, aspect=20)
    return figure
