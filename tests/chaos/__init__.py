"""`nox -s chaos -- ROUNDS [SEED [WAY]]`: disturb and end runs of real Odoo at random, look for what is left.

Not a test of CI: it takes some ten seconds a round, and finds what nobody thought of. A seed repeats kinds, ways and moments.

A round starts a run (kinds.py), may let something happen to it (troubles.py), may end it (endings.py), and then looks at what
the run promised: that everything is gone by itself, or, where its guard is dead too, after the next `cleanup`; that no other
run took it for dead while it lived; and that what must not harm it did not change how it ends.
"""
