"""What the paper says in prose, as checks: each statement with the number that decides it.

A check's docstring is the statement, in our words. It sees the evidence on one dataset (`pooled`
ones see all), and returns whether the statement is true there, and the figures behind that. Where
the paper is vague the statement names the threshold taken. docs/scorecard.md says how the verdict
of a claim comes about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ffensembles.printing.names import CATEGORIES, DATASETS, MODELS
from ffensembles.tables.summaries import INSIGNIFICANT_P, SPARSE, is_sparse
from ffensembles.verdict.evidence import Evidence, Missing

PAPER = ("mnist", "fashionmnist", "svhn", "cifar10")
GOODNESS = ("ff", "bpff")  # the models that optimise goodness
PAIRS = ("ff-bpff", "ff-bp", "bpff-bp")
METRICS = ("SVCCA", "CKA", "dCor")

Finding = tuple[bool | np.bool_, str]  # is it true, and the figures behind it


@dataclass(frozen=True)
class Claim:
    """A statement of the paper and its check."""

    id: str
    section: str
    gist: str
    check: Callable[[Evidence], Finding]
    on: tuple[str, ...] = PAPER  # the paper's datasets that it speaks of
    named: bool = False  # it names datasets or categories, so says nothing of other data
    pooled: bool = False  # it is about all datasets together

    def applies_to(self, dataset: str) -> bool:
        """Say whether the statement is about this dataset, or about any data."""
        return dataset in self.on or (dataset not in PAPER and not self.named)


CLAIMS: list[Claim] = []


def claim(
    section: str, **scope: object
) -> Callable[[Callable[[Evidence], Finding]], Callable[[Evidence], Finding]]:
    """Add the decorated check to `CLAIMS`: its name is the id, its docstring the statement."""

    def add(check: Callable[[Evidence], Finding]) -> Callable[[Evidence], Finding]:
        name = check.__name__.replace("_", "-")
        gist = " ".join((check.__doc__ or "").split())
        CLAIMS.append(Claim(name, section, gist, check, **scope))  # type: ignore[arg-type]
        return check

    return add


MNIST = {"on": ("mnist",)}
FASHION = {"on": ("fashionmnist",)}


def f(values: ArrayLike, form: str = ".3f") -> str:
    """Format figures: one, or several with a slash between."""
    return " / ".join(format(value, form) for value in np.atleast_1d(np.asarray(values)))


# --- Sparsity -----------------------------------------------------------------------------------


@claim("4.2")
def sparser_than_bp(e: Evidence) -> Finding:
    """FF in every layer, and BP/FF in all but its last, are sparser than BP there."""
    ff, bpff, bp = e.by_layer("ff"), e.by_layer("bpff"), e.by_layer("bp")
    pairs = [*zip(ff, bp, strict=True), *zip(bpff[:-1], bp[:-1], strict=True)]
    figures = f"FF {f(ff)}; BP/FF {f(bpff)}; BP {f(bp)}"
    return all(goodness > cross_entropy for goodness, cross_entropy in pairs), figures


@claim("4.2")
def goodness_layers_sparse(e: Evidence) -> Finding:
    """Goodness makes layers highly sparse: S ≥ 0.5 in four of five, BP/FF's last aside."""
    layers = [*e.by_layer("ff"), *e.by_layer("bpff")[:-1]]
    share = np.mean(np.array(layers) >= SPARSE)
    figures = f"{share:.0%} of {len(layers)} layers, the least sparse S {min(layers):.3f}"
    return share >= 0.8, figures


@claim("4.2")
def bp_not_sparse(e: Evidence) -> Finding:
    """Sparsity does not arise by itself in BP: S < 0.5 on average over its layers."""
    bp = e.by_layer("bp")
    return np.mean(bp) < SPARSE, f"S {f(bp)}"


@claim("Table 3, App. E")
def bpff_last_layer_not_sparse(e: Evidence) -> Finding:
    """The third (last) layer of BP/FF is non-sparse."""
    last = e.by_layer("bpff")[-1]
    return last < SPARSE, f"S {last:.3f}"


