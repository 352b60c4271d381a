"""Claims on the ensembles of categories that FF never saw (section 4.4, appendix G)."""

import numpy as np
import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import Evidence, Missing
from ffensembles.printing.names import CATEGORIES

FASHION = ("fashionmnist",)


def unseen(e: Evidence) -> pd.DataFrame:
    """Compare layer-1 ensembles of FF without each category, unseen against seen.

    Returns:
        By unseen category: sparsity (S of its representation), formed (S ≥ 0.5 and units that are
        active: below, the paper defines no ensembles), percent (size, in % of the layer),
        seen_percent (mean), activation and seen_activation (mean x̄ over the members), shared
        (most units shared with one seen category), partner (that category).
    """
    found = []
    for k, study in e.unseen("sizes", "ff").items():
        wanted = {"model": "ff", "study": study, "layer": 1}
        sizes = e.rows("sizes", **wanted)
        percent = (100 * sizes["size"] / sizes["units"]).groupby(sizes["category"]).mean()
        activation = e.rows("members", **wanted).groupby("category")["mean"].mean()
        pairs = e.overlaps("ff", study)
        pairs = pairs[(pairs["a"] == k) | (pairs["b"] == k)]
        if pairs.empty:
            raise ValueError(f"no category was measured beside {k}, which was held out")
        partners = pairs.assign(other=pairs["a"] + pairs["b"] - k)
        shared = partners.groupby("other")["shared"].mean()
        sparsity = e.sparsity("ff", 1, study, category=k)
        found.append(
            {
                "category": k,
                "sparsity": sparsity,
                "formed": sparsity >= SPARSE and percent.get(k, 0.0) > 0,
                "percent": percent.get(k, 0.0),
                "seen_percent": percent.drop(k, errors="ignore").mean(),
                "activation": activation.get(k, np.nan),
                "seen_activation": activation.drop(k, errors="ignore").mean(),
                "shared": shared.max(),
                "partner": shared.idxmax(),
            }
        )
    return pd.DataFrame(found).set_index("category")


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
    """Sparse ensembles of unseen categories have the size of others, within a factor of three."""
    cases = unseen(e)
    ratio = cases["percent"] / cases["seen_percent"]
    usual = cases["formed"] & ratio.between(1 / 3, 3)
    return usual.all(), f"{count(usual)}, unseen / seen {f(ratio, '.2f')}"


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
    """In several cases (half or more) sparse unseen ensembles share units with seen ones."""
    cases = unseen(e)
    sharing = cases["formed"] & (cases["shared"] > 0)
    figures = f"units shared with the nearest {f(cases['shared'], '.0f')}"
    return sharing.mean() >= 0.5, f"{count(sharing)}, {figures}"


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
    found = zip(cases.index, cases["partner"], cases["formed"] & (cases["shared"] > 0), strict=True)
    partner = {names[k]: names[other] if shares else "none" for k, other, shares in found}
    right = all(other in RELATED[k] for k, other in partner.items())
    return right, "; ".join(f"{k} with {other}" for k, other in partner.items())
