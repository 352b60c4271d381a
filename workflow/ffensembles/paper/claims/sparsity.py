"""Claims on sparsity (sections 4.2 and 4.5, appendices E, F and J.2)."""

from collections.abc import Sequence

import numpy as np

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.claims.claim import Finding, by_dataset, claim, f
from ffensembles.paper.claims.evidence import PAPER, Evidence, Missing
from ffensembles.paper_models import BP, BPFF, FF, WITH_GOODNESS

CLEAR = 0.15  # a difference in S that makes "a clear contrast"; the paper's smallest is 0.18


@claim("4.2")
def sparser_than_bp(e: Evidence) -> Finding:
    """FF in every layer, and BP/FF in all but its last, are clearly sparser than BP there.

    Clearly: S is higher by 0.15 or more.
    """
    ff, bpff, bp = e.by_layer(FF), e.by_layer(BPFF), e.by_layer(BP)
    gaps = [*np.subtract(ff, bp), *but_last(np.subtract(bpff, bp))]
    return min(gaps) >= CLEAR, f"FF {f(ff)}; BP/FF {f(bpff)}; BP {f(bp)}"


@claim("4.2")
def goodness_layers_sparse(e: Evidence) -> Finding:
    """Goodness makes layers highly sparse: S ≥ 0.5 in four of five, BP/FF's last aside."""
    layers = [*e.by_layer(FF), *but_last(e.by_layer(BPFF))]
    share = np.mean(np.array(layers) >= SPARSE)
    figures = f"{share:.0%} of {len(layers)} layers, the least sparse S {min(layers):.3f}"
    return share >= 0.8, figures


@claim("Abstract, 4.2")
def sparsity_by_goodness_not_by_backprop(e: Evidence) -> Finding:
    """Sparsity does not arise by itself in BP, but it does with Backprop on goodness.

    S is below 0.5 in BP, on average over its layers, and above in BP/FF, its last layer aside.
    """
    bp, bpff = e.by_layer(BP), e.by_layer(BPFF)
    others = but_last(bpff)
    return np.mean(bp) < SPARSE <= np.mean(others), f"BP {f(bp)}; BP/FF {f(bpff)}"


@claim("Table 3, App. E")
def only_last_layer_of_bpff_not_sparse(e: Evidence) -> Finding:
    """BP/FF is sparse in every layer except the last, which is non-sparse."""
    layers = e.by_layer(BPFF)
    others = but_last(layers)
    return layers[-1] < SPARSE <= min(others), f"S {f(layers)}"


@claim("Figure 2", on=("mnist",))
def sparser_than_bp_in_each_category(e: Evidence) -> Finding:
    """In every category FF, and BP/FF but for its last layer, are clearly sparser than BP."""
    gaps = [
        e.sparsity(model, layer, category=category) - e.sparsity(BP, layer, category=category)
        for model in WITH_GOODNESS
        for layer in (but_last(e.layers(model)) if model == BPFF else e.layers(model))
        for category in e.categories("sparsity")
    ]
    return min(gaps) >= CLEAR, f"smallest difference in S {min(gaps):.3f}, of {len(gaps)}"


@claim("App. F", on=("mnist",), named=True)
def bp_a_third_as_sparse(e: Evidence) -> Finding:
    """Layer 1 of BP is about a third as sparse as that of FF and that of BP/FF."""
    ratios = np.array([e.sparsity(BP, 1) / e.sparsity(model, 1) for model in WITH_GOODNESS])
    third = (ratios >= 0.25) & (ratios <= 0.42)
    return third.all(), f"ratio of S, to FF / BP/FF {f(ratios, '.2f')}"


@claim("App. J.2", named=True, pooled=True)
def layer_2_less_sparse_on_fashionmnist_only(e: Evidence) -> Finding:
    """FASHIONMNIST is the only dataset on which FF's layer 2 is less sparse than layer 3."""
    gaps = {n: e.of(n).sparsity(FF, 2) - e.of(n).sparsity(FF, 3) for n in PAPER}
    less = {name for name, gap in gaps.items() if gap < 0}
    return less == {"fashionmnist"}, f"layer 2 − 3, {by_dataset(gaps, '+.3f')}"


@claim("4.5, App. E")
def comparable_sparsity(e: Evidence) -> Finding:
    """FF and BP/FF are comparably sparse, BP/FF's last layer aside.

    Both have S ≥ 0.5 in every layer, and differ by less than 0.15, what makes a clear contrast, on
    average over the layers; a difference counts whatever its sign.
    """
    ff, bpff = but_last(e.by_layer(FF)), but_last(e.by_layer(BPFF))
    gap = np.abs(np.subtract(ff, bpff)).mean()
    comparable = min(*ff, *bpff) >= SPARSE and gap < CLEAR
    return comparable, f"FF {f(ff)}; BP/FF {f(bpff)}; on average {gap:.3f} apart"


def but_last(layers: Sequence | np.ndarray) -> Sequence | np.ndarray:
    """Return all layers but the last, which the paper sets aside; there must be some."""
    if len(layers) < 2:
        raise Missing("more than one layer is needed")
    return layers[:-1]
