"""Ablation: what each choice that the paper leaves open does to the numbers."""
