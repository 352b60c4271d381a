"""The explorer: one page per dataset on which to see an ensemble, a unit, a decision."""
