"""The models that the paper speaks of: its claims, pairs and figures are about these alone."""

PAPER_MODELS = FF, BPFF, BP = "ff", "bpff", "bp"
WITH_GOODNESS = FF, BPFF  # those that optimise goodness
