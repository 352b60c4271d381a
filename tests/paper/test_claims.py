"""Claims: each holds on the paper's own numbers, and fails where what it says is not so.

That is when what it is about is spoilt, on networks that were never trained, and with BP in place
of FF and BP/FF where the paper sets them against each other.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

from ffensembles.files import write_parquet
from ffensembles.paper.claims import balance, evidence, sparsity
from ffensembles.paper.claims.catalogue import CLAIMS
from ffensembles.paper.claims.claim import Claim
from ffensembles.paper.claims.evidence import PAPER, Evidence, Missing
from ffensembles.paper.claims.page import FAILS, HOLDS, NOT_TESTED, claims_page, evaluate
from ffensembles.paper.tables.notes import departed
from ffensembles.paper.tables.summaries import has_ensembles
from helpers import untrained_world
from helpers.paper_world import in_study, members, with_held_out, world


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
PIECES = np.linspace(0, 1, 1000)

# For every claim, what makes it false.
SPOILT = {
    "sparser-than-bp": where("sparsity", "sparsity", 0.7, dataset="svhn", model="bp", layer=1),
    "goodness-layers-sparse": where(
        "sparsity", "sparsity", 0.4, dataset="svhn", model="bpff", layer=1
    ),
    "sparsity-by-goodness-not-by-backprop": where(
        "sparsity", "sparsity", 0.7, dataset="mnist", model="bp"
    ),
    "only-last-layer-of-bpff-not-sparse": where("sparsity", "sparsity", 0.5, model="bpff", layer=3),
    "sparser-than-bp-in-each-category": where(
        "sparsity", "sparsity", 0.7, dataset="mnist", model="bp", layer=2, category=7
    ),
    "bp-a-third-as-sparse": where(
        "sparsity", "sparsity", 0.6, dataset="mnist", model="bpff", layer=1
    ),
    "layer-2-less-sparse-on-fashionmnist-only": where(
        "sparsity", "sparsity", 0.8, dataset="svhn", model="ff", layer=3
    ),
    "comparable-sparsity": where(
        "sparsity", "sparsity", 0.5, dataset="mnist", model="bpff", layer=1
    ),
    "extends-to-training-data": where(
        "training_sparsity", "size", 50, dataset="mnist", model="ff", layer=1
    ),
    "ensembles-are-small": where("sizes", "size", 300, dataset="svhn", model="ff", layer=1),
    "comparable-ensemble-sizes": where("sizes", "size", 10, dataset="mnist", model="ff"),
    "larger-on-complex-datasets": where("sizes", "size", 500, dataset="mnist", model="ff", layer=1),
    "similar-categories-share-units": with_units("fashionmnist", "ff", "main", range(100)),
    "similar-categories-share-units-with-l1": with_units(
        "fashionmnist", "ff", "l1-goodness", range(150)
    ),
    "units-in-several-ensembles": with_units("fashionmnist", "ff", "main", range(100)),
    "few-insignificant-units": where(
        "significance", "p_value", 0.06, dataset="svhn", layer=3, model="ff", unit=set(range(100))
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
    "probes-close-to-baseline": where("accuracy", "accuracy", 0.88, study="main", model="ff"),
    "bp-probes-are-best": where(
        "probes", "accuracy", 0.1, model="bp", study={"without-0", "without-1", "without-2"}
    ),
    "ff-positive-weights-dominate": where(
        "balance", "positive_fraction", 0.54, model="ff", layer=2
    ),
    "ff-units-mostly-excitatory": where("balance", "positive_fraction", 0.5, model="ff", layer=2),
    "ff-biases-strongly-negative": where(
        "balance", "bias", negated, dataset="svhn", model="ff", layer=3
    ),
    "other-biases-near-zero": where("balance", "bias", -0.1, model="bp", layer=1),
    "bpff-weights-bimodal": where(
        "balance",
        "positive_fraction",
        # A beta distribution with one mode, near 0, and a heavy shoulder.
        lambda rows, column: beta.ppf(PIECES, 0.9, 2.2),
        dataset="mnist",
        **L2_BPFF,
    ),
    "bp-weights-balanced": where("balance", "positive_fraction", 0.6, model="bp", layer=2),
    "different-inhibition": where("balance", "positive_fraction", 0.51, **L2_BPFF),
    "regularised-bp-is-sparse": where(
        "sparsity", "sparsity", 0.7, study="l1-regularised", dataset="mnist", layer=2
    ),
    "regularised-bp-ensembles-overlap": with_units("mnist", "bp", "l1-regularised", range(100)),
    "ff-ensembles-are-disjoint": with_units("mnist", "ff", "main", range(101)),
    "svcca-varies-least": where("similarity", "value", 0.5, metric="dCor"),
    "layer-1-most-similar": where("similarity", "value", 0.0, layer_a=1),
    "ff-and-bpff-most-similar-in-layer-2": where(
        "similarity", "value", 0.99, dataset="svhn", metric="CKA", model_b="bp", layer_a=2
    ),
    "not-so-in-layer-3": where("similarity", "value", 1.0, model_b="bpff", layer_a=3),
    "early-layers-more-similar": where("layer_similarity", "value", 0.75, layer_a=2, layer_b=3),
    "narrowest-gap-on-fashionmnist": where(
        "layer_similarity", "value", 0.65, dataset="svhn", layer_a=2, layer_b=3
    ),
    "l1-accuracy-comparable": where(
        "accuracy", "accuracy", 0.9, study="l1-goodness", dataset="mnist"
    ),
    "l1-sparsity-consistent": where(
        "sparsity", "sparsity", 0.4, study="l1-goodness", dataset="mnist", model="ff"
    ),
    "l1-raises-sparsity-of-last-layer": where(
        "sparsity",
        "sparsity",
        # Higher by a tenth of the spread over runs.
        lambda rows, column: 0.1311 + 0.01 * (rows["seed"] - 4.5) / 4.5,
        study="l1-goodness",
        dataset="mnist",
        model="bpff",
        layer=3,
    ),
}


def test_there_is_a_way_to_spoil_every_claim() -> None:
    assert set(SPOILT) == {claim.id for claim in CLAIMS}
    assert len(CLAIMS) == len(SPOILT)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_holds_on_the_papers_numbers(claim: Claim, results: pd.DataFrame) -> None:
    found = results[results["claim"] == claim.id]
    assert set(found["verdict"]) == {HOLDS}, found.to_string()
    assert set(found["dataset"]) == ({"all"} if claim.pooled else set(claim.on))
    assert (found["figures"].str.contains(r"\d") | found["figures"].str.contains("with")).all()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_fails_when_spoilt(claim: Claim, papers: Evidence) -> None:
    spoilt = SPOILT[claim.id](papers)
    assert set(evaluate(spoilt, [claim])["verdict"]) == {FAILS}


@pytest.fixture(scope="module")
def untrained() -> Evidence:
    return untrained_world.world()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_fails_on_untrained_networks(claim: Claim, untrained: Evidence) -> None:
    found = evaluate(untrained, [claim])
    assert set(found["verdict"]) == {FAILS}
    # Not on one dataset alone: these networks have nothing of what the paper says.
    assert not found["true"].any(), found.to_string()


# Statements that set FF or BP/FF against BP: with BP in their place they are false.
AGAINST_BP = {
    "sparser-than-bp",
    "goodness-layers-sparse",
    "sparsity-by-goodness-not-by-backprop",
    "only-last-layer-of-bpff-not-sparse",
    "sparser-than-bp-in-each-category",
    "bp-a-third-as-sparse",
    "comparable-sparsity",
    "ensembles-are-small",
    "comparable-ensemble-sizes",
    "bp-probes-are-best",
    "ff-positive-weights-dominate",
    "ff-units-mostly-excitatory",
    "ff-biases-strongly-negative",
    "other-biases-near-zero",
    "bpff-weights-bimodal",
    "bp-weights-balanced",
    "different-inhibition",
    "regularised-bp-is-sparse",
}


@pytest.mark.parametrize("name", sorted(AGAINST_BP))
def test_claim_fails_with_bp_in_place_of_ff_and_bpff(name: str, papers: Evidence) -> None:
    frames = dict(papers.frames)
    for kind in ("accuracy", "sparsity", "balance", "probes", "training_sparsity"):
        table = frames[kind]
        of_bp = table[table["model"] == "bp"]
        frames[kind] = pd.concat([of_bp.assign(model=model) for model in ("ff", "bpff", "bp")])
    assert set(evaluate(Evidence(frames), [claim_named(name)])["verdict"]) == {FAILS}


def claim_named(name: str) -> Claim:
    (found,) = (claim for claim in CLAIMS if claim.id == name)
    return found


def verdicts_on(evidence: Evidence, *names: str) -> pd.Series:
    """Return the verdict of each of some claims."""
    results = evaluate(evidence, [claim_named(name) for name in names])
    return results.drop_duplicates("claim").set_index("claim")["verdict"]


def test_nothing_is_tested_without_evidence() -> None:
    results = evaluate(Evidence({}))
    assert set(results["verdict"]) == {NOT_TESTED}
    assert len(results) == len(CLAIMS)


def renamed(evidence: Evidence, old: str, new: str) -> Evidence:
    frames = {name: frame[frame["dataset"] == old] for name, frame in evidence.frames.items()}
    return Evidence({name: frame.assign(dataset=new) for name, frame in frames.items()})


def test_on_other_data_only_claims_without_names_are_tested(papers: Evidence) -> None:
    results = evaluate(renamed(papers, "fashionmnist", "digits"))
    tested = set(results.loc[results["verdict"] != NOT_TESTED, "claim"])
    named = {claim.id for claim in CLAIMS if claim.named}
    assert not tested & named
    assert {
        "sparser-than-bp",
        "unseen-categories-form-ensembles",
        "l1-accuracy-comparable",
    } <= tested


def test_a_claim_about_mnist_is_not_tested_on_fashionmnist(papers: Evidence) -> None:
    other = renamed(papers, "fashionmnist", "fashionmnist")
    (verdict,) = evaluate(other, [claim_named("ff-ensembles-are-disjoint")])["verdict"]
    assert verdict == NOT_TESTED


def test_a_claim_is_dropped_where_its_runs_are_missing(papers: Evidence) -> None:
    frames = {name: frame for name, frame in papers.frames.items() if name != "balance"}
    verdicts = verdicts_on(Evidence(frames), "ff-biases-strongly-negative", "sparser-than-bp")
    assert verdicts.to_list() == [NOT_TESTED, HOLDS]


@pytest.mark.parametrize("layers", [1, 2])
def test_claims_about_layers_that_networks_lack_are_dropped(layers, papers: Evidence) -> None:
    def shallow(frame: pd.DataFrame) -> pd.DataFrame:
        named = [name for name in ("layer", "layer_a", "layer_b") if name in frame]
        return frame[(frame[named].astype(float) <= layers).all(axis=1)]

    evidence = Evidence({name: shallow(frame) for name, frame in papers.frames.items()})
    named = ["only-last-layer-of-bpff-not-sparse", "layer-2-less-sparse-on-fashionmnist-only"]
    every = [claim.id for claim in CLAIMS]  # none of which ends with an error
    verdicts = verdicts_on(
        evidence, *(every if layers == 1 else [*named, "ff-ensembles-are-disjoint"])
    )
    assert (verdicts[named[0]] == NOT_TESTED) == (layers == 1)
    assert verdicts[named[1]] == NOT_TESTED
    assert verdicts["ff-ensembles-are-disjoint"] == HOLDS


def test_one_false_dataset_makes_a_claim_fail_and_is_named(papers: Evidence) -> None:
    spoilt = where("sparsity", "sparsity", 0.6, dataset="svhn", model="bpff", layer=3)(papers)
    claim = claim_named("only-last-layer-of-bpff-not-sparse")
    results = evaluate(spoilt, [claim])
    assert results.set_index("dataset")["true"].to_dict() == {
        **dict.fromkeys(PAPER, True),
        "svhn": False,
    }
    page = claims_page(results)
    assert "<strong>SVHN</strong> ✗ S 0.783 / 0.950 / 0.600" in page
    assert "<strong>MNIST</strong> S 0.895 / 0.747 / 0.131" in page


def test_what_was_not_trained_as_the_paper_says_is_told_with_what_is_tested_on_it(
    papers: Evidence,
) -> None:
    departures = [("mnist", "ff", "epochs 5 instead of 1200"), ("mnist", "bp", "layers 2")]
    claims = [claim_named(k) for k in ("ff-biases-strongly-negative", "few-insignificant-units")]
    results = evaluate(papers, claims, departures)
    told = results.set_index("dataset")["departures"]
    words = "MNIST, FF: epochs 5 instead of 1200. MNIST, BP: layers 2"
    assert told.to_dict() == {**dict.fromkeys(PAPER, ""), "mnist": words, "all": words}
    page = claims_page(results, departed(departures))
    assert f"Not trained with the paper&#39;s settings: {words}." in page
    assert "<strong>MNIST †</strong>" in page and "<strong>SVHN</strong>" in page
    assert "†" not in claims_page(evaluate(papers, claims))


def test_a_claim_that_cannot_be_tested_says_why_and_ends_no_other(papers: Evidence) -> None:
    """All test images are of the category held out, so that it shares units with no other."""
    frames = dict(renamed(papers, "fashionmnist", "digits").frames)
    for name in ("sizes", "members"):
        frames[name] = frames[name][frames[name]["category"] == 0]
    claims = [claim_named(k) for k in ("unseen-ensembles-share-units", "sparser-than-bp")]
    results = evaluate(Evidence(frames), claims)
    verdicts = results.drop_duplicates("claim").set_index("claim")
    found = verdicts.loc["unseen-ensembles-share-units"]
    assert found["verdict"] == NOT_TESTED
    assert found["figures"].startswith("cannot be tested: no category was measured beside 0")
    assert verdicts.loc["sparser-than-bp", "verdict"] == HOLDS
    page = claims_page(results)
    assert "</strong> cannot be tested: no category was measured beside 0" in page


def test_nothing_divided_by_nothing_decides_no_claim(papers: Evidence) -> None:
    dense = where("sparsity", "sparsity", 0.0, dataset="mnist", study="main", layer=1)(papers)
    (found,) = evaluate(dense, [claim_named("bp-a-third-as-sparse")]).to_dict("records")
    assert found["verdict"] == NOT_TESTED and "cannot be tested: " in found["figures"]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("models", [["ff"], ["ff", "bpff"]])
def test_ensembles_without_units_are_of_no_comparable_size(models, papers: Evidence) -> None:
    spoilt = papers.of("mnist")
    for model in models:
        spoilt = where("sizes", "size", 0, dataset="mnist", model=model)(spoilt)
    claim = claim_named("comparable-ensemble-sizes")
    assert set(evaluate(spoilt, [claim])["verdict"]) == {FAILS}


def killed(evidence: Evidence, dataset: str, model: str, seeds: set[int]) -> Evidence:
    """Return evidence on networks whose activations are all zero; their weights stay."""
    table = evidence.frames["sparsity"].assign(silent=0)
    dead = (table["dataset"] == dataset) & (table["model"] == model) & table["seed"].isin(seeds)
    table.loc[dead, "silent"] = table.loc[dead, "images"]
    table.loc[dead, "sparsity"] = np.nan
    return Evidence({**evidence.frames, "sparsity": table})


def test_no_claim_holds_by_a_dead_network(papers: Evidence) -> None:
    """Its biases are negative indeed, -259 where the learning rate was 100."""
    dead = killed(papers.of("mnist"), "mnist", "ff", set(range(99)))
    results = evaluate(dead).set_index("claim")
    (alive,) = verdicts_on(papers.of("mnist"), "ff-biases-strongly-negative")
    assert alive == HOLDS
    for name in ("ff-biases-strongly-negative", "ff-ensembles-are-disjoint", "sparser-than-bp"):
        assert results.loc[name, "verdict"] == NOT_TESTED, name
        assert (
            "cannot be tested: a layer answers no image, or all alike, in FF in study main"
            in results.loc[name, "figures"]
        )
    holding = results[results["verdict"] == HOLDS]
    assert not any("FF" in words.replace("BP/FF", "") for words in holding["statement"])
    assert results.loc["only-last-layer-of-bpff-not-sparse", "verdict"] == HOLDS
    assert results.loc["larger-on-complex-datasets", "figures"] == ""  # for want of datasets


def test_dead_runs_do_not_count_beside_others(papers: Evidence) -> None:
    claims = [claim_named(k) for k in ("sparser-than-bp", "l1-raises-sparsity-of-last-layer")]
    whole = papers.of("mnist")
    found = evaluate(killed(whole, "mnist", "ff", {1}), claims)
    assert found["verdict"].tolist() == [HOLDS, HOLDS]


def test_other_data_do_not_decide_beside_the_papers(papers: Evidence) -> None:
    spoilt = where("sparsity", "sparsity", 0.6, dataset="svhn", model="bpff", layer=3)(papers)
    digits = spoilt.frames["sparsity"].replace({"dataset": {"svhn": "digits"}})
    claim = claim_named("only-last-layer-of-bpff-not-sparse")
    beside = evaluate(Evidence({"sparsity": digits}), [claim])
    assert set(beside["verdict"]) == {HOLDS}
    assert beside.set_index("dataset")["true"]["digits"] == False  # noqa: E712
    alone = evaluate(Evidence({"sparsity": digits[digits["dataset"] == "digits"]}), [claim])
    assert set(alone["verdict"]) == {FAILS}
    assert "does not count against the paper" in claims_page(alone)
    assert "does not count against the paper" not in claims_page(beside)


def test_a_category_without_images_is_not_passed_over(papers: Evidence) -> None:
    frames = dict(papers.frames)
    for name in ("sparsity", "sizes", "members"):
        table = frames[name]
        gone = (table["model"] == "ff") & (table["study"] == "main")
        gone &= (table["dataset"] == "mnist") & (table["category"] == 4).fillna(False)
        frames[name] = table[~gone]
    for name, verdict in (
        ("sparser-than-bp-in-each-category", NOT_TESTED),
        ("ff-ensembles-are-disjoint", FAILS),
        ("larger-on-complex-datasets", NOT_TESTED),
    ):
        assert set(evaluate(Evidence(frames), [claim_named(name)])["verdict"]) == {verdict}


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


def on_grid(values: np.ndarray, inputs: int = 1000) -> np.ndarray:
    return np.round(values * inputs) / inputs


def test_the_dip_test_tells_one_mode_from_two() -> None:
    rng = np.random.default_rng(0)
    sides = np.where(np.arange(1000) % 2, 0.35, 0.55)
    assert balance.dip_p_value(on_grid(sides + rng.normal(0, 0.03, 1000))) < 0.001
    for one_mode in (rng.beta(0.9, 2.2, 1000), rng.normal(0.5, 0.02, 1000), np.full(9, 0.5)):
        assert balance.dip_p_value(on_grid(one_mode)) > 0.5


def test_some_of_the_papers_datasets_do_not_decide_a_claim_about_all(papers: Evidence) -> None:
    for claim in (claim for claim in CLAIMS if claim.pooled):
        found = evaluate(papers.of("mnist", "fashionmnist", "cifar10"), [claim])
        assert set(found["verdict"]) == {NOT_TESTED}


def test_other_data_have_no_voice_in_a_claim_about_all_datasets(papers: Evidence) -> None:
    """Many units of other data are insignificant; of the paper's, 1 in 1000."""
    other = papers.of("cifar10").frames["significance"].assign(dataset="digits", p_value=1.0)
    digits = {
        name: frame.assign(dataset="digits") for name, frame in papers.of("cifar10").frames.items()
    }
    digits["significance"] = other
    claim = claim_named("few-insignificant-units")
    alone = evaluate(Evidence(digits), [claim])
    assert set(alone["verdict"]) == {FAILS}
    both = {name: pd.concat([papers.frames[name], digits[name]]) for name in digits}
    found = evaluate(Evidence(both), [claim])
    assert set(found["verdict"]) == {HOLDS}
    assert found["figures"].item() == "20 of 20,000 (0.10%)"