@claim("Figure 2", **MNIST)
def sparser_than_bp_in_each_category(e: Evidence) -> Finding:
    """In every single category FF, and BP/FF but for its last layer, are sparser than BP."""
    gaps = [
        e.sparsity(model, layer, category=category) - e.sparsity("bp", layer, category=category)
        for model in GOODNESS
        for layer in e.layers(model)[: -1 if model == "bpff" else None]
        for category in e.categories(model, layer)
    ]
    return min(gaps) > 0, f"smallest difference in S {min(gaps):.3f}, of {len(gaps)}"


@claim("App. F", **MNIST, named=True)
def bp_a_third_as_sparse(e: Evidence) -> Finding:
    """Layer 1 of BP is about a third as sparse as that of FF."""
    ratio = e.sparsity("bp", 1) / e.sparsity("ff", 1)
    return 0.25 <= ratio <= 0.42, f"ratio of S {ratio:.2f}"


@claim("App. J.2", **FASHION, named=True)
def layer_2_less_sparse_than_3(e: Evidence) -> Finding:
    """On FASHIONMNIST FF's layer 2 is less sparse than layer 3."""
    second, third = e.sparsity("ff", 2), e.sparsity("ff", 3)
    return second < third, f"S {second:.3f} < {third:.3f}"


@claim("App. J.2", on=("mnist", "svhn", "cifar10"), named=True)
def layer_2_sparser_than_3(e: Evidence) -> Finding:
    """On no other dataset is FF's layer 2 less sparse than layer 3."""
    second, third = e.sparsity("ff", 2), e.sparsity("ff", 3)
    return second >= third, f"S {second:.3f} and {third:.3f}"


@claim("4.5")
def comparable_sparsity(e: Evidence) -> Finding:
    """FF and BP/FF are comparably sparse where both are: S within 0.25 of each other."""
    gaps = np.subtract(e.by_layer("ff")[:-1], e.by_layer("bpff")[:-1])
    return np.abs(gaps).max() <= 0.25, f"FF − BP/FF {f(gaps, '+.3f')}"


@claim("3.5")
def extends_to_training_data(e: Evidence) -> Finding:
    """Sparsity is the same on training data: within 0.05 of that on test data."""
    gaps = {
        model: np.subtract(e.by_layer(model, images="training_sparsity"), e.by_layer(model))
        for model in GOODNESS
    }
    figures = "; ".join(f"{MODELS[m]} training − test {f(gap, '+.3f')}" for m, gap in gaps.items())
    return max(np.abs(gap).max() for gap in gaps.values()) <= 0.05, figures


# --- Ensembles ----------------------------------------------------------------------------------


@claim("4.2")
def ensembles_are_small(e: Evidence) -> Finding:
    """Ensembles are small: at most a quarter of a sparse layer, a tenth or less in some."""
    percents = [
        e.ensemble_percent(model, layer)
        for model in GOODNESS
        for layer, sparsity in zip(e.layers(model), e.by_layer(model), strict=True)
        if sparsity >= SPARSE
    ]
    if not percents:
        raise Missing("no layer is sparse")
    figures = f"{min(percents):.1f} % to {max(percents):.1f} % of {len(percents)} sparse layers"
    return max(percents) <= 25 and min(percents) <= 10, figures


@claim("4.2", named=True, pooled=True)
def larger_on_complex_datasets(e: Evidence) -> Finding:
    """FF's ensembles tend to be larger on SVHN and CIFAR10 than on MNIST and FASHIONMNIST."""
    mean = {
        name: np.mean([e.of(name).ensemble_percent("ff", n) for n in e.of(name).layers("ff")])
        for name in PAPER
    }
    simple = (mean["mnist"] + mean["fashionmnist"]) / 2
    complex_ = (mean["svhn"] + mean["cifar10"]) / 2
    return complex_ > simple, f"{simple:.1f} % and {complex_:.1f} %, mean over layers"


