"""What figures are put together from: style, the run shown, grids of units, heat maps."""
