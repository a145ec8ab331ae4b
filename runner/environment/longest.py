"""How long a run may take, whatever happens to it: what its deadline is made of."""

from runner.cleanup.guard_process import BOUND
from runner.config.options import Debugger, Keep, Options
from runner.docker.questions import COPY_LIMIT, UP_LIMIT
from runner.odoo.command import KILL_AFTER
from runner.snapshots.carrier import CARRIER_LIMIT

# Seconds for all that a run pulls from a registry, and for all that it pushes: what takes longer than to make it is no help.
PULLING_BOUND, PUSHING_BOUND = 120.0, 300.0
# Seconds, for what one teardown takes in a fraction.
START_OVER_BOUND = 60.0
# Seconds, for what the engine needs beyond Odoo's own time before it is taken for stalled.
STREAM_MARGIN = 60.0
# A prepared database has four stages at most. Each is installed in the time of the tests, then kept: the server stops, all is
# copied twice, the server starts; in seconds, by the limits of run/copying.py.
_STAGES, _KEEPING = 4, 1200.0
# What a person wanted to look into is not removed before they may have had a weekend.
_KEPT = 7 * 86400.0
# A watch takes its environment down when that is so old, a working day: what nobody works with any more need not stand.
WATCHED = 8 * 3600.0
# For the questions between these steps: there are dozens, and each may take a minute on a machine under load.
_MARGIN = 1800.0


def longest_tests(options: Options) -> float:
    """Return the seconds within which the tests must have ended: with a debugger, as a person thinks, those of a watch."""
    return WATCHED if options.debugger is not Debugger.NONE else options.test_timeout


def longest_run(options: Options) -> float:
    """Return the seconds within which a run with these options is over, from when all is there that it needs.

    Every wait of a run is bounded, and these are the bounds: so past its deadline only what a dead run left can stand. A run
    may have to begin anew, once, with copies of the sources; one on a prepared database, once more, on an empty one. A watch
    begins a round, and a person debugs, until WATCHED is over.
    """
    start = options.wait_for_port + COPY_LIMIT + UP_LIMIT + options.health_timeout
    # JavaScript tests have what the others leave of their time.
    odoo = options.test_timeout + (2 if options.javascript else 1) * (KILL_AFTER + STREAM_MARGIN)
    # What comes before the tests has their time, each by itself.
    tests = odoo + options.steps * (options.test_timeout + KILL_AFTER + STREAM_MARGIN)
    seconds = start + START_OVER_BOUND + start + tests
    if options.snapshot:
        seconds += PULLING_BOUND + PUSHING_BOUND + 2 * CARRIER_LIMIT
        seconds += _STAGES * (odoo + _KEEPING) + START_OVER_BOUND + start + tests
    seconds += BOUND + _MARGIN + (WATCHED if options.watch or options.debugger is not Debugger.NONE else 0.0)
    return seconds if options.keep is Keep.NEVER else max(seconds, _KEPT)
