"""Where the files of experiments lie."""

from dataclasses import replace

from ffensembles.analysis import catalogue as measured
from ffensembles.pipeline import results
from helpers.small_training import experiment

FF, BP = experiment("ff", seeds=5), experiment("bp", seeds=3)
OTHER = replace(BP, dataset="mnist", seeds=1)
CONFIG = {"figures": {"seed": 1}, "similarity_seeds": 2, "seeds_per_job": 4}


def test_weights_and_logs_lie_in_blocks_of_seeds():
    assert results.MODELS.paths([FF], CONFIG) == [
        "models/digits/ff/main/seeds-0-3.safetensors",
        "models/digits/ff/main/seeds-4-4.safetensors",
    ]
    assert results.LOGS.paths([BP, OTHER], CONFIG) == [
        "models/digits/bp/main/seeds-0-2.log.parquet",
        "models/mnist/bp/main/seeds-0-0.log.parquet",
    ]


def test_snapshots_are_of_the_block_with_the_run_that_figures_show():
    seed_4 = CONFIG | {"figures": {"seed": 4}}
    assert results.SNAPSHOTS.paths([FF], seed_4) == [
        "models/digits/ff/main/seeds-4-4.snapshots.safetensors"
    ]


def test_figures_show_one_run_of_each_experiment():
    assert results.RUN_SHOWN.paths([FF, BP], CONFIG) == [
        "representations/digits/ff/main/seed-1.parquet",
        "representations/digits/bp/main/seed-1.parquet",
    ]


def test_a_dataset_is_one_file_for_all_experiments_on_it():
    assert results.DATASET.paths([FF, BP, OTHER], CONFIG) == [
        "datasets/digits.npz",
        "datasets/mnist.npz",
    ]


def test_measurements_are_of_an_experiment_each():
    assert measured.TRAINING_SPARSITY.paths([OTHER], CONFIG) == [
        "analysis/mnist/bp/main/training-sparsity.parquet"
    ]


def test_probes_are_of_a_study_each():
    studies = [FF, BP, replace(FF, study="without-3"), OTHER]
    assert measured.PROBES.paths(studies, CONFIG) == [
        "analysis/digits/main/probes.parquet",
        "analysis/digits/without-3/probes.parquet",
        "analysis/mnist/main/probes.parquet",
    ]


def test_similarity_is_of_the_first_runs_that_all_models_have():
    assert measured.SIMILARITY.paths([FF, BP, OTHER], CONFIG) == [
        "analysis/digits/similarity/seed-0.parquet",
        "analysis/digits/similarity/seed-1.parquet",
        "analysis/mnist/similarity/seed-0.parquet",
    ]
    every = measured.LAYER_SIMILARITY.paths([FF, BP], CONFIG)
    assert every == [f"analysis/digits/layer-similarity/seed-{seed}.parquet" for seed in range(3)]
