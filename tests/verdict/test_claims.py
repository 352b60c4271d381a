"""Claims: each holds on the paper's own numbers, and fails when what it is about is spoilt."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ffensembles.files import write_parquet
from ffensembles.verdict import claims, evidence
from ffensembles.verdict.claims_page import FAILS, HOLDS, NOT_TESTED, claims_page, evaluate
from ffensembles.verdict.evidence import Evidence, Missing
from helpers.paper_world import PAPER, members, sparsity, world


@pytest.fixture(scope="module")
def papers() -> Evidence:
    return world()


@pytest.fixture(scope="module")
def results(papers: Evidence) -> pd.DataFrame:
    return evaluate(papers)


Change = Callable[[pd.DataFrame, str], object]
Spoil = Callable[[Evidence], Evidence]


def where(frame: str, column: str, change: Change | float, **wanted: object) -> Spoil:
    """Change a column of a frame in the wanted rows (keys may hold a set of values)."""

    def spoil(evidence: Evidence) -> Evidence:
        table = evidence.frames[frame].copy()
        chosen = np.ones(len(table), dtype=bool)
        for key, values in wanted.items():
            chosen &= table[key].isin(values if isinstance(values, set) else {values})
        assert chosen.any(), "nothing to spoil"
        new = change(table[chosen], column) if callable(change) else change
        table[column] = table[column].astype(float)
        table.loc[chosen, column] = new
        return Evidence({**evidence.frames, frame: table})

    return spoil


def negated(rows: pd.DataFrame, column: str) -> pd.Series:
    return -rows[column]


def with_units(dataset: str, model: str, study: str, units: range) -> Spoil:
    """Replace all layer-1 ensembles of an experiment: category c has the units from 100·c on."""

    def spoil(evidence: Evidence) -> Evidence:
        table = evidence.frames["members"]
        run = (table["dataset"] == dataset) & (table["model"] == model) & (table["study"] == study)
        keys = {"dataset": dataset, "model": model, "study": study, "seed": 0, "layer": 1}
        rows = [
            {**keys, "category": c, "unit": 100 * c + u, "mean": 1.0}
            for c in range(10)
            for u in units
        ]
        table = pd.concat([table[~run], pd.DataFrame(rows)], ignore_index=True)
        return Evidence({**evidence.frames, "members": table})

    return spoil


def without_units(*categories: int) -> Spoil:
    """Empty the ensemble of these categories where they are the unseen ones."""

    def spoil(evidence: Evidence) -> Evidence:
        frames = dict(evidence.frames)
        unseen = {(f"without-{k}", k) for k in categories}
        table = frames["members"]
        gone = [key in unseen for key in zip(table["study"], table["category"], strict=True)]
        frames["members"] = table[~np.array(gone)]
        sizes = frames["sizes"].copy()
        gone = [key in unseen for key in zip(sizes["study"], sizes["category"], strict=True)]
        sizes.loc[gone, "size"] = 0
        frames["sizes"] = sizes
        return Evidence(frames)

    return spoil


L2_BPFF = {"model": "bpff", "layer": 2}

# For every claim, what makes it false.
SPOILT = {
    "sparser-than-bp": where("sparsity", "sparsity", 0.95, dataset="svhn", model="bp", layer=1),
    "goodness-layers-sparse": where(
        "sparsity", "sparsity", 0.4, dataset="svhn", model="bpff", layer=1
    ),
    "bp-not-sparse": where("sparsity", "sparsity", 0.7, dataset="mnist", model="bp"),
    "bpff-last-layer-not-sparse": where("sparsity", "sparsity", 0.5, model="bpff", layer=3),
    "sparser-than-bp-in-each-category": where(
        "sparsity", "sparsity", 0.9, dataset="mnist", model="bp", layer=2, category=7
    ),
    "bp-a-third-as-sparse": where(
        "sparsity", "sparsity", 0.5, dataset="mnist", model="bp", layer=1
    ),
    "layer-2-less-sparse-than-3": where(
        "sparsity", "sparsity", 0.63, dataset="fashionmnist", model="ff", layer=2
    ),
    "layer-2-sparser-than-3": where(
        "sparsity", "sparsity", 0.8, dataset="svhn", model="ff", layer=3
    ),
    "comparable-sparsity": where(
        "sparsity", "sparsity", 0.5, dataset="mnist", model="bpff", layer=1
    ),
    "extends-to-training-data": where(
        "training_sparsity", "sparsity", 0.5, dataset="mnist", model="ff", layer=1
    ),
    "ensembles-are-small": where("sizes", "size", 300, dataset="svhn", model="ff", layer=1),
    "larger-on-complex-datasets": where("sizes", "size", 500, dataset="mnist", model="ff", layer=1),
    "similar-categories-share-units": with_units("fashionmnist", "ff", "main", range(100)),
    "similar-categories-share-units-with-l1": with_units(
        "fashionmnist", "ff", "l1-goodness", range(150)
    ),
    "units-in-several-ensembles": with_units("fashionmnist", "ff", "main", range(100)),
    "few-insignificant-units": where(
        "significance", "p_value", 0.06, dataset="svhn", layer=1, unit=set(range(100))
    ),
    "insignificant-units-in-one-place": where(
        "significance", "p_value", 0.06, dataset="svhn", layer=1, unit=set(range(20))
    ),
    "unseen-categories-form-ensembles": without_units(3),
    "unseen-ensembles-have-usual-sizes": where("sizes", "size", 10, study="without-0", category=0),
    "unseen-ensembles-are-weaker": where(
        "members", "mean", 2.0, study={f"without-{k}" for k in range(3)}, category={0, 1, 2}
    ),
    "unseen-ensembles-share-units": without_units(2, 4, 5, 6, 7, 9),
    "unseen-ensembles-share-with-related": without_units(9),
    "probes-recover-unseen-categories": where(
        "probes", "accuracy", 0.5, study={"without-0", "without-1"}, model="ff"
    ),
    "unseen-read-as-well-as-seen": where(
        "probes", "accuracy", 0.2, study="without-0", model="ff", category=0
    ),
    "probes-close-to-baseline": where("probes", "accuracy", 0.95, study="main", model="ff"),
    "bp-probes-are-best": where(
        "probes", "accuracy", 0.1, model="bp", study={"without-0", "without-1"}
    ),
    "ff-weights-balanced-to-positive": where(
        "balance", "positive_fraction", 0.4, model="ff", layer=2
    ),
    "ff-units-mostly-excitatory": where("balance", "positive_fraction", 0.5, model="ff", layer=2),
    "ff-biases-strongly-negative": where(
        "balance", "bias", negated, dataset="svhn", model="ff", layer=3
    ),
    "other-biases-near-zero": where("balance", "bias", -0.1, model="bp", layer=1),
    "bpff-weights-bimodal": where(
        "balance",
        "positive_fraction",
        lambda rows, column: np.random.default_rng(0).normal(0.5, 0.1, len(rows)),
        **L2_BPFF,
    ),
    "bp-weights-balanced": where("balance", "positive_fraction", 0.6, model="bp", layer=2),
    "different-inhibition": where("balance", "positive_fraction", 0.51, **L2_BPFF),
    "regularised-bp-is-sparse": where("sparsity", "sparsity", 0.7, study="l1-regularised"),
    "regularised-bp-ensembles-overlap": with_units("mnist", "bp", "l1-regularised", range(100)),
    "ff-ensembles-are-disjoint": with_units("mnist", "ff", "main", range(101)),
    "svcca-varies-least": where("similarity", "value", 0.5, metric="dCor"),
    "layer-1-most-similar": where("similarity", "value", 0.0, layer_a=1),
    "ff-and-bpff-most-similar-in-layer-2": where(
        "similarity", "value", 0.99, dataset="svhn", metric="CKA", model_b="bp", layer_a=2
    ),
    "not-so-in-layer-3": where("similarity", "value", 1.0, model_b="bpff", layer_a=3),
    "early-layers-more-similar": where("layer_similarity", "value", 0.9, layer_a=2, layer_b=3),
    "narrowest-gap-on-fashionmnist": where(
        "layer_similarity", "value", 0.79, dataset="svhn", layer_a=2, layer_b=3
    ),
    "l1-accuracy-comparable": where(
        "accuracy", "accuracy", 0.9, study="l1-goodness", dataset="mnist"
    ),
    "l1-sparsity-consistent": where(
        "sparsity", "sparsity", 0.4, study="l1-goodness", dataset="mnist", model="ff"
    ),
    "l1-raises-sparsity-of-last-layer": where(
        "sparsity", "sparsity", 0.05, study="l1-goodness", model="bpff", layer=3
    ),
}


def test_there_is_a_way_to_spoil_every_claim() -> None:
    assert set(SPOILT) == {claim.id for claim in claims.CLAIMS}
    assert len(claims.CLAIMS) == len(SPOILT)


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_claim_holds_on_the_papers_numbers(claim: claims.Claim, results: pd.DataFrame) -> None:
    found = results[results["claim"] == claim.id]
    assert set(found["verdict"]) == {HOLDS}, found.to_string()
    assert set(found["dataset"]) == ({"all"} if claim.pooled else set(claim.on))
    assert (found["figures"].str.contains(r"\d") | found["figures"].str.contains("with")).all()


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_claim_fails_when_spoilt(claim: claims.Claim, papers: Evidence) -> None:
    spoilt = SPOILT[claim.id](papers)
    assert set(evaluate(spoilt, [claim])["verdict"]) == {FAILS}


def test_nothing_is_tested_without_evidence() -> None:
    results = evaluate(Evidence({}))
    assert set(results["verdict"]) == {NOT_TESTED}
    assert len(results) == len(claims.CLAIMS)


def renamed(evidence: Evidence, old: str, new: str) -> Evidence:
    frames = {name: frame[frame["dataset"] == old] for name, frame in evidence.frames.items()}
    return Evidence({name: frame.assign(dataset=new) for name, frame in frames.items()})


def test_on_other_data_only_claims_without_names_are_tested(papers: Evidence) -> None:
    results = evaluate(renamed(papers, "fashionmnist", "digits"))
    tested = set(results.loc[results["verdict"] != NOT_TESTED, "claim"])
    named = {claim.id for claim in claims.CLAIMS if claim.named}
    assert not tested & named
    assert {
        "sparser-than-bp",
        "unseen-categories-form-ensembles",
        "l1-accuracy-comparable",
    } <= tested


def test_a_claim_about_mnist_is_not_tested_on_fashionmnist(papers: Evidence) -> None:
    results = evaluate(renamed(papers, "fashionmnist", "fashionmnist"))
    verdicts = results.set_index("claim")["verdict"]
    assert verdicts["ff-ensembles-are-disjoint"] == NOT_TESTED


def test_a_claim_is_dropped_where_its_runs_are_missing(papers: Evidence) -> None:
    frames = {name: frame for name, frame in papers.frames.items() if name != "balance"}
    verdicts = evaluate(Evidence(frames)).drop_duplicates("claim").set_index("claim")["verdict"]
    assert verdicts["ff-biases-strongly-negative"] == NOT_TESTED
    assert verdicts["sparser-than-bp"] == HOLDS


def test_one_false_dataset_makes_a_claim_fail_and_is_named(papers: Evidence) -> None:
    spoilt = where("sparsity", "sparsity", 0.6, dataset="svhn", model="bpff", layer=3)(papers)
    claim = next(c for c in claims.CLAIMS if c.id == "bpff-last-layer-not-sparse")
    results = evaluate(spoilt, [claim])
    assert results.set_index("dataset")["true"].to_dict() == {
        **dict.fromkeys(PAPER, True),
        "svhn": False,
    }
    page = claims_page(results)
    assert "<strong>SVHN</strong> ✗ S 0.600" in page
    assert "<strong>MNIST</strong> S 0.131" in page


def test_other_data_do_not_decide_beside_the_papers(papers: Evidence) -> None:
    spoilt = where("sparsity", "sparsity", 0.6, dataset="svhn", model="bpff", layer=3)(papers)
    digits = spoilt.frames["sparsity"].replace({"dataset": {"svhn": "digits"}})
    claim = next(c for c in claims.CLAIMS if c.id == "bpff-last-layer-not-sparse")
    beside = evaluate(Evidence({"sparsity": digits}), [claim])
    assert set(beside["verdict"]) == {HOLDS}
    assert beside.set_index("dataset")["true"]["digits"] == False  # noqa: E712
    alone = evaluate(Evidence({"sparsity": digits[digits["dataset"] == "digits"]}), [claim])
    assert set(alone["verdict"]) == {FAILS}
    assert "does not count against the paper" in claims_page(alone)
    assert "does not count against the paper" not in claims_page(beside)


def test_overlaps_of_known_sets() -> None:
    rows = [(0, c, u) for c, units in enumerate(([1, 2, 3], [3, 4], [])) for u in units]
    columns = ["seed", "category", "unit"]
    found = pd.DataFrame(rows, columns=columns).assign(model="ff", study="main", layer=1)
    sizes = pd.DataFrame({"category": [0, 1, 2, 3], "seed": 0, "model": "ff", "study": "main"})
    overlaps = Evidence({"members": found, "sizes": sizes.assign(layer=1)}).overlaps("ff")
    by_pair = overlaps.set_index(["a", "b"])
    assert by_pair.loc[(0, 1), ["shared", "jaccard"]].tolist() == [1, 0.25]
    assert by_pair.loc[(0, 2), ["shared", "jaccard"]].tolist() == [0, 0.0]
    assert np.isnan(by_pair.loc[(2, 3), "jaccard"])


def test_bimodality_of_known_distributions() -> None:
    assert claims.bimodality(np.array([0.0, 1.0] * 50)) == pytest.approx(1)
    assert claims.bimodality(np.linspace(0, 1, 10001)) == pytest.approx(5 / 9, abs=1e-3)
    normal = np.random.default_rng(0).normal(size=100_000)
    assert claims.bimodality(normal) == pytest.approx(1 / 3, abs=0.01)


def test_evidence_is_read_from_files(tmp_path: Path) -> None:
    run = {"dataset": "mnist", "model": "ff", "study": "main"}
    ensembles = members()
    for column, value in run.items():
        ensembles = ensembles[ensembles[column] == value]
    ensembles = pd.concat([ensembles.assign(active=True), ensembles.assign(active=False, layer=2)])
    write_parquet(ensembles.assign(loo=0.1), tmp_path / "ensembles.parquet")
    write_parquet(sparsity(), tmp_path / "sparsity.parquet")
    found = evidence.load(
        {
            "ensembles": [tmp_path / "ensembles.parquet"],
            "sparsity": [tmp_path / "sparsity.parquet"],
            "probes": [],
        }
    )
    mnist = found.of("mnist")
    assert mnist.ensemble_percent("ff", 1) == 100
    assert mnist.ensemble_percent("ff", 2) == 0
    assert mnist.by_layer("ff") == pytest.approx([0.922, 0.813, 0.618])
    with pytest.raises(Missing):
        mnist.probe("ff", "main")