UPPER_GARMENTS = {"Pullover", "Coat", "Shirt"}


def similar_share_most(e: Evidence, study: str) -> Finding:
    """Is the overlap among pullover, coat and shirt twice that among all other pairs, or more?"""
    overlaps = e.overlaps("ff", study)
    names = CATEGORIES["fashionmnist"]
    similar = [{names[a], names[b]} <= UPPER_GARMENTS for a, b in overlaps[["a", "b"]].to_numpy()]
    among = overlaps.loc[similar, "jaccard"].mean()
    others = overlaps.loc[~np.array(similar), "jaccard"].mean()
    return (
        among > 0 and among >= 2 * others,
        f"Jaccard {among:.3f} among them, {others:.3f} elsewhere",
    )


@claim("4.3", **FASHION, named=True)
def similar_categories_share_units(e: Evidence) -> Finding:
    """Pullover, coat and shirt share units in FF's layer 1, twice as many as other pairs."""
    return similar_share_most(e, "main")


@claim("App. K", **FASHION, named=True)
def similar_categories_share_units_with_l1(e: Evidence) -> Finding:
    """With ℓ1 goodness, pullover, coat and shirt share units too."""
    return similar_share_most(e, "l1-goodness")


@claim("5", **FASHION)
def units_in_several_ensembles(e: Evidence) -> Finding:
    """Single units belong to ensembles of several categories (mixed selectivity)."""
    members = e.rows("members", model="ff", study="main", layer=1)
    share = (members.groupby(["seed", "unit"])["category"].nunique() > 1).mean()
    return share > 0, f"{share:.1%} of the units in any layer-1 ensemble of FF"


def assigned_units(e: Evidence) -> pd.DataFrame:
    """Return the p-values of all units assigned to ensembles in sparse layers of FF and BP/FF."""
    rows = e.rows("significance", study="main")
    rows = rows[rows["model"].isin(GOODNESS)]
    keys = ["dataset", "model", "layer"]
    layers = rows[keys].drop_duplicates()
    layers = layers[is_sparse(layers, e.rows("sparsity", study="main")).fillna(False)]
    rows = rows.merge(layers, on=keys)
    if rows.empty:
        raise Missing("no layer is sparse")
    return rows


@claim("App. D", pooled=True)
def few_insignificant_units(e: Evidence) -> Finding:
    """About 1 in 1000 units in ensembles of sparse layers has p > 0.05; here: at most 2."""
    units = assigned_units(e)
    above = int((units["p_value"] > INSIGNIFICANT_P).sum())
    return above <= 0.002 * len(units), f"{above:,} of {len(units):,} ({above / len(units):.2%})"


@claim("App. D", named=True, pooled=True)
def insignificant_units_in_one_place(e: Evidence) -> Finding:
    """Most units with p > 0.05 are in layer 2 of BP/FF on CIFAR10."""
    units = assigned_units(e)
    if not set(PAPER) <= set(units["dataset"]):
        raise Missing("all four datasets are needed")
    above = units[units["p_value"] > INSIGNIFICANT_P]
    there = (above["dataset"] == "cifar10") & (above["model"] == "bpff") & (above["layer"] == 2)
    return there.sum() > 0.5 * len(above), f"{there.sum():,} of {len(above):,}"


# --- Unseen categories --------------------------------------------------------------------------


