"""What never ends."""

from runner.errors import ExitCode

from .case import Case, one_test

# Python's own words for the place in which the test waits, as Odoo writes them into the log.
STACK = "in test_one\n  threading.Event().wait()"
WAITS = one_test("import threading\n\nthreading.Event().wait()")

HANGING = (
    Case(
        "hangs",
        "A test waits for ever; the log ends in the stacks of all threads.",
        WAITS,
        ExitCode.TIMED_OUT,
        reasons=("the tests ran past their time (--test-timeout); the last one started was TestOne.test_one",),
        timeout=15,
    ),
)
