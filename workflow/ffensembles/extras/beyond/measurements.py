"""What is measured for the questions: rows as those of `analysis/catalogue.py`."""

from dataclasses import replace

from ffensembles.analysis.catalogue import Measurement, table
from ffensembles.pipeline.results import DATASET, EXPERIMENT, MODELS, REPRESENTATIONS, SNAPSHOTS

# By the name of the question.
MEASURED = {
    name: table(name, f"beyond/{EXPERIMENT}/{name}.parquet")
    for name in ("dynamics", "pruning", "microstructure", "assemblies", "definition")
}
MEASURED["pruning"] = replace(MEASURED["pruning"], needs="prune")

MEASUREMENTS = (
    # Those put to representations share the reading.
    Measurement(
        "measure_beyond",
        "extras.beyond.representations.measure_representations",
        makes=tuple(MEASURED[name] for name in ("definition", "microstructure", "assemblies")),
        reads=(REPRESENTATIONS,),
        settings={"random_seed": "random_seed"},
    ),
    Measurement(
        "measure_pruning",
        "extras.beyond.pruning.measure_pruning",
        makes=(MEASURED["pruning"],),
        reads=(MODELS, DATASET),
        settings={"images": "beyond.images", "random_seed": "random_seed"},
        threads=4,
        networks=True,
    ),
    Measurement(
        "measure_dynamics",
        "extras.beyond.dynamics.measure_dynamics",
        makes=(MEASURED["dynamics"],),
        reads=(SNAPSHOTS, DATASET),
        settings={"images": "beyond.images", "seed": "figures.seed"},
        threads=4,
        networks=True,
    ),
)