def unseen(e: Evidence) -> pd.DataFrame:
    """Compare layer-1 ensembles of FF without each category, unseen against seen.

    Returns:
        By unseen category: percent (size, in % of the layer), seen_percent (mean), activation and
        seen_activation (mean x̄ over the members), shared (most units shared with one seen
        category), partner (that category).
    """
    found = []
    for k in e.missing_categories("sizes", "ff"):
        wanted = {"model": "ff", "study": f"without-{k}", "layer": 1}
        sizes = e.rows("sizes", **wanted)
        percent = (100 * sizes["size"] / sizes["units"]).groupby(sizes["category"]).mean()
        members = e.rows("members", **wanted)
        activation = members.groupby("category")["mean"].mean()
        pairs = e.overlaps("ff", f"without-{k}")
        pairs = pairs[(pairs["a"] == k) | (pairs["b"] == k)]
        partners = pairs.assign(other=pairs["a"] + pairs["b"] - k)
        shared = partners.groupby("other")["shared"].mean()
        found.append(
            {
                "category": k,
                "percent": percent.get(k, 0.0),
                "seen_percent": percent.drop(k, errors="ignore").mean(),
                "activation": activation.get(k, np.nan),
                "seen_activation": activation.drop(k, errors="ignore").mean(),
                "shared": shared.max(),
                "partner": shared.idxmax(),
            }
        )
    return pd.DataFrame(found).set_index("category")


@claim("4.4, App. G", **FASHION)
def unseen_categories_form_ensembles(e: Evidence) -> Finding:
    """In all cases a category that FF never saw forms an ensemble."""
    percent = unseen(e)["percent"]
    formed = percent > 0
    return formed.all(), f"{formed.sum()} of {len(percent)}, {f(percent, '.1f')} % of the units"


@claim("4.4", **FASHION)
def unseen_ensembles_have_usual_sizes(e: Evidence) -> Finding:
    """Ensembles of unseen categories have the size of others, within a factor of three."""
    cases = unseen(e)
    ratio = cases["percent"] / cases["seen_percent"]
    return ratio.between(1 / 3, 3).all(), f"unseen / seen {f(ratio, '.2f')}"


@claim("4.4, Figure 4", **FASHION)
def unseen_ensembles_are_weaker(e: Evidence) -> Finding:
    """Units in ensembles of unseen categories are less active, in four of five cases or more."""
    cases = unseen(e)
    ratio = cases["activation"] / cases["seen_activation"]
    return (ratio < 1).mean() >= 0.8, f"mean activation, unseen / seen {f(ratio, '.2f')}"


@claim("4.4, App. G", **FASHION)
def unseen_ensembles_share_units(e: Evidence) -> Finding:
    """In several cases (half or more) unseen categories share units with seen ones."""
    shared = unseen(e)["shared"]
    return (shared > 0).mean() >= 0.5, f"units shared with the nearest {f(shared, '.0f')}"


RELATED = {  # the three cases of Figures 10 and 11, and what is like them
    "Pullover": {"T-shirt/top", "Dress", "Coat", "Shirt"},
    "Coat": {"T-shirt/top", "Pullover", "Dress", "Shirt"},
    "Ankle boot": {"Sandal", "Sneaker"},
}


@claim("App. G, Figure 11", **FASHION, named=True)
def unseen_ensembles_share_with_related(e: Evidence) -> Finding:
    """Unseen pullover, coat and ankle boot share most units with garments or shoes like them."""
    names = CATEGORIES["fashionmnist"]
    cases = unseen(e)
    cases = cases[[names[k] in RELATED for k in cases.index]]
    if len(cases) < len(RELATED):
        raise Missing("pullover, coat and ankle boot")
    found = zip(cases.index, cases["partner"], cases["shared"], strict=True)
    partner = {names[k]: names[other] if shared else "none" for k, other, shared in found}
    right = all(other in RELATED[k] for k, other in partner.items())
    return right, "; ".join(f"{k} with {other}" for k, other in partner.items())


# --- Linear probes ------------------------------------------------------------------------------


def on_missing(e: Evidence, model: str) -> list[float]:
    """Return the accuracy of the probes on each category that the model never saw."""
    return [
        e.probe(model, f"without-{k}", category=k) for k in e.missing_categories("probes", model)
    ]


@claim("App. H", **FASHION)
def probes_recover_unseen_categories(e: Evidence) -> Finding:
    """Probes read unseen categories well (accuracy ≥ 0.6) in four of five cases."""
    scores = {model: np.array(on_missing(e, model)) for model in MODELS}
    figures = "; ".join(f"{MODELS[model]} {f(score, '.2f')}" for model, score in scores.items())
    return all((score >= 0.6).mean() >= 0.8 for score in scores.values()), figures


