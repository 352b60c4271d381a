"""How loss and goodness went during training: a check on the runs, not a figure of the paper."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, StrMethodFormatter

from ffensembles.files import Paths, read_frame, read_metadata
from ffensembles.paper.figures.parts.style import LAYER_COLOURS, new_figure, styled, write_across
from ffensembles.printing.names import DATASETS, MODELS

LINES = {"loss": "-", "positive_goodness": "-", "negative_goodness": "--"}


def of_logs(logs: Paths, *, models: Sequence[str], dataset: str) -> Figure:
    """Draw the training curves of one dataset from the files of its training logs.

    Args:
        logs: the files; a model's runs may lie in several, one per block of seeds. Runs that
            diverged are left out.
        models: the model of each file.
        dataset: the dataset they were trained on.
    """
    blocks: dict[str, list[pd.DataFrame]] = {}
    for model, path in zip(models, logs, strict=True):
        about: dict[str, Any] = read_metadata(path)
        log, diverged = read_frame(path), [int(seed) for seed in about.get("diverged", {})]
        blocks.setdefault(model, []).append(log[~log["seed"].isin(diverged)])
    whole = {model: pd.concat(frames) for model, frames in blocks.items()}
    return training_curves(whole, dataset=dataset)


@styled
def training_curves(logs: dict[str, pd.DataFrame], *, dataset: str) -> Figure:
    """Draw loss and goodness over the epochs, a column per model: mean and range over the runs.

    Args:
        logs: training log of each model, all its runs.
        dataset: the dataset they were trained on.
    """
    figure = new_figure(height=4)
    losses, goodnesses = figure.subplots(2, len(logs), sharex="col", squeeze=False)
    for (model, log), loss, goodness in zip(logs.items(), losses, goodnesses, strict=True):
        for column, line in LINES.items():
            if log[column].notna().any():
                sns.lineplot(
                    log,
                    x="epoch",
                    y=column,
                    hue="layer",
                    palette={layer: _colour(layer) for layer in log["layer"].unique()},
                    errorbar=("pi", 100),  # all runs
                    err_kws={"linewidth": 0},
                    linestyle=line,
                    legend=False,
                    ax=loss if column == "loss" else goodness,
                )
        loss.set(title=f"{MODELS[model]} on {DATASETS[dataset]}", yscale="log")
        loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        loss.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        loss.yaxis.set_minor_locator(LogLocator(subs="all"))
        loss.yaxis.set_minor_formatter("")
        loss.set_ylabel("")
        goodness.set(xlabel="Epoch", ylabel="")
        if not goodness.lines:
            goodness.set_yticks([])
            write_across(goodness, "no goodness")
    losses[0].set_ylabel("Loss")
    goodnesses[0].set_ylabel("Goodness")
    layers = sorted({layer for log in logs.values() for layer in log["layer"]})
    figure.legend(
        handles=[
            *(Line2D([], [], color=_colour(k), label=_layer_name(k)) for k in layers),
            Line2D([], [], color="0.4", linestyle="-", label="positive data"),
            Line2D([], [], color="0.4", linestyle="--", label="negative data"),
        ],
        loc="outside lower center",
        ncols=len(layers) + 2,
    )
    return figure


def _colour(layer: int) -> str:
    return LAYER_COLOURS[layer % len(LAYER_COLOURS)]


def _layer_name(layer: int) -> str:
    return f"layer {layer}" if layer else "all layers at once"
