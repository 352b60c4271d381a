"""All claims, in the order of the paper's sections."""

from ffensembles.paper.claims import (
    balance,
    ensembles,
    l1_goodness,
    probes,
    regularised,
    similarity,
    sparsity,
    unseen,
)
from ffensembles.paper.claims.claim import Claim

CLAIMS = [
    value
    for module in (
        *(sparsity, ensembles, unseen, balance),  # sections 3.5 to 4.5
        *(probes, regularised, similarity, l1_goodness),  # appendices H to K
    )
    for value in vars(module).values()
    if isinstance(value, Claim)
]