@claim("5", **FASHION)
def unseen_read_as_well_as_seen(e: Evidence) -> Finding:
    """FF's unseen categories are read almost as well as the seen: within 0.1 on average."""
    missing = e.missing_categories("probes", "ff")
    gaps = []
    for k in missing:
        rows = e.rows("probes", model="ff", study=f"without-{k}")
        seen = rows[(rows["category"].notna()) & (rows["category"] != k)]["accuracy"].mean()
        gaps.append(seen - e.probe("ff", f"without-{k}", category=k))
    return np.mean(gaps) <= 0.1, f"seen − unseen {np.mean(gaps):+.3f}, {len(missing)} cases"


@claim("App. H", **FASHION)
def probes_close_to_baseline(e: Evidence) -> Finding:
    """Over all categories, leaving one out costs the probes 0.02 or less."""
    costs = [
        e.probe(model, "main")
        - np.mean([e.probe(model, f"without-{k}") for k in e.missing_categories("probes", model)])
        for model in MODELS
    ]
    return max(costs) <= 0.02, f"baseline − average, FF / BP/FF / BP {f(costs, '+.3f')}"


@claim("5", **FASHION)
def bp_probes_are_best(e: Evidence) -> Finding:
    """On unseen categories the probes of BP are the most accurate."""
    ff, bpff, bp = (np.mean(on_missing(e, model)) for model in ("ff", "bpff", "bp"))
    return bp > max(ff, bpff), f"FF / BP/FF / BP {f([ff, bpff, bp])}"


# --- Excitation and inhibition ------------------------------------------------------------------


@claim("4.5")
def ff_weights_balanced_to_positive(e: Evidence) -> Finding:
    """FF's weights in layer 2 are balanced to positive: ρ⁺ ≥ 0.45."""
    mean = e.positive_fractions("ff", 2).mean()
    return mean >= 0.45, f"ρ⁺ {mean:.3f}"


@claim("Figure 5", **MNIST, named=True)
def ff_units_mostly_excitatory(e: Evidence) -> Finding:
    """Most of FF's units in layer 2 have 65–75 % positive weights."""
    share = e.positive_fractions("ff", 2).between(0.645, 0.755).mean()
    return share > 0.5, f"{share:.0%} of the units"


@claim("4.5")
def ff_biases_strongly_negative(e: Evidence) -> Finding:
    """FF's biases are strongly negative: β ≤ −0.1 in every layer."""
    bias = e.biases("ff")
    return (bias <= -0.1).all(), f"β {f(bias)}"


@claim("4.5")
def other_biases_near_zero(e: Evidence) -> Finding:
    """The biases of BP/FF and BP are close to zero: |β| < 0.1 in every layer."""
    bias = {model: e.biases(model) for model in ("bpff", "bp")}
    figures = "; ".join(f"{MODELS[model]} β {f(each)}" for model, each in bias.items())
    return all((each.abs() < 0.1).all() for each in bias.values()), figures


@claim("Figure 5", **MNIST)
def bpff_weights_bimodal(e: Evidence) -> Finding:
    """BP/FF's ρᵢ⁺ in layer 2 is bimodal, with units on both sides of balance.

    Taken to mean: Sarle's coefficient is above that of a uniform distribution, 5/9, and a tenth of
    the units or more are on either side of 0.5.
    """
    values = e.positive_fractions("bpff", 2)
    coefficient = bimodality(values.to_numpy())
    below = (values < 0.5).mean()
    figures = f"coefficient {coefficient:.2f}, {below:.0%} of the units below 0.5"
    return coefficient > 5 / 9 and 0.1 <= below <= 0.9, figures


def bimodality(values: np.ndarray) -> float:
    """Return Sarle's coefficient (skewness² + 1) / kurtosis: 1 for two points, 1/3 for normal."""
    centred = values - values.mean()
    variance = (centred**2).mean()
    skewness = (centred**3).mean() / variance**1.5
    return float((skewness**2 + 1) * variance**2 / (centred**4).mean())


