"""Where the files of experiments lie."""

from dataclasses import replace

from ffensembles.pipeline import results
from helpers.small_training import experiment

FF, BP = experiment("ff", seeds=5), experiment("bp", seeds=3)
OTHER = replace(BP, dataset="mnist", seeds=1)
CONFIG = {"figures": {"seed": 1}, "similarity_seeds": 2}


def test_weights_and_logs_lie_in_blocks_of_seeds():
    assert results.models(FF, 4) == [
        "models/digits/ff/main/seeds-0-3.safetensors",
        "models/digits/ff/main/seeds-4-4.safetensors",
    ]
    assert results.training_logs([BP, OTHER], 4) == [
        "models/digits/bp/main/seeds-0-2.log.parquet",
        "models/mnist/bp/main/seeds-0-0.log.parquet",
    ]


def test_figures_show_one_run_of_each_experiment():
    assert results.files("representations", [FF, BP], CONFIG) == [
        "representations/digits/ff/main/seed-1.parquet",
        "representations/digits/bp/main/seed-1.parquet",
    ]


def test_measurements_are_of_an_experiment_each():
    assert results.files("training_sparsity", [OTHER], CONFIG) == [
        "analysis/mnist/bp/main/training-sparsity.parquet"
    ]


def test_probes_are_of_a_study_each():
    studies = [FF, BP, replace(FF, study="without-3"), OTHER]
    assert results.files("probes", studies, CONFIG) == [
        "analysis/digits/main/probes.parquet",
        "analysis/digits/without-3/probes.parquet",
        "analysis/mnist/main/probes.parquet",
    ]


def test_similarity_is_of_the_first_runs_that_all_models_have():
    assert results.files("similarity", [FF, BP, OTHER], CONFIG) == [
        "analysis/digits/similarity/seed-0.parquet",
        "analysis/digits/similarity/seed-1.parquet",
        "analysis/mnist/similarity/seed-0.parquet",
    ]
    every = results.files("layer_similarity", [FF, BP], CONFIG)
    assert every == [f"analysis/digits/layer-similarity/seed-{seed}.parquet" for seed in range(3)]