def test_nine_of_the_ten_cases_do_not_decide_a_claim_about_all(papers: Evidence) -> None:
    frames = {
        name: frame[frame["study"] != "without-7"] if "study" in frame else frame
        for name, frame in papers.frames.items()
    }
    about_cases = [c.id for c in CLAIMS if c.on == ("fashionmnist",) and "unseen" in c.id]
    about_cases += ["probes-close-to-baseline", "bp-probes-are-best"]
    assert len(about_cases) == 9
    assert set(verdicts_on(Evidence(frames), *about_cases)) == {NOT_TESTED}
    nine = renamed(Evidence(frames), "fashionmnist", "digits")
    (verdict,) = verdicts_on(nine, "unseen-categories-form-ensembles")
    assert verdict == HOLDS


def test_the_papers_count_of_units_includes_the_third_layer_of_ff_on_svhn() -> None:
    """457,000 units in all: ten runs and ten categories of the sizes in Table 3."""
    table = in_study(3, "main", "percent").dropna(subset=["percent"])
    sparsity = in_study(2, "main", "sparsity")
    table = table.merge(sparsity, on=["model", "layer", "dataset"])
    table["sparse"] = table["sparsity"] >= 0.5
    units = table["dataset"].map({"mnist": 1000, "fashionmnist": 1000}).fillna(3072)
    count = table["percent"] / 100 * units * 10 * 10
    assert count[has_ensembles(table)].sum() == pytest.approx(457_000, abs=1000)
    assert count[table["sparse"]].sum() < 450_000