@claim("4.5", **MNIST)
def bp_weights_balanced(e: Evidence) -> Finding:
    """BP's units in layer 2 are balanced: ρ⁺ within 0.05 of 0.5, nearly all within 0.1."""
    values = e.positive_fractions("bp", 2)
    near = values.between(0.4, 0.6).mean()
    balanced = abs(values.mean() - 0.5) <= 0.05 and near >= 0.95
    return balanced, f"ρ⁺ {values.mean():.3f}, {near:.0%} of the units within 0.1 of 0.5"


@claim("4.5")
def different_inhibition(e: Evidence) -> Finding:
    """FF inhibits by biases, BP/FF by weights: lower β in FF, ρ⁺ < 0.5 in BP/FF's layer 2."""
    ff, bpff = e.biases("ff"), e.biases("bpff")
    weights = e.positive_fractions("bpff", 2).mean()
    figures = f"β of FF {f(ff)}, of BP/FF {f(bpff)}; ρ⁺ of BP/FF {weights:.3f}"
    return (ff < bpff).all() and weights < 0.5, figures


# --- BP with ℓ1 regularisation ------------------------------------------------------------------

REGULARISED = {"on": ("mnist", "fashionmnist")}


@claim("App. I", **REGULARISED)
def regularised_bp_is_sparse(e: Evidence) -> Finding:
    """Regularised BP is as sparse as FF or BP/FF in each layer, give or take 0.05."""
    regularised = np.array(e.by_layer("bp", "l1-regularised"))
    others = np.minimum(e.by_layer("ff"), e.by_layer("bpff"))
    sparse = (regularised >= SPARSE).all() and (regularised >= others - 0.05).all()
    return sparse, f"S {f(regularised)}"


@claim("App. I, Figure 12", **MNIST)
def regularised_bp_ensembles_overlap(e: Evidence) -> Finding:
    """Layer-1 ensembles of regularised BP overlap in every pair of categories."""
    jaccard = first_run(e.overlaps("bp", "l1-regularised"))["jaccard"]
    return (jaccard > 0).all(), f"Jaccard {f(jaccard.min())} to {f(jaccard.max())}, one run"


@claim("App. I, Figure 12", **MNIST)
def ff_ensembles_are_disjoint(e: Evidence) -> Finding:
    """FF's layer-1 ensembles are completely disjoint."""
    pairs = first_run(e.overlaps("ff"))
    sharing = int((pairs["shared"] > 0).sum())
    figures = f"{sharing} of {len(pairs)} pairs share units, Jaccard ≤ {pairs['jaccard'].max():.3f}"
    return sharing == 0, f"{figures}, one run"


def first_run(overlaps: pd.DataFrame) -> pd.DataFrame:
    """Return the overlaps in the run with the smallest seed: Figure 12 shows a single run."""
    return overlaps[overlaps["seed"] == overlaps["seed"].min()]


# --- Similarity ---------------------------------------------------------------------------------


@claim("App. J.1")
def svcca_varies_least(e: Evidence) -> Finding:
    """CKA and dCor vary more over models and layers than SVCCA."""
    std = e.pairwise.groupby("metric")["mean"].std()
    if not set(METRICS) <= set(std.index):
        raise Missing("all three metrics are needed")
    figures = ", ".join(f"{metric} {std[metric]:.3f}" for metric in METRICS)
    return std["SVCCA"] < min(std["CKA"], std["dCor"]), f"standard deviations {figures}"


@claim("App. J.1")
def layer_1_most_similar(e: Evidence) -> Finding:
    """Layer 1 is almost always (three times in four) the most similar between models."""
    groups = e.pairwise.groupby(["metric", "pair"])
    first = [rows.loc[rows["layer"] == 1, "mean"].max() >= rows["mean"].max() for _, rows in groups]
    return np.mean(first) >= 0.75, f"{sum(first)} of {len(first)} metrics and pairs"


