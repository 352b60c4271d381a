"""Claims on the ℓ1 norm as goodness (appendix K); those on shared units are in `ensembles`."""

import numpy as np
import pandas as pd

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import Evidence, Missing
from ffensembles.paper_models import BPFF, WITH_GOODNESS
from ffensembles.printing.names import MODELS

ON = ("mnist", "fashionmnist")
STUDY = "l1-goodness"


@claim("App. K", on=ON, learned=WITH_GOODNESS)
def l1_accuracy_comparable(e: Evidence) -> Finding:
    """Accuracy with ℓ1 goodness is comparable with ℓ2: within 0.02."""
    gaps = [e.accuracy(model, STUDY) - e.accuracy(model) for model in WITH_GOODNESS]
    return max(map(abs, gaps)) <= 0.02, f"ℓ1 − ℓ2, FF / BP/FF {f(gaps, '+.3f')}"


@claim("App. K", on=ON)
def l1_sparsity_consistent(e: Evidence) -> Finding:
    """Layers that are sparse with ℓ2 goodness (S ≥ 0.5) are with ℓ1; at least one is."""
    sparse = {model: e.sparse_layers(model) for model in WITH_GOODNESS}
    kept = all(set(layers) <= set(e.sparse_layers(m, STUDY)) for m, layers in sparse.items())
    figures = "; ".join(
        f"{MODELS[m]} ℓ1 {f(e.by_layer(m, STUDY))}, ℓ2 {f(e.by_layer(m))}" for m in WITH_GOODNESS
    )
    return any(sparse.values()) and kept, figures


@claim("App. K", on=ON)
def l1_raises_sparsity_of_last_layer(e: Evidence) -> Finding:
    """BP/FF's last layer is significantly sparser with ℓ1 than with ℓ2, yet not enough (S < 0.5).

    Significantly: p < 0.05 in Welch's test over the runs, one-sided.
    """
    last = {"model": BPFF, "layer": e.layers(BPFF)[-1], "category": pd.NA}
    runs = (e.rows("sparsity", study=study, **last) for study in (STUDY, "main"))
    l1, l2 = (rows["sparsity"].dropna() for rows in runs)
    if min(len(l1), len(l2)) < 2:
        raise Missing("more than one run is needed")
    from scipy.stats import ttest_ind  # here, for other claims need not wait a second for it

    p = ttest_ind(l1, l2, equal_var=False, alternative="greater").pvalue
    figures = f"S {np.mean(l2):.3f} with ℓ2, {np.mean(l1):.3f} with ℓ1, p {p:.2g}"
    return p < 0.05 and np.mean(l1) < SPARSE, figures
