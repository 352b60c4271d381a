"""Figures of the questions that the paper leaves open, one module for each question."""