def leads(e: Evidence, metric: str, layer: int) -> tuple[bool, list[float]]:
    """Say whether FF and BP/FF are the most similar pair in a layer, and how similar each is."""
    values = [e.similarity(metric, pair, layer) for pair in PAIRS]
    return values[0] > max(values[1:]), values


@claim("App. J.1")
def ff_and_bpff_most_similar_in_layer_2(e: Evidence) -> Finding:
    """In layer 2, CKA and dCor find FF and BP/FF the most similar pair."""
    found = {metric: leads(e, metric, 2) for metric in ("CKA", "dCor")}
    figures = "; ".join(f"{metric} {f(values, '.2f')}" for metric, (_, values) in found.items())
    return all(first for first, _ in found.values()), f"{figures} ({', '.join(PAIRS)})"


@claim("App. J.1", pooled=True)
def not_so_in_layer_3(e: Evidence) -> Finding:
    """In layer 3 FF and BP/FF are not consistently the most similar pair."""
    cases = [
        leads(e.of(dataset), metric, 3)[0]
        for dataset in sorted(e.rows("similarity")["dataset"].unique())
        for metric in ("CKA", "dCor")
    ]
    return not all(cases), f"first in {sum(cases)} of {len(cases)} datasets and metrics"


@claim("App. J.2, Figure 13")
def early_layers_more_similar(e: Evidence) -> Finding:
    """In FF, layers 1 and 2 are more similar (CKA) than layers 2 and 3."""
    early, late = e.layer_similarity(1, 2), e.layer_similarity(2, 3)
    return early > late, f"CKA {early:.3f} and {late:.3f}"


@claim("App. J.2", named=True, pooled=True)
def narrowest_gap_on_fashionmnist(e: Evidence) -> Finding:
    """The gap between CKA of FF's layers 1-2 and 2-3 is narrowest on FASHIONMNIST."""
    gaps = {
        name: e.of(name).layer_similarity(1, 2) - e.of(name).layer_similarity(2, 3)
        for name in PAPER
    }
    figures = ", ".join(f"{DATASETS[name]} {gap:.3f}" for name, gap in gaps.items())
    return gaps["fashionmnist"] == min(gaps.values()), f"differences in CKA: {figures}"


# --- ℓ1 goodness --------------------------------------------------------------------------------

L1 = {"on": ("mnist", "fashionmnist")}


@claim("App. K", **L1)
def l1_accuracy_comparable(e: Evidence) -> Finding:
    """Accuracy with ℓ1 goodness is comparable with ℓ2: within 0.02."""
    gaps = [e.accuracy(model, "l1-goodness") - e.accuracy(model) for model in GOODNESS]
    return max(map(abs, gaps)) <= 0.02, f"ℓ1 − ℓ2, FF / BP/FF {f(gaps, '+.3f')}"


@claim("App. K", **L1)
def l1_sparsity_consistent(e: Evidence) -> Finding:
    """Every layer is sparse (S ≥ 0.5) with ℓ1 goodness where it is with ℓ2."""
    both = {m: (np.array(e.by_layer(m, "l1-goodness")), np.array(e.by_layer(m))) for m in GOODNESS}
    figures = "; ".join(f"{MODELS[m]} ℓ1 {f(l1)}, ℓ2 {f(l2)}" for m, (l1, l2) in both.items())
    return all(((l1 >= SPARSE) == (l2 >= SPARSE)).all() for l1, l2 in both.values()), figures


@claim("App. K", **L1)
def l1_raises_sparsity_of_last_layer(e: Evidence) -> Finding:
    """BP/FF's third layer is sparser with ℓ1 than with ℓ2, yet not enough (S < 0.5)."""
    l1, l2 = e.by_layer("bpff", "l1-goodness")[-1], e.by_layer("bpff")[-1]
    return l2 < l1 < SPARSE, f"S {l2:.3f} with ℓ2, {l1:.3f} with ℓ1"
