"""A module as it was at a commit: its sources then, and the migration scripts that lead from there to the checkout."""
