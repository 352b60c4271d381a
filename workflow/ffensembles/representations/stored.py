"""Representations: the activations of a layer for every test image (section 3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from ffensembles.files import read_parquet


@dataclass(frozen=True)
class Representation:
    """The representation matrix X of one layer of one run, and whose rows they are."""

    activations: np.ndarray  # (M, n) float32
    labels: np.ndarray  # (M,) int8, or as wide as the categories need
    index: np.ndarray  # (M,) int32, the image's place in the test set


def read(
    path: str | Path, layer: int, *, held_out: int | None = None, correct_only: bool = True
) -> Representation:
    """Read the representation of one layer (counted from 1).

    Args:
        path: of a run's representations.
        layer: counted from 1.
        held_out: a category of which all images count: a model that never saw it cannot classify
            its images correctly in any useful sense.
        correct_only: leave out the images that the run does not classify correctly.
    """
    table = read_parquet(path, ["index", "label", "prediction", f"layer{layer}"])
    return of_layer(table, layer, held_out=held_out, correct_only=correct_only)


def of_layer(
    table: pa.Table, layer: int, *, held_out: int | None = None, correct_only: bool = True
) -> Representation:
    """Return the representation of one layer from a run's table; see `read`."""
    label, index = table["label"].to_numpy(), table["index"].to_numpy()
    column = table[f"layer{layer}"].combine_chunks()
    activations = column.flatten().to_numpy().reshape(len(label), column.type.list_size)
    if not correct_only:
        return Representation(activations, label, index)
    keep = label == table["prediction"].to_numpy()
    if held_out is not None:
        keep |= label == held_out
    return Representation(activations[keep], label[keep], index[keep])


def representation_table(
    labels: np.ndarray, predictions: np.ndarray, layers: list[np.ndarray], categories: int
) -> pa.Table:
    """Return the table of one run: a row per image, a fixed-size list of floats per layer.

    Labels and predictions, (M,), are stored as wide as the number of categories needs.
    """
    narrow = np.min_scalar_type(-categories)  # signed: int8 up to 128 categories
    return pa.table(
        {
            "index": _column(np.arange(len(labels), dtype=np.int32)),
            "label": _column(labels.astype(narrow)),
            "prediction": _column(predictions.astype(narrow)),
            **{
                f"layer{i}": pa.FixedSizeListArray.from_arrays(_column(x), x.shape[1])
                for i, x in enumerate(layers, 1)
            },
        }
    )


def _column(values: np.ndarray) -> pa.Array:
    """Return all values as a flat array. `pa.array` does the same, but loads pandas first."""
    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, values.size, [None, pa.py_buffer(values)])
