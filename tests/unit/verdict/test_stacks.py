"""What keeps Odoo from its end, read from the stacks that it logs."""

from runner.verdict.stacks import unfinished_threads

FRAMES = """File: "/usr/lib/python3.13/threading.py", line 1014, in _bootstrap
  self._bootstrap_inner()
File: "/usr/lib/python3.13/threading.py", line 994, in run
  self._target(*self._args, **self._kwargs)
"""
AT_ITS_END = """
# Thread: <_MainThread(MainThread, stopped 139937440642944)> (db:agent_test) (uid:n/a) (url:n/a) (qc:n/a qt:n/a pt:n/a)
File: "/usr/lib/python3.13/threading.py", line 1542, in _shutdown
  _thread_shutdown()
File: "/usr/lib/python3/dist-packages/odoo/tools/misc.py", line 922, in dumpstacks
  for line in extract_stack(stack):
"""


def thread(about: str, frames: str = FRAMES) -> str:
    return f"\n# Thread: <{about}> (db:n/a) (uid:n/a) (url:n/a) (qc:n/a qt:n/a pt:n/a)\n{frames}"


def test_a_thread_that_nobody_waits_for_is_named_as_odoo_19_logs_it() -> None:
    assert unfinished_threads(thread("Thread(forgotten, started 139937313019584)") + AT_ITS_END) == ["thread 'forgotten'"]


def test_so_is_the_place_where_it_is() -> None:
    frames = FRAMES + 'File: "/mnt/extra-addons/m/tests/test_one.py", line 8, in wait\n  time.sleep(1)\n'
    frames += 'File: "/usr/lib/python3.13/threading.py", line 655, in wait\n'
    stacks = thread("Timer(Thread-5 (poll), started 1)", frames) + AT_ITS_END
    assert unfinished_threads(stacks) == ["thread 'Thread-5 (poll)' in wait (/mnt/extra-addons/m/tests/test_one.py, line 8)"]


def test_daemons_keep_nothing_from_its_end() -> None:
    stacks = thread("Thread(odoo.service.cron.cron0, started daemon 1)") + AT_ITS_END
    assert unfinished_threads(stacks) == ["its main thread, in a function that was registered with `atexit`"]


def test_without_a_thread_it_is_the_place_of_the_main_one() -> None:
    here = 'File: "/mnt/m/hooks.py", line 3, in linger\n  time.sleep(9)\n'
    here += 'File: "/usr/lib/python3/dist-packages/odoo/tools/misc.py", line 922, in dumpstacks\n'
    assert unfinished_threads(thread("_MainThread(MainThread, started 1)", here)) == [
        "its main thread in linger (/mnt/m/hooks.py, line 3)"
    ]


def test_without_stacks_there_is_nothing_to_name() -> None:
    assert unfinished_threads("") == []
    assert unfinished_threads("Killed\n# Thread: odd\n") == []


def test_names_are_shown_and_do_nothing_else_and_are_not_endless() -> None:
    threads = [thread(f"Thread(\x1b[31m{number}{'x' * 200}, started 1)") for number in range(50)]
    named = unfinished_threads("".join(threads))
    assert len(named) == 10
    assert all(name.isprintable() and len(name) < 200 for name in named)
    assert named[0].startswith(r"thread '\x1b[31m0x")
