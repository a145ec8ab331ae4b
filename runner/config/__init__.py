"""repos.yaml and repos.local.yaml."""
