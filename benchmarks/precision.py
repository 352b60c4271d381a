"""Ask which precision of matrix products is safe: does it move what the paper reports?

Trains the same seeds at several precisions, through the pipeline's own functions, and compares
accuracy, sparsity and ensemble sizes with those at the first. A precision is safe where the
difference of the means is small beside the spread over the seeds. On a CPU, `highest by blas` and
`highest by onednn` name a route of float32 products; `highest` takes the faster.

    python benchmarks/precision.py --prestaged FOLDER --epochs 10 --seeds 3
    python benchmarks/precision.py --dataset digits --models ff --epochs 20     a quick look
    python benchmarks/precision.py --precision "highest by blas" "highest by onednn" medium
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
import yaml

from ffensembles.analysis.ensembles import find_ensembles
from ffensembles.analysis.sparsity import hoyer, layer_sparsity
from ffensembles.data.datasets import Dataset, fetch
from ffensembles.data.definitions import Definition
from ffensembles.experiments import Experiment, read_experiments
from ffensembles.learning.block import train_block
from ffensembles.printing.names import MODELS
from ffensembles.representations.extraction import extract_run
from ffensembles.representations.stored import read

CONFIG = Path(__file__).parent.parent / "config"


def measure(path: Path, layers: int, images: int) -> dict[str, float]:
    """Return what the paper reports of one run: of Tables 1, 2 and 3."""
    values = {}
    for layer in range(1, layers + 1):
        x = read(path, layer)
        values["accuracy"] = len(x.labels) / images
        values[f"sparsity, layer {layer}"] = layer_sparsity(hoyer(x.activations))["sparsity"]
        active = find_ensembles(x.activations, x.labels).active
        values[f"ensembles in %, layer {layer}"] = 100 * active.mean()
    return values


def run(e: Experiment, dataset: Dataset, device: str, precision: str) -> pd.DataFrame:
    """Train and extract the seeds of an experiment; return a row of measurements for each."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train_block(
            e,
            list(e.runs),
            dataset,
            model_path=str(folder / "model.safetensors"),
            log_path=str(folder / "log.parquet"),
            random_seed=0,
            device=device,
            precision=precision,
            checkpoint_interval=1e9,
            code="",
        )
        for seed in e.runs:
            path = folder / f"{seed}.parquet"
            extract_run(
                e,
                seed,
                str(folder / "model.safetensors"),
                dataset,
                str(path),
                device=device,
                unseen_label="own",
            )
            rows.append(measure(path, e.layers, len(dataset.test.labels)))
    return pd.DataFrame(rows)


def compare(runs: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return means and standard deviations over seeds, and how far each mean is from the first.

    The distance is in standard deviations over the seeds of the first.
    """
    first, *others = runs
    measured = {name: (run.mean(), run.std()) for name, run in runs.items()}
    mean, spread = measured[first]
    columns = {
        (name, what): values
        for name, pair in measured.items()
        for what, values in zip(("mean", "std"), pair, strict=True)
    }
    columns |= {(name, "distance"): (measured[name][0] - mean).abs() / spread for name in others}
    return pd.DataFrame(columns)[list(runs)]


def main() -> None:
    """Compare two precisions on what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="fashionmnist")
    parser.add_argument("--prestaged", help="a folder with the published files, else a download")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--precision", nargs="+", default=["highest", "medium"])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    entries = yaml.safe_load((CONFIG / "datasets.yaml").read_text("utf-8"))["datasets"]
    definition = Definition.read(asked.dataset, entries[asked.dataset])
    dataset = fetch(asked.dataset, definition, prestaged=asked.prestaged)
    table = read_experiments(
        CONFIG / ("demo.tsv" if asked.dataset == "digits" else "experiments.tsv")
    )
    for model in asked.models:
        e = next(e for e in table if e.key == (asked.dataset, model, "main"))
        e = replace(e, seeds=asked.seeds, epochs=asked.epochs)
        results = compare({name: run(e, dataset, asked.device, name) for name in asked.precision})
        print(f"{MODELS[model]}, {asked.dataset}, {asked.epochs} epochs, {asked.seeds} seeds")
        print(results.round(4).to_string(), flush=True)


if __name__ == "__main__":
    main()
