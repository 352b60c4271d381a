"""Where the words of the answers begin: every threshold, in one place.

A finding has to exceed its null twice: by more than chance does, and by enough to matter.
"""

DEVIATIONS = 3  # of the null's draws, that a value has to exceed their mean by


def exceeds(value: float, mean: float, deviation: float, margin: float) -> bool:
    """Say whether a value is above its null: by `DEVIATIONS` of its deviations, and by a margin."""
    return bool(value > mean + max(DEVIATIONS * deviation, margin))


# Dynamics
SAME = 0.5  # similarity from which on two sets of units are called the same
SETTLED = 0.1  # of the epochs: ensembles that are like those of the end from here on are early

# Pruning
LOST = 0.01  # of the accuracy: what pruning may cost, and what counts as better than chance

# Microstructure
APART = 0.2  # that the silhouette has to exceed the null's mean by
CLEAR = 0.5  # silhouette: Kaufman & Rousseeuw (1990) speak of reasonable structure from here on
STABLE = 0.8  # adjusted Rand index
MOST = 0.5  # of the categories and layers, for a yes or a no

# Assemblies
FOUND = 0.5  # of the categories, for a yes in a layer
SOME = 0.2  # of the categories, for a layer that counts in part

# Definition
KEPT = 0.5  # of the size at factor 1.5 that an ensemble has at 3 where little hangs on the factor

# Sweeps
LEARNED = 0.5  # of the best accuracy: below that, a value has no network to speak of
MONOTONE = 0.9  # Spearman's correlation with the value, for a rise or a fall

# Unseen categories
WEAKER = 0.8  # of the other ensembles' activation, below which an unseen category's is weaker

# Groups
IMPOSED = 50  # % of an ensemble in its own group, from which on the group makes it
MARGIN = 10  # percentage points that it has to exceed the controls by
