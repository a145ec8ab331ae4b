"""The runner against a plain shell script, and many runs at once against one after another: `nox -s bench`."""
