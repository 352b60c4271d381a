"""What is measured on each layer of each run, and how it is read back."""

import numpy as np
import pandas as pd
import pytest

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.measurements import (
    measure_runs,
    read_all,
    read_members,
    read_sizes,
    with_keys,
)
from ffensembles.files import write_parquet
from helpers.runs import drawn_layers, write_run

LABELS = np.arange(40) % 4
WRONG = np.arange(40) % 3 == 0  # classified wrongly


def images(activations, labels):
    """Measure which images of which category there are, by their first unit."""
    return pd.DataFrame({"category": labels, "first": activations[:, 0]})


@pytest.fixture
def runs(tmp_path):
    """Two runs of two layers, in which the first unit tells run, layer and image."""
    place = np.arange(40.0, dtype=np.float32)[:, None]
    predictions = np.where(WRONG, (LABELS + 1) % 4, LABELS)
    return [
        (
            seed,
            write_run(
                tmp_path / f"{seed}.parquet",
                LABELS,
                predictions,
                [1000 * seed + 100 * layer + place + np.zeros((1, 3), "f4") for layer in (1, 2)],
            ),
        )
        for seed in (2, 5)
    ]


@pytest.mark.parametrize("held_out", [None, 0, 3])
def test_each_layer_of_each_run_by_the_images_that_count(runs, held_out):
    table = measure_runs(images, runs, 2, held_out=held_out)
    counted = ~WRONG | (held_out == LABELS)
    expected = pd.concat(
        pd.DataFrame(
            {
                "seed": seed,
                "layer": layer,
                "category": LABELS[counted].astype("int8"),
                "first": (1000 * seed + 100 * layer + np.flatnonzero(counted)).astype("f4"),
            }
        )
        for seed in (2, 5)
        for layer in (1, 2)
    )
    pd.testing.assert_frame_equal(table, expected.reset_index(drop=True))


def test_keys_come_before_the_columns_in_their_order():
    table = with_keys(pd.DataFrame({"value": [0.5, 0.25]}), dataset="digits", seed=3)
    assert table.to_dict("list") == {
        "dataset": ["digits"] * 2,
        "seed": [3, 3],
        "value": [0.5, 0.25],
    }


@pytest.fixture
def ensembles(tmp_path):
    """The files of two experiments, and both as one table."""
    paths = [tmp_path / f"{model}.parquet" for model in ("ff", "bpff")]
    for path, rng_seed in zip(paths, (0, 1), strict=True):
        run = write_run(tmp_path / "run.parquet", LABELS, None, drawn_layers(40, seed=rng_seed))
        table = measure_runs(find_ensembles, [(0, run), (1, run)], 3)
        keys = {"dataset": "digits", "model": path.stem, "study": "without-3", "held_out": 3}
        write_parquet(with_keys(table, **keys), path)
    return paths, read_all(paths)


KEYS = ["dataset", "model", "study", "seed", "layer", "category"]


def test_sizes_count_the_active_units_of_all(ensembles):
    paths, table = ensembles
    sizes = read_sizes(paths)
    assert len(sizes) == 2 * 2 * 3 * 4
    for _, row in sizes.iterrows():
        units = table[(table[KEYS] == row[KEYS]).all(axis=1)]
        assert (row["size"], row["units"]) == (units["active"].sum(), len(units))
    assert sizes.loc[sizes["layer"] == 2, "units"].eq(9).all()


@pytest.mark.parametrize("layer", [1, 2])
def test_members_are_the_active_units(ensembles, layer):
    paths, table = ensembles
    wanted = table["active"] & (table["layer"] == layer)
    expected = table.loc[wanted, [*KEYS, "unit", "mean"]].reset_index(drop=True)
    assert len(expected)
    pd.testing.assert_frame_equal(read_members(paths, layer), expected)
