"""The figures: what each shows, of which experiments, and the function that draws it.

A further figure is a row here, the function, and a caption in workflow/report. `figures` in the
config says which dataset, examples and run are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ffensembles.analysis.catalogue import BALANCE, ENSEMBLES, LAYER_SIMILARITY, SPARSITY
from ffensembles.errors import UserError
from ffensembles.experiments import Experiment
from ffensembles.pipeline import selection
from ffensembles.pipeline.results import DATASET, RUN_SHOWN, Artefact


@dataclass(frozen=True)
class Figure:
    """One figure, a row of the catalogue."""

    number: int
    section: str  # of the paper: its place in the report
    draw: str  # module and function
    shown: str  # key of `figures` in the config; empty where it shows all datasets
    choose: selection.Choice  # the experiments shown
    files: tuple[Artefact, ...]  # what it is made of
    layer: int | None = None  # where a single layer is shown, and not one that the config names

    @property
    def name(self) -> str:
        """What its files and its caption are called."""
        return f"figure{self.number}"

    @property
    def label(self) -> str:
        """What the report calls it."""
        return f"Figure {self.number}"

    def sources(
        self, experiments: selection.Experiments, config: Mapping[str, Any]
    ) -> dict[Artefact, list[Experiment]]:
        """Return the files that it is made of, each with its experiments.

        Raises:
            UserError: the experiments lack what the figure shows.
        """
        figures = config["figures"]
        shown = {**figures.get(self.shown, {}), "seed": figures["seed"]}
        try:
            chosen = self.choose(experiments, shown)
        except UserError as error:
            raise UserError(f"{self.name}: {error}") from error
        layer = self.layer or shown.get("layer", 1)
        for e in chosen:
            if e.layers < layer:
                raise UserError(
                    f"{self.name}: shows layer {layer}, and {e.model} on {e.dataset} in study "
                    f"{e.study} has {e.layers}"
                )
        return {file: [e for e in chosen if file.exists_of(e)] for file in self.files}

    def settings(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of its function that are no files: run, layer, examples."""
        figures = config["figures"]
        settings = dict(figures.get(self.shown, {}))
        settings.pop("dataset", None)
        if self.layer is not None:
            settings["layer"] = self.layer
        return {"seed": figures["seed"], **settings} if "layer" in settings else settings


MAP, RUN = (RUN_SHOWN, SPARSITY), (RUN_SHOWN, ENSEMBLES)
MAPS = "App. E-F Activation patterns", "activation_maps.of_run", "activation_maps"
UNSEEN = "App. G Unseen categories"

# fmt: off
FIGURES = (
    Figure(1, "4.2 Sparse ensembles", "activation_patterns.of_run",
           "activation_patterns", selection.runs(selection.FF), (*RUN, DATASET), layer=1),
    Figure(2, "4.2 Sparse ensembles", "sparsity.category_sparsity",
           "category_sparsity", selection.all_models, (SPARSITY,)),
    Figure(3, "4.3 Shared units", "shared_units.of_run",
           "shared_units", selection.runs(selection.FF), (*RUN, DATASET), layer=1),
    Figure(4, "4.4 Unseen categories", "unseen.of_run",
           "unseen_category", selection.unseen_shown, RUN, layer=1),
    Figure(5, "4.5 Excitation and inhibition", "balance.positive_fractions",
           "balance", selection.all_models, (BALANCE,)),
    Figure(6, *MAPS, selection.runs(selection.FF), MAP, layer=2),
    Figure(7, *MAPS, selection.runs(selection.FF), MAP, layer=3),
    Figure(8, *MAPS, selection.runs(selection.BPFF), MAP, layer=1),
    Figure(9, *MAPS, selection.runs(selection.BP), MAP, layer=1),
    Figure(10, UNSEEN, "mean_activations.unseen_means",
           "unseen_categories", selection.unseen_shown, (ENSEMBLES,), layer=1),
    Figure(11, UNSEEN, "overlaps.unseen_overlaps",
           "unseen_categories", selection.unseen_shown, (ENSEMBLES,), layer=1),
    Figure(12, "App. I Regularised BP", "overlaps.jaccard_matrices",
           "regularised", selection.runs(selection.BP_L1_REGULARISED, selection.FF),
           (ENSEMBLES,), layer=1),
    Figure(13, "App. J Similarity", "layer_similarity.similarity_matrices",
           "", selection.all_datasets, (LAYER_SIMILARITY,)),
    Figure(14, "App. K ℓ1 goodness", "overlaps.jaccard_matrices",
           "l1_goodness", selection.runs(selection.FF_L1_GOODNESS), (ENSEMBLES,), layer=1),
)
# fmt: on


def forms_of(draw: str) -> tuple[str, ...]:
    """Return the endings of the files of a figure, which the function `draw` draws.

    A map of all activations has no table: its numbers are those of the representations.
    """
    return ("pdf", "png") if draw.startswith("activation_maps.") else ("pdf", "png", "csv")
