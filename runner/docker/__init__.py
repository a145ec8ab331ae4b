"""The one way to run a docker client, and what it answers."""
