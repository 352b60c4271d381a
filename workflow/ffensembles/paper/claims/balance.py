"""Claims on excitation and inhibition (section 4.5, Figure 5)."""

import diptest
import numpy as np

from ffensembles.paper.claims.claim import Finding, claim, f
from ffensembles.paper.claims.evidence import Evidence
from ffensembles.paper_models import BP, BPFF, FF, PAPER_MODELS, WITH_GOODNESS
from ffensembles.printing.names import MODELS

MNIST = ("mnist",)  # Figure 5


@claim("4.5, Figure 5", on=MNIST)
def ff_positive_weights_dominate(e: Evidence) -> Finding:
    """Positive weights dominate in layer 2 of FF: ρ⁺ ≥ 0.55."""
    mean = e.positive_fractions(FF, 2).mean()
    return mean >= 0.55, f"ρ⁺ {mean:.3f}"


@claim("Figure 5", on=MNIST, named=True)
def ff_units_mostly_excitatory(e: Evidence) -> Finding:
    """Most of FF's units in layer 2 have 65–75 % positive weights."""
    share = e.positive_fractions(FF, 2).between(0.645, 0.755).mean()
    return share > 0.5, f"{share:.0%} of the units"


@claim("4.5")
def ff_biases_strongly_negative(e: Evidence) -> Finding:
    """FF's biases are strongly negative: β ≤ −0.1 in every layer."""
    bias = e.biases(FF)
    return (bias <= -0.1).all(), f"β {f(bias)}"


@claim("4.5")
def other_biases_near_zero(e: Evidence) -> Finding:
    """On the contrary the biases of BP/FF and BP are close to zero.

    |β| < 0.1 in every layer, and less than a third of FF's negative β there.
    """
    ff = e.biases(FF)
    bias = {model: e.biases(model) for model in (BPFF, BP)}
    figures = "; ".join(f"{MODELS[m]} β {f(each)}" for m, each in {FF: ff, **bias}.items())
    near = all(((b.abs() < 0.1) & (b.abs() < -ff / 3)).all() for b in bias.values())
    return near, figures


@claim("4.5, Figure 5", on=MNIST)
def bpff_weights_bimodal(e: Evidence) -> Finding:
    """BP/FF's ρᵢ⁺ in layer 2 is bimodal, with units imbalanced in opposite directions.

    The dip test rejects unimodality (p < 0.05), and a tenth of the units or more are on either
    side of balance, 0.5.
    """
    values = e.positive_fractions(BPFF, 2)
    p = dip_p_value(values.to_numpy())
    below = (values < 0.5).mean()
    figures = f"dip test p {p:.3f}, {below:.0%} of the units below 0.5"
    return p < 0.05 and 0.1 <= below <= 0.9, figures


@claim("4.5, Figure 5", on=MNIST)
def bp_weights_balanced(e: Evidence) -> Finding:
    """BP's ρᵢ⁺ in layer 2 is unimodal and balanced for nearly all units, unlike FF's and BP/FF's.

    The dip test does not reject unimodality (p ≥ 0.05), ρ⁺ is within 0.05 of 0.5 and 95 % of the
    units within 0.1; units of FF and BP/FF are twice as far from 0.5, on average, or more.
    """
    values = e.positive_fractions(BP, 2)
    p = dip_p_value(values.to_numpy())
    near = values.between(0.4, 0.6).mean()
    far = {model: (e.positive_fractions(model, 2) - 0.5).abs().mean() for model in PAPER_MODELS}
    unlike = min(far[model] for model in WITH_GOODNESS) >= 2 * far[BP]
    balanced = abs(values.mean() - 0.5) <= 0.05 and near >= 0.95
    figures = f"dip test p {p:.3f}, ρ⁺ {values.mean():.3f}, {near:.0%} of the units within 0.1"
    distances = f(list(far.values()))
    return p >= 0.05 and balanced and unlike, f"{figures}; |ρᵢ⁺ − 0.5|, FF / BP/FF / BP {distances}"


def dip_p_value(values: np.ndarray) -> float:
    """Return the p-value of Hartigan's dip test of unimodality, for values on a grid.

    ρᵢ⁺ is a whole number of weights over their count. The test takes ties for modes, so values
    that are equal are first spread evenly over their step of the grid.
    """
    grid, counts = np.unique(values, return_counts=True)
    if len(grid) == 1:
        return 1.0
    step = np.diff(grid).min()
    places = np.concatenate([(np.arange(n) + 0.5) / n - 0.5 for n in counts])
    return float(diptest.diptest(np.repeat(grid, counts) + step * places)[1])


@claim("4.5")
def different_inhibition(e: Evidence) -> Finding:
    """FF inhibits by negative biases, BP/FF by negative weights.

    In every layer β of FF is at most −0.1 and below that of BP/FF; in layer 2 of BP/FF ρ⁺ is below
    0.5 and below that of FF.
    """
    ff, bpff = e.biases(FF), e.biases(BPFF)
    weights = {model: e.positive_fractions(model, 2).mean() for model in WITH_GOODNESS}
    by_biases = ((ff <= -0.1) & (ff < bpff)).all()
    by_weights = weights[BPFF] < min(0.5, weights[FF])
    figures = f"β of FF {f(ff)}, of BP/FF {f(bpff)}; ρ⁺ of FF {weights[FF]:.3f}"
    return by_biases and by_weights, f"{figures}, of BP/FF {weights[BPFF]:.3f}"
