"""Prepared databases, called snapshots in code and volumes: stages and keys, the store, the choice."""
