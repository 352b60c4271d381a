"""Sweeps: what sets accuracy, sparsity and ensembles, one setting after the other."""
