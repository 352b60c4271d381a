"""Claims on ensembles, their sizes and shared units (sections 3.5, 4.2, 4.3 and 5, appendix D)."""

import numpy as np
import pandas as pd

from ffensembles.analysis.significance import INSIGNIFICANT_P
from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import PAPER, Evidence
from ffensembles.paper.tables.summaries import has_ensembles
from ffensembles.paper_models import BPFF, FF, WITH_GOODNESS
from ffensembles.printing.names import CATEGORIES, MODELS

NONE_SPARSE = "no layer is sparse, so there are no ensembles"


@claim("3.5")
def extends_to_training_data(e: Evidence) -> Finding:
    """Sparsity and ensembles are the same on training data.

    There is at least one sparse layer, and in each of them S on training images is within 0.05 of
    that on test images, and the size of the ensembles within a tenth.
    """
    layers = [(model, layer) for model in WITH_GOODNESS for layer in e.sparse_layers(model)]
    if not layers:
        return False, NONE_SPARSE
    seen = "training_sparsity"
    gaps = np.array([e.sparsity(*each, images=seen) - e.sparsity(*each) for each in layers])
    test = np.array([e.ensemble_percent(*each) for each in layers])
    training = np.array([e.ensemble_percent(*each, images=seen) for each in layers])
    same = (np.abs(gaps) <= 0.05).all() and (np.abs(training - test) <= 0.1 * test).all()
    names = ", ".join(f"{MODELS[model]} {layer}" for model, layer in layers)
    figures = f"S, training − test {f(gaps, '+.3f')}; ensembles {f(training, '.1f')} % on training"
    return same, f"{figures}, {f(test, '.1f')} % on test images ({names})"


@claim("4.2")
def ensembles_are_small(e: Evidence) -> Finding:
    """Ensembles are small: at most a quarter of a sparse layer, a tenth or less in some."""
    percents = [e.ensemble_percent(m, layer) for m in WITH_GOODNESS for layer in e.sparse_layers(m)]
    if not percents:
        return False, NONE_SPARSE
    figures = f"{min(percents):.1f} % to {max(percents):.1f} % of {len(percents)} sparse layers"
    return max(percents) <= 25 and min(percents) <= 10, figures


@claim("4.5, 5")
def comparable_ensemble_sizes(e: Evidence) -> Finding:
    """Where both have ensembles, those of FF and BP/FF have comparable sizes.

    In each layer that is sparse in both, neither is more than five times the other; the paper's
    own differ by up to 4.2 times, in layer 2 on SVHN.
    """
    layers = sorted(set(e.sparse_layers(FF)) & set(e.sparse_layers(BPFF)))
    if not layers:
        return False, "no layer is sparse in both, so there are no ensembles"
    ff, bpff = ([e.ensemble_percent(model, layer) for layer in layers] for model in WITH_GOODNESS)
    comparable = all(0 < max(pair) <= 5 * min(pair) for pair in zip(ff, bpff, strict=True))
    return comparable, f"FF {f(ff, '.1f')} %, BP/FF {f(bpff, '.1f')} %"


@claim("4.2", named=True, pooled=True)
def larger_on_complex_datasets(e: Evidence) -> Finding:
    """FF's ensembles tend to be larger on SVHN and CIFAR10 than on MNIST and FASHIONMNIST."""
    percents = {
        name: [e.of(name).ensemble_percent(FF, layer) for layer in layers]
        for name, layers in _layers_with_ensembles(e, FF).items()
    }
    if set(percents) != set(PAPER):
        return False, NONE_SPARSE
    mean = {name: float(np.mean(values)) for name, values in percents.items()}
    simple = (mean["mnist"] + mean["fashionmnist"]) / 2
    complex_ = (mean["svhn"] + mean["cifar10"]) / 2
    return complex_ > simple, f"{simple:.1f} % and {complex_:.1f} %, mean over layers"


UPPER_GARMENTS = {"Pullover", "Coat", "Shirt"}


