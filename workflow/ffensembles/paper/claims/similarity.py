"""Claims on the similarity of representations, between models and layers (appendix J)."""

import numpy as np

from ffensembles.paper.claims.claim import Finding, by_dataset, claim, f
from ffensembles.paper.claims.evidence import PAPER, Evidence, Missing
from ffensembles.paper_models import FF, PAPER_MODELS
from ffensembles.printing.names import METRICS, PAIRS


@claim("App. J.1", learned=PAPER_MODELS)
def svcca_varies_least(e: Evidence) -> Finding:
    """CKA and dCor vary more over models and layers than SVCCA."""
    std = e.pairwise.groupby("metric")["mean"].std()
    if not set(METRICS) <= set(std.index):
        raise Missing("all three metrics are needed")
    figures = ", ".join(f"{metric} {std[metric]:.3f}" for metric in METRICS)
    return std["SVCCA"] < min(std["CKA"], std["dCor"]), f"standard deviations {figures}"


@claim("App. J.1", learned=PAPER_MODELS)
def layer_1_most_similar(e: Evidence) -> Finding:
    """Layer 1 is almost always (three times in four) the most similar between models."""
    groups = e.pairwise.groupby(["metric", "pair"])
    if len(groups) < len(METRICS) * len(PAIRS):
        raise Missing("all metrics and pairs are needed")
    first = [rows.loc[rows["layer"] == 1, "mean"].max() >= rows["mean"].max() for _, rows in groups]
    return np.mean(first) >= 0.75, f"{sum(first)} of {len(first)} metrics and pairs"


def leads(e: Evidence, metric: str, layer: int) -> tuple[bool, list[float]]:
    """Say whether FF and BP/FF are the most similar pair in a layer, and how similar each is."""
    values = [e.similarity(metric, pair, layer) for pair in PAIRS]
    return values[0] > max(values[1:]), values


@claim("App. J.1", learned=PAPER_MODELS)
def ff_and_bpff_most_similar_in_layer_2(e: Evidence) -> Finding:
    """In layer 2, CKA and dCor find FF and BP/FF the most similar pair."""
    found = {metric: leads(e, metric, 2) for metric in ("CKA", "dCor")}
    figures = "; ".join(f"{metric} {f(values, '.2f')}" for metric, (_, values) in found.items())
    return all(first for first, _ in found.values()), f"{figures} ({', '.join(PAIRS)})"


@claim("App. J.1", pooled=True, learned=PAPER_MODELS)
def not_so_in_layer_3(e: Evidence) -> Finding:
    """In layer 3 FF and BP/FF are not consistently the most similar pair."""
    cases = [
        leads(e.of(dataset), metric, 3)[0] for dataset in e.datasets for metric in ("CKA", "dCor")
    ]
    return not all(cases), f"first in {sum(cases)} of {len(cases)} datasets and metrics"


@claim("App. J.2, Figure 13", learned=(FF,))
def early_layers_more_similar(e: Evidence) -> Finding:
    """In FF, layers 1 and 2 are noticeably more similar (CKA) than layers 2 and 3.

    By 0.1 or more; on FASHIONMNIST, which the paper excepts, by less if need be.
    """
    early, late = e.layer_similarity(1, 2), e.layer_similarity(2, 3)
    noticeable = 0.0 if e.datasets == ["fashionmnist"] else 0.1
    return early > late and early - late >= noticeable, f"CKA {early:.3f} and {late:.3f}"


@claim("App. J.2", named=True, pooled=True)
def narrowest_gap_on_fashionmnist(e: Evidence) -> Finding:
    """The gap between CKA of FF's layers 1-2 and 2-3 is much narrower on FASHIONMNIST.

    It is less than half as wide as on any other dataset.
    """
    gaps = {
        name: e.of(name).layer_similarity(1, 2) - e.of(name).layer_similarity(2, 3)
        for name in PAPER
    }
    others = min(gap for name, gap in gaps.items() if name != "fashionmnist")
    return others > 0 and gaps["fashionmnist"] < others / 2, f"gaps in CKA: {by_dataset(gaps)}"
