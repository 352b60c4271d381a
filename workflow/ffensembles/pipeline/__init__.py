"""What surrounds every job: configuration, fingerprints, logs, the cluster, provenance."""
