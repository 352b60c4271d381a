"""Claims on the ensembles of categories that FF never saw (section 4.4, appendix G)."""

import numpy as np
import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import Evidence, Missing
from ffensembles.paper_models import FF
from ffensembles.printing.names import CATEGORIES

FASHION = ("fashionmnist",)
SHARING_P = 0.05


def unseen(e: Evidence) -> pd.DataFrame:
    """Compare layer-1 ensembles of FF without each category, unseen against seen.

    Returns:
        By unseen category: sparsity (S of its representation), formed (S ≥ 0.5 and units that are
        active: below, the paper defines no ensembles), percent (size, in % of the layer),
        seen_percent (mean), activation and seen_activation (mean x̄ over the members), partner (the
        seen category with which it shares most units), shared (how many), expected (by chance),
        sharing (with any, p < 0.05 of as many by chance, corrected for their number).
    """
    found = []
    for k, study in e.unseen("sizes", FF).items():
        wanted = {"model": FF, "study": study, "layer": 1}
        sizes = e.rows("sizes", **wanted)
        percent = (100 * sizes["size"] / sizes["units"]).groupby(sizes["category"]).mean()
        activation = e.rows("members", **wanted).groupby("category")["mean"].mean()
        overlaps = e.overlaps(FF, study)
        overlaps = overlaps[(overlaps["a"] == k) | (overlaps["b"] == k)]
        if overlaps.empty:
            raise ValueError(f"no category was measured beside {k}, which was held out")
        pairs = shared_by_chance(overlaps).assign(other=overlaps["a"] + overlaps["b"] - k)
        partners = pairs.groupby("other")[["shared", "expected", "p"]].mean()
        nearest = partners.sort_values("shared", ascending=False, kind="stable").iloc[0]
        sparsity = e.sparsity(FF, 1, study, category=k)
        found.append(
            {
                "category": k,
                "sparsity": sparsity,
                "formed": sparsity >= SPARSE and percent.get(k, 0.0) > 0,
                "percent": percent.get(k, 0.0),
                "seen_percent": percent.drop(k, errors="ignore").mean(),
                "activation": activation.get(k, np.nan),
                "seen_activation": activation.drop(k, errors="ignore").mean(),
                "partner": nearest.name,
                "shared": nearest["shared"],
                "expected": nearest["expected"],
                "sharing": partners["p"].min() * len(partners) < SHARING_P,
            }
        )
    return pd.DataFrame(found).set_index("category")


def shared_by_chance(overlaps: pd.DataFrame) -> pd.DataFrame:
    """Add to overlaps what chance would share: expected units, and p of as many or more.

    By chance each ensemble is drawn, in its size, from the units that are in any ensemble of the
    run. That they are fewer than those that are ever active makes chance the stronger opponent.
    """
    from scipy.stats import hypergeom  # here, for other claims need not wait a second for it

    sizes = overlaps["pool"], overlaps["size_a"], overlaps["size_b"]
    return overlaps.assign(
        expected=overlaps["size_a"] * overlaps["size_b"] / overlaps["pool"].clip(lower=1),
        p=hypergeom.sf(overlaps["shared"] - 1, *sizes),
    )


def count(true: pd.Series) -> str:
    """Say in how many cases something is true."""
    return f"{true.sum()} of {len(true)} cases"


@claim("4.4, App. G", on=FASHION)
def unseen_categories_form_ensembles(e: Evidence) -> Finding:
    """In all cases a category that FF never saw forms a sparse ensemble (S ≥ 0.5)."""
    cases = unseen(e)
    figures = f"S {f(cases['sparsity'], '.2f')}; {f(cases['percent'], '.1f')} % of the units"
    return cases["formed"].all(), f"{count(cases['formed'])}, {figures}"


@claim("4.4, 5", on=FASHION)
def unseen_ensembles_have_usual_sizes(e: Evidence) -> Finding:
    """Sparse ensembles of unseen categories have the size of others.

    They are within a factor of two, and neither larger nor smaller nearly always (sign test,
    p ≥ 0.05).
    """
    from scipy.stats import binomtest

    cases = unseen(e)
    ratio = cases["percent"] / cases["seen_percent"]
    usual = cases["formed"] & ratio.between(1 / 2, 2)
    larger, smaller = int((ratio > 1).sum()), int((ratio < 1).sum())
    p = binomtest(larger, larger + smaller).pvalue if larger + smaller else 1.0
    figures = f"{count(usual)}, unseen / seen {f(ratio, '.2f')}, median {ratio.median():.2f}"
    return usual.all() and p >= 0.05, f"{figures}, larger in {larger}"


@claim("4.4, Figure 4", on=FASHION)
def unseen_ensembles_are_weaker(e: Evidence) -> Finding:
    """Units in sparse ensembles of unseen categories are less active, in four of five cases."""
    cases = unseen(e)
    ratio = cases["activation"] / cases["seen_activation"]
    weaker = cases["formed"] & (ratio < 1)
    return (
        weaker.mean() >= 0.8,
        f"{count(weaker)}, mean activation, unseen / seen {f(ratio, '.2f')}",
    )


@claim("4.4, App. G", on=FASHION)
def unseen_ensembles_share_units(e: Evidence) -> Finding:
    """In several cases (half or more) sparse unseen ensembles share units with seen ones.

    More than chance would share: p < 0.05 for one seen category, corrected for their number.
    """
    cases = unseen(e)
    sharing = cases["formed"] & cases["sharing"]
    figures = f"units shared with the nearest {f(cases['shared'], '.0f')}"
    return (
        sharing.mean() >= 0.5,
        f"{count(sharing)}, {figures}, by chance {f(cases['expected'], '.0f')}",
    )


RELATED = {  # the three cases of Figures 10 and 11, and what is like them
    "Pullover": {"T-shirt/top", "Dress", "Coat", "Shirt"},
    "Coat": {"T-shirt/top", "Pullover", "Dress", "Shirt"},
    "Ankle boot": {"Sandal", "Sneaker"},
}


@claim("App. G, Figure 11", on=FASHION, named=True)
def unseen_ensembles_share_with_related(e: Evidence) -> Finding:
    """Unseen pullover, coat and ankle boot share most units with garments or shoes like them."""
    names = CATEGORIES["fashionmnist"]
    cases = unseen(e)
    cases = cases[[names[k] in RELATED for k in cases.index]]
    if len(cases) < len(RELATED):
        raise Missing("pullover, coat and ankle boot")
    found = zip(cases.index, cases["partner"], cases["formed"] & cases["sharing"], strict=True)
    partner = {names[k]: names[other] if shares else "none" for k, other, shares in found}
    right = all(other in RELATED[k] for k, other in partner.items())
    return right, "; ".join(f"{k} with {other}" for k, other in partner.items())
