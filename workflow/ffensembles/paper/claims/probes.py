"""Claims on linear probes of models that never saw a category (section 5, appendix H)."""

import numpy as np

from ffensembles.analysis.sparsity import SPARSE
from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import Evidence
from ffensembles.paper.claims.sparsity import CLEAR
from ffensembles.paper_models import BP, FF, PAPER_MODELS, WITH_GOODNESS
from ffensembles.printing.names import MODELS

FASHION = ("fashionmnist",)


def on_missing(e: Evidence, model: str) -> np.ndarray:
    """Return the accuracy of the probes on each category that the model never saw."""
    cases = e.unseen("probes", model)
    return np.array([e.probe(model, study, category=k) for k, study in cases.items()])


@claim("App. H", on=FASHION, learned=PAPER_MODELS)
def probes_recover_unseen_categories(e: Evidence) -> Finding:
    """Probes read unseen categories well (accuracy ≥ 0.6) in four of five cases."""
    scores = {model: on_missing(e, model) for model in PAPER_MODELS}
    figures = "; ".join(f"{MODELS[model]} {f(score, '.2f')}" for model, score in scores.items())
    return all((score >= 0.6).mean() >= 0.8 for score in scores.values()), figures


@claim("5", on=FASHION, learned=(FF,))
def unseen_read_as_well_as_seen(e: Evidence) -> Finding:
    """FF's unseen categories are read almost as well as the seen: within 0.1 on average."""
    gaps = []
    for k, study in e.unseen("probes", FF).items():
        rows = e.rows("probes", model=FF, study=study)
        seen = rows[(rows["category"].notna()) & (rows["category"] != k)]["accuracy"].mean()
        gaps.append(seen - e.probe(FF, study, category=k))
    return np.mean(gaps) <= 0.1, f"seen − unseen {np.mean(gaps):+.3f}, {len(gaps)} cases"


@claim("App. H, Table 8", on=FASHION)
def probes_close_to_baseline(e: Evidence) -> Finding:
    """Probes of models that never saw a category come close to what models achieve that saw all.

    The accuracy of the probes over all categories, on average over the one left out, is within
    0.02 of the accuracy of the model itself.
    """
    costs = [
        e.accuracy(model)
        - np.mean([e.probe(model, study) for study in e.unseen("probes", model).values()])
        for model in PAPER_MODELS
    ]
    return np.abs(costs).max() <= 0.02, f"baseline − average, FF / BP/FF / BP {f(costs, '+.3f')}"


@claim("5", on=FASHION)
def bp_probes_are_best(e: Evidence) -> Finding:
    """BP's probes typically read unseen categories best, from a dense code.

    They are more accurate than those of FF and BP/FF in four of five cases; in its layers S is
    below 0.5 on average, and clearly below that of FF, by 0.15 or more.
    """
    scores = {model: on_missing(e, model) for model in PAPER_MODELS}
    best = scores[BP] > np.maximum(*(scores[model] for model in WITH_GOODNESS))
    dense, sparse = np.mean(e.by_layer(BP)), np.mean(e.by_layer(FF))
    true = best.mean() >= 0.8 and dense < SPARSE and dense <= sparse - CLEAR
    means = [score.mean() for score in scores.values()]
    figures = f"BP best in {best.sum()} of {len(best)} cases, on average FF / BP/FF / BP {f(means)}"
    return true, f"{figures}; S of FF {sparse:.3f}, of BP {dense:.3f}"
