"""The tables: what each is made of, how it is printed, and how its numbers are judged.

A further table is a row here, a function that summarises its measurements, a caption in
workflow/report, and in config/reported what the paper reports. `table.Table` explains the columns.
"""

from functools import partial

from ffensembles.analysis.catalogue import (
    ACCURACY,
    BALANCE,
    PROBES,
    SIGNIFICANCE,
    SIMILARITY,
    SIZES,
    SPARSITY,
)
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
from ffensembles.paper_models import BP
from ffensembles.pipeline import selection
from ffensembles.pipeline.results import EXPERIMENTS

ON_ENSEMBLES, ON_BALANCE = "4.2 Sparse ensembles", "4.5 Excitation and inhibition"
ON_PROBES, ON_L1_GOODNESS = "App. H Linear probes", "App. K ℓ1 goodness"

BY_DATASET = partial(Layout, ["model", "layer"], ["dataset"])
OF_ENSEMBLES = BY_DATASET(".2f", note=f"{DASHES} {DAGGERS} {STARS}")
BY_MODEL = partial(Layout, ["dataset"], ["model"])
OF_LAYERS = ["dataset", "model", "study", "layer"]
OF_UNITS = partial(Layout, ["dataset", "layer"], ["model"], cells=OVER_UNITS)
OF_PROBES = partial(Layout, ["dataset", "model"], ["category"])

# fmt: off
ROWS = (
    Table("table1", "4.1 Accuracy", "Test-set classification accuracy",
          dict.fromkeys([ACCURACY, SPARSITY], selection.main), summaries.accuracy, BY_MODEL(),
          Judged(10, 0.01), notes=notes.unsound_runs),
    Table("table2", ON_ENSEMBLES, "Average sparsity of each layer",
          {SPARSITY: selection.main}, summaries.sparsity, BY_DATASET(),
          Judged(10, 0.02, threshold=SPARSE), notes=notes.lacking_runs),
    Table("table3", ON_ENSEMBLES, "Average fraction of units taking part in ensembles, in %",
          dict.fromkeys([SIZES, SPARSITY, SIGNIFICANCE], selection.with_goodness),
          summaries.ensembles, OF_ENSEMBLES, Judged(10, 0.5, relative=0.1),
          notes=notes.lacking_ensembles),
    Table("table4", ON_BALANCE, "Average fraction of positive weights (ρ⁺)",
          dict.fromkeys([BALANCE, SPARSITY], selection.main),
          partial(summaries.balance, value="positive_fraction"),
          OF_UNITS(), Judged(1, 0.05, spread=False), notes=notes.unsound_runs),
    Table("table5", ON_BALANCE, "Average bias (β)",
          dict.fromkeys([BALANCE, SPARSITY], selection.main),
          partial(summaries.balance, value="bias"),
          OF_UNITS(), Judged(1, 0.05, relative=0.15, spread=False), notes=notes.unsound_runs),
    Table("table6", "App. C Training", "Hyperparameters",
          {EXPERIMENTS: selection.main}, summaries.hyperparameters,
          Layout(["model", "setting"], ["dataset"], "g", "the setting used",
                 "The paper gives batch size and units per layer in its text.")),
    Table("table7", ON_PROBES,
          "Linear probe accuracy on the missing category, for models trained without that category",
          {PROBES: selection.unseen}, summaries.probes_on_missing, OF_PROBES(), Judged(1, 0.05),
          notes=notes.lacking_probes),
    Table("table8", ON_PROBES,
          "Linear probe accuracy averaged across all categories, for models trained without one",
          {PROBES: selection.unseen_and_baselines, ACCURACY: selection.baselines},
          summaries.probes_on_all,
          OF_PROBES(note="Avg: over all missing categories, where each was left out. Baseline: the "
                    "accuracy of the model itself, trained on all categories. No category missing: "
                    "a probe of that model."), Judged(1, 0.01), notes=notes.lacking_probes),
    Table("table9", "App. I Regularised BP",
          "Sparsity of BP with ℓ1 regularisation of the activations",
          {SPARSITY: selection.l1_regularised}, summaries.sparsity,
          BY_DATASET(labels={BP: "BP regularised"}), Judged(1, 0.02, threshold=SPARSE),
          notes=notes.lacking_runs),
    Table("table10", "App. J Similarity", "Similarity of representations between models, by layer",
          dict.fromkeys([SIMILARITY, SPARSITY], selection.with_all_models), summaries.similarity,
          Layout(["dataset", "metric"], ["pair", "layer"], ".2f"), Judged(5, 0.03),
          notes=notes.unsound_runs),
    Table("table11", ON_L1_GOODNESS, "Test-set classification accuracy with ℓ1 goodness",
          dict.fromkeys([ACCURACY, SPARSITY], selection.l1_goodness),
          summaries.accuracy, BY_MODEL(), Judged(10, 0.01), notes=notes.unsound_runs),
    Table("table12", ON_L1_GOODNESS, "Average sparsity of each layer with ℓ1 goodness",
          {SPARSITY: selection.l1_goodness}, summaries.sparsity, BY_DATASET(),
          Judged(10, 0.02, threshold=SPARSE), notes=notes.lacking_runs),
    Table("table13", ON_L1_GOODNESS,
          "Average fraction of units taking part in ensembles with ℓ1 goodness, in %",
          dict.fromkeys([SIZES, SPARSITY], selection.l1_goodness),
          summaries.ensembles, OF_ENSEMBLES, Judged(10, 0.5, relative=0.1),
          notes=notes.lacking_ensembles),
    Table("significance", "App. D Significance",
          "Appendix D: Units assigned to ensembles with p > 0.05 in the permutation test",
          dict.fromkeys([SIGNIFICANCE, SPARSITY], selection.with_goodness),
          summaries.insignificance,
          Layout(OF_LAYERS, [], cells="All layers run of Table 3",
                 note="The paper: about 500 of 457,000 on all its datasets, most in layer 2 of "
                 "BP/FF on CIFAR10 (2.6 %)."),
          arranged=arrange_significance, called="Permutation test",
          notes=lambda _, sparsities: notes.lacking_runs(sparsities)),
)
# fmt: on
TABLES = {table.name: table for table in ROWS}