def test_evidence_is_read_from_files(tmp_path: Path) -> None:
    run = {"dataset": "mnist", "model": "ff", "study": "main"}
    ensembles = members()
    for column, value in run.items():
        ensembles = ensembles[ensembles[column] == value]
    ensembles = pd.concat([ensembles.assign(active=True), ensembles.assign(active=False, layer=2)])
    ensembles = with_held_out(ensembles.assign(loo=0.1))
    write_parquet(ensembles, tmp_path / "ensembles.parquet")
    write_parquet(
        in_study(2, "main", "sparsity").assign(category=pd.NA), tmp_path / "sparsity.parquet"
    )
    found = evidence.load(
        {
            "sizes": [tmp_path / "ensembles.parquet"],
            "members": [tmp_path / "ensembles.parquet"],
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


def sizes_of(model: str, *layers: int) -> Spoil:
    """Give all ensembles of a model on MNIST these sizes, layer by layer."""

    def spoil(evidence: Evidence) -> Evidence:
        for layer, size in enumerate(layers, 1):
            evidence = where("sizes", "size", size, dataset="mnist", model=model, layer=layer)(
                evidence
            )
        return evidence

    return spoil


def test_sizes_that_differ_in_opposite_ways_do_not_make_up_for_each_other(papers: Evidence) -> None:
    crossed = sizes_of("ff", 200, 20)(sizes_of("bpff", 20, 200)(papers))
    results = evaluate(crossed, [claim_named("comparable-ensemble-sizes")])
    assert results.set_index("dataset")["true"].to_dict() == {
        **dict.fromkeys(PAPER, True),
        "mnist": False,
    }


@pytest.mark.parametrize("gap", [0.1, 0.16, 0.2, 0.25, 0.3])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1)])
def test_no_difference_is_both_clear_and_comparable(gap, signs, papers: Evidence) -> None:
    spoilt = papers
    for layer, sign in enumerate(signs, 1):
        of_layer = {"model": "bpff", "layer": layer, "dataset": "mnist", "study": "main"}
        change = where("sparsity", "sparsity", 0.7 + sign * gap / 2, **of_layer)
        other = where("sparsity", "sparsity", 0.7 - sign * gap / 2, **{**of_layer, "model": "ff"})
        spoilt = other(change(spoilt))
    (comparable,) = evaluate(spoilt.of("mnist"), [claim_named("comparable-sparsity")])["true"]
    assert comparable == (gap < sparsity.CLEAR)


