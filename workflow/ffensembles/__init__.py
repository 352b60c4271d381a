"""Forward-Forward networks, their representations and ensembles: the library behind the pipeline."""
