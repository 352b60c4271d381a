"""Datasets: where images and labels come from (section 3.1, App. B)."""
