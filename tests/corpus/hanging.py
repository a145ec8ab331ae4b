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
        timeout=30,
    ),
    Case(
        "leaves_a_thread",
        "A test leaves a thread for which Python waits: its result is there, but its process does not end.",
        one_test('import threading\n\nthreading.Thread(target=threading.Event().wait, name="forgotten").start()'),
        ExitCode.NOT_PROVEN,
        reasons=(
            "all tests ended, but Odoo did not exit before the tests' time was over (--test-timeout): thread 'forgotten'",
        ),
        timeout=30,
    ),
    Case(
        "hangs_at_its_end",
        "What a module registered with `atexit` does not end.",
        one_test("import atexit\nimport threading\n\natexit.register(threading.Event().wait)"),
        ExitCode.NOT_PROVEN,
        reasons=("all tests ended, but Odoo did not exit before the tests' time was over (--test-timeout): its main thread",),
        timeout=30,
        like="leaves_a_thread",
    ),
    Case(
        "fails_and_leaves_a_thread",
        "A test fails and leaves a thread: it has failed, whatever keeps the process.",
        one_test(
            'import threading\n\nthreading.Thread(target=threading.Event().wait, name="forgotten").start()\nself.fail("no")'
        ),
        ExitCode.FAILED,
        reasons=("FAIL: TestOne.test_one", "all tests ended, but Odoo did not exit before the tests' time was over"),
        counts=(1, 1, 0, 0),
        timeout=30,
        like="leaves_a_thread",
    ),
)
