"""Forward-Forward networks, their representations and ensembles: the pipeline's library."""
