"""What each choice that the paper leaves open does to the numbers: the studies `ablation-…`.

Each differs from `ablation-reference`, of the same model on the same dataset, in one setting.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.experiments import Experiment
from ffensembles.paper.tables.departures import change
from ffensembles.paper.tables.summaries import ensemble_percents, over_runs
from ffensembles.printing.names import DASH, DATASETS, MODELS
from ffensembles.printing.tables import Printed

REFERENCE = "ablation-reference"
STUDY = ["dataset", "model", "study"]

MEASURES = {  # heading and format
    "accuracy": ("Accuracy", ".3f"),
    "sparsity": ("Sparsity", ".3f"),
    "ensembles": ("Ensembles, %", ".2f"),
    "positive_fraction": ("ρ⁺", ".3f"),
    "bias": ("β", ".3f"),
}


def ablation(experiments: Iterable[Experiment]) -> list[Experiment]:
    """Return the experiments of the studies that vary what the paper leaves open."""
    return [e for e in experiments if e.study.startswith("ablation-")]


def tabulate(
    experiments: Sequence[Experiment],
    accuracy: pd.DataFrame,
    sparsity: pd.DataFrame,
    sizes: pd.DataFrame,
    balance: pd.DataFrame,
) -> pd.DataFrame:
    """Summarise the ablation studies over their runs.

    Args:
        experiments: those of the studies `ablation-…`.
        accuracy: accuracy.parquet tables.
        sparsity: sparsity.parquet tables.
        sizes: as `measurements.read_sizes` gives them.
        balance: balance.parquet tables.

    Returns:
        dataset, model, study, epochs, change, measure (a key of `MEASURES`), layer (0: the whole
        network), mean, std (n - 1), n; each model's reference first.
    """
    layers = [*STUDY, "seed", "layer"]
    runs = {
        "accuracy": accuracy[accuracy["category"].isna()].assign(layer=0),
        "sparsity": sparsity[sparsity["category"].isna()],
        "ensembles": ensemble_percents(sizes, sparsity).rename(columns={"percent": "ensembles"}),
        "positive_fraction": balance.groupby(layers)["positive_fraction"].mean().reset_index(),
        "bias": balance.groupby(layers)["bias"].mean().reset_index(),
    }
    summaries = pd.concat(
        over_runs(frame, [*STUDY, "layer"], measure).assign(measure=measure)
        for measure, frame in runs.items()
    ).set_index(STUDY)
    by_key = {e.key: e for e in experiments}
    parts = []
    for e in sorted(experiments, key=_place):
        reference = by_key.get((e.dataset, e.model, REFERENCE))
        rows = summaries.loc[[e.key]].reset_index()
        parts.append(rows.assign(epochs=e.epochs, change=change(e, reference)))
    columns = [*STUDY, "epochs", "change", "measure", "layer", "mean", "std", "n"]
    return pd.concat(parts, ignore_index=True)[columns]


def printed(table: pd.DataFrame) -> Printed:
    """Arrange the table of `tabulate`: a row for each study, the layers in one cell."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for study, values in table.groupby(["dataset", "model", "change"], sort=False):
        dataset, model, changed = map(str, study)
        cells = {
            measure: _numbers(values[values["measure"] == measure], form)
            for measure, (_, form) in MEASURES.items()
        }
        rows[DATASETS.get(dataset, dataset), MODELS[model], changed] = cells
    grid = pd.DataFrame(
        list(rows.values()),
        index=pd.MultiIndex.from_tuples(list(rows), names=["Dataset", "Model", "What differs"]),
    ).rename(columns={measure: heading for measure, (heading, _) in MEASURES.items()})
    legend = (
        f"After {_list(table['epochs'])} epochs; mean ± standard deviation over "
        f"{_list(table['n'])} runs; layers 1 / 2 / 3. A row differs from its model's reference in "
        f"what it says. Where the sparsity is below {SPARSE} the paper defines no ensembles."
    )
    title = "Ablation: what each choice that the paper leaves open does to the numbers"
    return Printed("ablation", title, grid, legend)


def restructured_text(table: Printed) -> str:
    """Return a table in reStructuredText, for docs/deviations.rst, the legend below."""
    grid = table.grid.reset_index()
    labels = table.grid.index.nlevels
    lines = [".. list-table::", "   :header-rows: 1", f"   :stub-columns: {labels}", ""]
    for row in [list(grid.columns), *grid.to_numpy().tolist()]:
        first, *others = (str(cell).replace("\n", "\n       ") for cell in row)
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines) + f"\n\n{table.legend}\n"


def _place(experiment: Experiment) -> tuple[int, int, bool]:
    """Order by dataset and model as the paper does, the reference first; ties keep their order."""
    datasets = list(DATASETS)
    known = experiment.dataset in datasets
    dataset = datasets.index(experiment.dataset) if known else len(datasets)
    return dataset, list(MODELS).index(experiment.model), experiment.study != REFERENCE


def _numbers(values: pd.DataFrame, form: str) -> str:
    """Put the layers of one measure side by side, their deviations on a second line."""
    means, deviations = (
        " / ".join(DASH if pd.isna(x) else format(x, form) for x in values[c])
        for c in ("mean", "std")
    )
    return means if values["std"].isna().all() else f"{means}\n± {deviations}"


def _list(values: pd.Series) -> str:
    return " or ".join(map(str, sorted(set(values))))
