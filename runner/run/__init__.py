"""A call with one or many modules, and one module from its request to its outcome."""
