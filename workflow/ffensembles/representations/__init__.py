"""Representations: activations for every test image, extracted and stored (section 3.5)."""
