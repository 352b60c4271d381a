"""What the claims are tested on: tidy analyses of one dataset, and the questions put to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from ffensembles.analysis import catalogue as measured
from ffensembles.analysis.sparsity import SPARSE, dead_layers
from ffensembles.files import Paths
from ffensembles.paper.tables.summaries import ensembles, similarity
from ffensembles.printing.names import CATEGORIES, DATASETS

PAPER = ("mnist", "fashionmnist", "svhn", "cifar10")

# What there is to test claims on, by name.
SOURCES = {
    artefact.name: artefact
    for artefact in (
        *(measured.ACCURACY, measured.SPARSITY, measured.SIZES, measured.MEMBERS),
        *(measured.SIGNIFICANCE, measured.BALANCE, measured.PROBES, measured.SIMILARITY),
        *(measured.LAYER_SIMILARITY, measured.TRAINING_SPARSITY),
    )
}


class Missing(Exception):
    """The runs that a claim needs are not there."""


class Undefined(Missing):
    """They are there, and what the claim asks of them is not defined."""


RUN = ["dataset", "model", "study", "seed"]


def _without(frame: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Leave out the rows that are about some runs, or compare one of them with another."""
    gone = np.zeros(len(frame), dtype=bool)
    for column in {"model", "model_a", "model_b"} & set(frame):
        keys = frame.assign(model=frame[column], study=frame.get("study", "main"))[RUN]
        gone |= pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(runs))
    return frame[~gone]


def first_run(rows: pd.DataFrame) -> pd.DataFrame:
    """Return those of the run with the smallest seed: Figures 5 and 12 show a single run."""
    return rows[rows["seed"] == rows["seed"].min()]


def mean(values: pd.Series) -> float:
    """Return the mean of the values that are defined; one of none is missing."""
    if values.isna().all():
        raise Undefined("a value that is defined")
    return values.mean()


