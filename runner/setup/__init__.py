"""Make a machine ready for the runner: the Docker engine, Compose v2, and the images. What `nox -s setup` runs."""