def test_unseen_ensembles_that_are_nearly_always_larger_are_not_of_the_usual_size(
    papers: Evidence,
) -> None:
    larger = papers
    for k in range(9):
        change = where("sizes", "size", 90, study=f"without-{k}", category=k)
        larger = change(larger)
    (found,) = evaluate(larger, [claim_named("unseen-ensembles-have-usual-sizes")]).to_dict(
        "records"
    )
    assert not found["true"]
    assert "median 1.80, larger in 9" in found["figures"]


def test_units_that_chance_would_share_are_not_sharing(papers: Evidence) -> None:
    """Every unseen ensemble shares a few units with every other: as many as are expected."""
    table = papers.frames["members"]
    rng = np.random.default_rng(0)
    rest = table[~table["study"].str.startswith("without-")]
    rows = [
        {"dataset": "fashionmnist", "model": "ff", "study": f"without-{k}", "seed": 0, "layer": 1,
         "category": category, "unit": unit, "mean": 1.0}
        for k in range(10)
        for category in range(10)
        for unit in rng.choice(1000, 50, replace=False)
    ]  # fmt: skip
    spoilt = Evidence({**papers.frames, "members": pd.concat([rest, pd.DataFrame(rows)])})
    (found,) = evaluate(spoilt, [claim_named("unseen-ensembles-share-units")]).to_dict("records")
    assert not found["true"]
    assert "0 of 10 cases" in found["figures"] or "1 of 10 cases" in found["figures"]