@dataclass(frozen=True)
class Evidence:
    """Tidy tables by the names of `SOURCES`.

    Every question raises `Missing` where the tables hold no answer. Means are over runs.
    """

    frames: Mapping[str, pd.DataFrame]

    def of(self, *datasets: str) -> Evidence:
        """Return the evidence on these datasets alone."""
        if datasets not in self._parts:
            self._parts[datasets] = Evidence(
                {
                    name: frame[frame["dataset"].isin(datasets)]
                    for name, frame in self.frames.items()
                }
            )
        return self._parts[datasets]

    @cached_property
    def _parts(self) -> dict[tuple[str, ...], Evidence]:
        """What `of` has returned: every claim asks for the same few parts."""
        return {}

    @cached_property
    def dead(self) -> pd.DataFrame:
        """The runs of which a layer answers no image, or all alike: dataset, model, study, seed."""
        table = self.frames.get("sparsity", pd.DataFrame(columns=RUN))
        if not {"images", "silent", *RUN} <= set(table):
            return pd.DataFrame(columns=RUN)
        return dead_layers(table)[RUN].drop_duplicates()

    @cached_property
    def alive(self) -> Evidence:
        """The evidence without what was measured of dead runs."""
        if self.dead.empty:
            return self
        return Evidence({name: _without(frame, self.dead) for name, frame in self.frames.items()})

    @property
    def datasets(self) -> list[str]:
        """The datasets that there is any evidence on, in the order of the tables."""
        found = {name for frame in self.frames.values() for name in frame["dataset"].unique()}
        known = [name for name in DATASETS if name in found]
        return [*known, *sorted(found.difference(known))]

    def rows(self, frame: str, **wanted: object) -> pd.DataFrame:
        """Return the rows of a table whose columns hold the wanted values; never none."""
        key = frame, *wanted.items()
        if key not in self._chosen:
            self._chosen[key] = self._choose(frame, wanted)
        return self._chosen[key]

    def _choose(self, frame: str, wanted: Mapping[str, object]) -> pd.DataFrame:
        table = self.frames.get(frame)
        if table is None:
            raise Missing(frame)
        chosen = np.ones(len(table), dtype=bool)
        for column, value in wanted.items():
            matches = table[column].isna() if value is pd.NA else table[column] == value
            chosen &= matches.to_numpy(dtype=bool, na_value=False)
        if not chosen.any():
            raise Missing(f"{frame} of {wanted}")
        return table[chosen]

    @cached_property
    def _chosen(self) -> dict[tuple[object, ...], pd.DataFrame]:
        """What `rows` has returned: claims ask for the same rows again and again."""
        return {}

    def accuracy(self, model: str, study: str = "main") -> float:
        """Test accuracy."""
        return self.rows("accuracy", model=model, study=study, category=pd.NA)["accuracy"].mean()

    def layers(self, model: str) -> list[int]:
        """The layers of a model, from 1."""
        return sorted(self.rows("sparsity", model=model, study="main")["layer"].unique())

    def sparsity(
        self,
        model: str,
        layer: int,
        study: str = "main",
        category: object = pd.NA,
        images: str = "sparsity",
    ) -> float:
        """Sparsity S of a layer, over all categories or one; `images` names the table."""
        wanted = {"model": model, "study": study, "layer": layer, "category": category}
        return mean(self.rows(images, **wanted)["sparsity"])

    def by_layer(self, model: str, study: str = "main", images: str = "sparsity") -> list[float]:
        """Sparsity of every layer of a model, from the first."""
        return [self.sparsity(model, layer, study, images=images) for layer in self.layers(model)]

    def categories(self, frame: str) -> list[int]:
        """The categories of the data: a model may have classified no image of one correctly."""
        found = sorted(self.rows(frame)["category"].dropna().unique())
        if not found:
            raise Missing(f"{frame} of any category")
        return found

    def sparse_layers(self, model: str, study: str = "main") -> list[int]:
        """The layers of a model with S ≥ 0.5: elsewhere the paper defines no ensembles."""
        return [n for n in self.layers(model) if self.sparsity(model, n, study) >= SPARSE]

    def ensemble_percent(
        self, model: str, layer: int, study: str = "main", images: str = "sizes"
    ) -> float:
        """Mean size of the ensembles of all categories, in % of the layer, as in Table 3."""
        if (images, study) not in self._percents:
            sizes = self.rows(images, study=study).dropna(subset=["category"])
            self._percents[images, study] = ensembles(sizes)
        table = self._percents[images, study]
        chosen = (table["model"] == model) & (table["layer"] == layer)
        return mean(table.loc[chosen, "mean"])

    @cached_property
    def _percents(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Table 3 of a study, once it was asked for, on test or training images."""
        return {}

    def overlaps(self, model: str, study: str = "main") -> pd.DataFrame:
        """Overlap of layer-1 ensembles, every pair of categories in every run.

        Returns:
            seed, a, b, shared (units in both), jaccard (NaN where both are empty), empty (whether
            one is), size_a and size_b (units in each), pool (units in any ensemble of the run). The
            ensemble of a category without images is empty.
        """
        sizes = self.rows("sizes", model=model, study=study, layer=1)
        members = self.rows("members", model=model, study=study, layer=1)
        ensembles = members.groupby(["seed", "category"])["unit"].agg(set).to_dict()
        pairs = []
        for seed in sorted(sizes["seed"].unique()):
            pool = members.loc[members["seed"] == seed, "unit"].nunique()
            for a, b in combinations(self.categories("sizes"), 2):
                one, other = (ensembles.get((seed, category), set()) for category in (a, b))
                shared, union = len(one & other), len(one | other)
                jaccard = shared / union if union else np.nan
                empty = not (one and other)
                pairs.append((seed, a, b, shared, jaccard, empty, len(one), len(other), pool))
        columns = ["seed", "a", "b", "shared", "jaccard", "empty", "size_a", "size_b", "pool"]
        return pd.DataFrame(pairs, columns=columns)

    def positive_fractions(self, model: str, layer: int) -> pd.Series:
        """ρᵢ⁺ of every unit of a layer, in the first run."""
        rows = self.rows("balance", model=model, study="main", layer=layer)
        return first_run(rows)["positive_fraction"]

    def biases(self, model: str) -> pd.Series:
        """β of every layer of a model, in the first run."""
        rows = self.rows("balance", model=model, study="main")
        return first_run(rows).groupby("layer")["bias"].mean()

    def similarity(self, metric: str, pair: str, layer: int) -> float:
        """Similarity of two models at a layer; `pair` as in Table 10."""
        pairs = self.pairwise
        rows = pairs[(pairs["metric"] == metric) & (pairs["pair"] == pair)]
        return mean(rows.loc[rows["layer"] == layer, "mean"])

    @cached_property
    def pairwise(self) -> pd.DataFrame:
        """Table 10 on this evidence, where it is defined: metric, pair, layer, mean."""
        return similarity(self.rows("similarity")).dropna(subset="mean")

    def layer_similarity(self, layer_a: int, layer_b: int) -> float:
        """CKA of two layers of FF."""
        rows = self.rows("layer_similarity")
        places = rows[["layer_a", "layer_b"]].apply(sorted, axis=1, result_type="expand")
        chosen = (places[0] == min(layer_a, layer_b)) & (places[1] == max(layer_a, layer_b))
        return mean(rows.loc[chosen, "value"])

    def unseen(self, frame: str, model: str) -> dict[int, str]:
        """The studies in which a model never saw a category, by that category.

        The paper speaks of all ten cases: on its data some of them are not enough.
        """
        rows = self.rows(frame, model=model)
        found = rows.dropna(subset=["held_out"]).drop_duplicates("held_out")
        needed = {len(CATEGORIES[name]) for name in set(rows["dataset"]) & set(PAPER)}
        if len(found) < max(needed, default=1):
            raise Missing(f"{frame} without each of the categories")
        return dict(sorted(zip(found["held_out"].astype(int), found["study"], strict=True)))

    def probe(self, model: str, study: str, category: object = pd.NA) -> float:
        """Accuracy of the linear probes on one category, or over all."""
        return self.rows("probes", model=model, study=study, category=category)["accuracy"].mean()


def load(paths: Mapping[str, Paths]) -> Evidence:
    """Read the measurements, files by name, of which there are any."""
    return Evidence({name: SOURCES[name].read(files) for name, files in paths.items() if files})