def similar_share_most(e: Evidence, study: str) -> Finding:
    """Say whether pullover, coat and shirt overlap twice as much as all other pairs, or more."""
    overlaps = e.overlaps(FF, study)
    names = CATEGORIES["fashionmnist"]
    similar = [{names[a], names[b]} <= UPPER_GARMENTS for a, b in overlaps[["a", "b"]].to_numpy()]
    among = overlaps.loc[similar, "jaccard"].mean()
    others = overlaps.loc[~np.array(similar), "jaccard"].mean()
    figures = f"Jaccard {among:.3f} among them, {others:.3f} elsewhere"
    return among > 0 and among >= 2 * others, figures


@claim("4.3", on=("fashionmnist",), named=True)
def similar_categories_share_units(e: Evidence) -> Finding:
    """Pullover, coat and shirt share units in FF's layer 1, clearly more than other pairs.

    Clearly: their Jaccard index is twice that of the others, or more.
    """
    return similar_share_most(e, "main")


@claim("App. K", on=("fashionmnist",), named=True)
def similar_categories_share_units_with_l1(e: Evidence) -> Finding:
    """The same is true with ℓ1 goodness: pullover, coat and shirt share units in FF's layer 1.

    Again their Jaccard index is twice that of other pairs, or more.
    """
    return similar_share_most(e, "l1-goodness")


@claim("5", on=("fashionmnist",))
def units_in_several_ensembles(e: Evidence) -> Finding:
    """Single units belong to sparse ensembles of several categories (mixed selectivity)."""
    if 1 not in e.sparse_layers(FF):
        return False, "layer 1 of FF is not sparse, so it has no ensembles"
    members = e.rows("members", model=FF, study="main", layer=1)
    share = (members.groupby(["seed", "unit"])["category"].nunique() > 1).mean()
    return share > 0, f"{share:.1%} of the units in any layer-1 ensemble of FF"


def assigned_units(e: Evidence) -> pd.DataFrame:
    """Return the p-values of all units in ensembles that Table 3 counts, of FF and BP/FF."""
    return pd.concat(
        [
            e.of(name).rows("significance", model=model, study="main", layer=layer)
            for model in WITH_GOODNESS
            for name, layers in _layers_with_ensembles(e, model).items()
            for layer in layers
        ]
        or [pd.DataFrame()]
    )


def _layers_with_ensembles(e: Evidence, model: str) -> dict[str, list[int]]:
    """Return the layers that Table 3 counts on each dataset, where any is sparse."""
    found = {}
    for name in e.datasets:
        part = e.of(name)
        sparse = part.sparse_layers(model)
        if sparse:
            rows = pd.DataFrame({"dataset": name, "model": model, "layer": part.layers(model)})
            counted = has_ensembles(rows.assign(sparse=rows["layer"].isin(sparse)))
            found[name] = rows.loc[counted, "layer"].tolist()
    return found


@claim("App. D", pooled=True)
def few_insignificant_units(e: Evidence) -> Finding:
    """About 1 in 1000 units in the ensembles of Table 3 has p > 0.05; here: at most 2."""
    units = assigned_units(e)
    if units.empty:
        return False, NONE_SPARSE
    above = int((units["p_value"] > INSIGNIFICANT_P).sum())
    return above <= 0.002 * len(units), f"{above:,} of {len(units):,} ({above / len(units):.2%})"


@claim("App. D", named=True, pooled=True)
def insignificant_units_in_one_place(e: Evidence) -> Finding:
    """Most units with p > 0.05 are in layer 2 of BP/FF on CIFAR10."""
    units = assigned_units(e)
    if units.empty:
        return False, NONE_SPARSE
    above = units[units["p_value"] > INSIGNIFICANT_P]
    there = (above["dataset"] == "cifar10") & (above["model"] == BPFF) & (above["layer"] == 2)
    return there.sum() > 0.5 * len(above), f"{there.sum():,} of {len(above):,}"
