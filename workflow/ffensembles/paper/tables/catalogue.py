"""The tables: what each is made of, how it is printed, and how its numbers are judged.

A further table is a row here, a function that summarises its measurements, a caption in
workflow/report, and in config/reported what the paper reports. `table.Table` explains the columns.
"""

from dataclasses import replace
from functools import partial

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.tables import notes, summaries
from ffensembles.paper.tables.layout import (
    DAGGERS,
    DASHES,
    OVER_UNITS,
    STARS,
    Layout,
    arrange_significance,
)
from ffensembles.paper.tables.table import Judged, Table
from ffensembles.pipeline import selection as of

ENSEMBLES, BALANCE = "4.2 Sparse ensembles", "4.5 Excitation and inhibition"
PROBES, L1_GOODNESS = "App. H Linear probes", "App. K ℓ1 goodness"

BY_DATASET = partial(Layout, ["model", "layer"], ["dataset"])
OF_ENSEMBLES = BY_DATASET(".2f", note=f"{DASHES} {DAGGERS} {STARS}")
BY_MODEL = partial(Layout, ["dataset"], ["model"])
OF_LAYERS = ["dataset", "model", "study", "layer"]
OF_UNITS = partial(Layout, ["dataset", "layer"], ["model"], cells=OVER_UNITS)
OF_PROBES = partial(Layout, ["dataset", "model"], ["category"])

# fmt: off
ROWS = (
    Table(1, "4.1 Accuracy", "Test-set classification accuracy",
          {"accuracy": of.main}, summaries.accuracy, BY_MODEL(), Judged(10, 0.01)),
    Table(2, ENSEMBLES, "Average sparsity of each layer",
          {"sparsity": of.main}, summaries.sparsity, BY_DATASET(),
          Judged(10, 0.02, threshold=SPARSE), notes=notes.lacking_runs),
    Table(3, ENSEMBLES, "Average fraction of units taking part in ensembles, in %",
          dict.fromkeys(["ensembles", "sparsity", "significance"], of.with_goodness),
          summaries.ensembles, OF_ENSEMBLES, Judged(10, 0.5, relative=0.1),
          notes=notes.lacking_ensembles),
    Table(4, BALANCE, "Average fraction of positive weights (ρ⁺)",
          {"balance": of.main}, partial(summaries.balance, value="positive_fraction"),
          OF_UNITS(), Judged(1, 0.05, spread=False)),
    Table(5, BALANCE, "Average bias (β)",
          {"balance": of.main}, partial(summaries.balance, value="bias"),
          OF_UNITS(), Judged(1, 0.05, relative=0.15, spread=False)),
    Table(6, "App. C Training", "Hyperparameters",
          {"experiments": of.main}, summaries.hyperparameters,
          Layout(["model", "setting"], ["dataset"], "g", "the setting used",
                 "The paper gives batch size and units per layer in its text.")),
    Table(7, PROBES,
          "Linear probe accuracy on the missing category, for models trained without that category",
          {"probes": of.unseen}, summaries.probes_on_missing, OF_PROBES(), Judged(1, 0.05),
          notes=notes.lacking_images),
    Table(8, PROBES,
          "Linear probe accuracy averaged across all categories, for models trained without one",
          {"probes": of.unseen_and_baselines, "accuracy": of.baselines}, summaries.probes_on_all,
          OF_PROBES(note="Avg: over all missing categories, where each was left out. Baseline: the "
                    "accuracy of the model itself, trained on all categories. No category missing: "
                    "a probe of that model."), Judged(1, 0.01), notes=notes.lacking_images),
    Table(9, "App. I Regularised BP", "Sparsity of BP with ℓ1 regularisation of the activations",
          {"sparsity": of.l1_regularised}, summaries.sparsity,
          BY_DATASET(labels={"bp": "BP regularised"}), Judged(1, 0.02, threshold=SPARSE),
          notes=notes.lacking_runs),
    Table(10, "App. J Similarity", "Similarity of representations between models, by layer",
          {"similarity": of.with_all_models}, summaries.similarity,
          Layout(["dataset", "metric"], ["pair", "layer"], ".2f"), Judged(5, 0.03)),
    Table(11, L1_GOODNESS, "Test-set classification accuracy with ℓ1 goodness",
          {"accuracy": of.l1_goodness}, summaries.accuracy, BY_MODEL(), Judged(10, 0.01)),
    Table(12, L1_GOODNESS, "Average sparsity of each layer with ℓ1 goodness",
          {"sparsity": of.l1_goodness}, summaries.sparsity, BY_DATASET(),
          Judged(10, 0.02, threshold=SPARSE), notes=notes.lacking_runs),
    Table(13, L1_GOODNESS,
          "Average fraction of units taking part in ensembles with ℓ1 goodness, in %",
          dict.fromkeys(["ensembles", "sparsity"], of.l1_goodness),
          summaries.ensembles, OF_ENSEMBLES, Judged(10, 0.5, relative=0.1),
          notes=notes.lacking_ensembles),
    Table("significance", "App. D Significance",
          "Appendix D: Units assigned to ensembles with p > 0.05 in the permutation test",
          dict.fromkeys(["significance", "sparsity"], of.with_goodness), summaries.insignificance,
          Layout(OF_LAYERS, [], cells="All layers run of Table 3",
                 note="The paper: about 500 of 457,000 on all its datasets, most in layer 2 of "
                 "BP/FF on CIFAR10 (2.6 %)."),
          arranged=arrange_significance, called="Permutation test",
          notes=lambda _, sparsities: notes.lacking_runs(sparsities)),
)
# fmt: on
TABLES = {table.key: table for table in ROWS}

# What a study of the user's own gets; whose it is, its rules say.
# fmt: off
STUDY_ROWS = (
    replace(TABLES[1], key="accuracy"),
    replace(TABLES[2], key="sparsity"),
    replace(TABLES[3], key="ensembles",
            layout=replace(OF_ENSEMBLES, note=f"{DASHES} {STARS}")),
    replace(TABLES[4], key="positive-weights"),
    replace(TABLES[5], key="bias"),
    replace(TABLES["significance"], title="Units assigned to ensembles with p > 0.05 in the "
            "permutation test", layout=Layout(OF_LAYERS, [], cells="All sparse layers")),
)
# fmt: on
STUDY_TABLES = {f"study-{row.key}": row for row in STUDY_ROWS}
