"""Claims on BP with ℓ1 regularisation of its activations (appendix I)."""

import numpy as np

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import Evidence, first_run
from ffensembles.paper_models import BP, FF, WITH_GOODNESS

STUDY = "l1-regularised"


@claim("App. I, 4.2", on=("mnist", "fashionmnist"))
def regularised_bp_is_sparse(e: Evidence) -> Finding:
    """Regularised BP is as sparse as FF and BP/FF, and often sparser.

    Its layers have S ≥ 0.5; none is more than 0.1 below a sparse layer of FF or BP/FF in its
    place, and in more than half of these comparisons it is above.
    """
    regularised = np.array(e.by_layer(BP, STUDY))
    gaps = np.array(
        [
            regularised[layer - 1] - e.sparsity(model, layer)
            for model in WITH_GOODNESS
            for layer in e.sparse_layers(model)
        ]
    )
    if not gaps.size:
        return False, "no layer of FF or BP/FF is sparse"
    true = min(regularised) >= SPARSE and min(gaps) >= -0.1 and (gaps > 0).mean() > 0.5
    figures = f"above in {(gaps > 0).sum()} of {gaps.size}, differences {f(gaps, '+.3f')}"
    return true, f"S {f(regularised)}; {figures}"


@claim("App. I, Figure 12", on=("mnist",))
def regularised_bp_ensembles_overlap(e: Evidence) -> Finding:
    """Layer 1 of regularised BP is sparse, yet ensembles of every pair of categories overlap."""
    sparsity = e.sparsity(BP, 1, STUDY)
    jaccard = first_run(e.overlaps(BP, STUDY))["jaccard"]
    figures = f"S {sparsity:.3f}, Jaccard {f(jaccard.min())} to {f(jaccard.max())}, one run"
    return sparsity >= SPARSE and (jaccard > 0).all(), figures


@claim("App. I, Figure 12", on=("mnist",))
def ff_ensembles_are_disjoint(e: Evidence) -> Finding:
    """FF's layer-1 ensembles, none of them empty, are completely disjoint."""
    pairs = first_run(e.overlaps(FF))
    sharing, empty = int((pairs["shared"] > 0).sum()), int(pairs["empty"].sum())
    figures = f"{sharing} of {len(pairs)} pairs share units, Jaccard ≤ {pairs['jaccard'].max():.3f}"
    return not sharing and not empty, f"{figures}, one run"
