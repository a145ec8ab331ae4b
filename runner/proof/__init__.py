"""Checking proof logs: whether one is whole, of which sources it is, and whether what it says follows from it."""
