"""The stacks of all threads, as Odoo logs them when it gets SIGQUIT (`dumpstacks` in odoo/tools/misc.py of 14 to 19)."""

import re

from runner.text import printable, shortened
from runner.verdict.odoolog import OdooLog

_THREAD = re.compile(r"^# Thread: <(\w+)\((.*), (?:initial|started|stopped)( daemon)? -?\d+\)>", re.MULTILINE)
_FRAME = re.compile(r'^File: "(.+)", line (\d+), in (\S+)', re.MULTILINE)
# What of a stack is the same for every thread: its start, and the end of Python that waits for it.
_OF_THREADS = re.compile(r"/(threading|concurrent/futures/thread|odoo/tools/misc)\.py$")
_MAIN = "_MainThread"
_LONGEST, _MOST = 100, 10


def has_ended(log: OdooLog) -> bool:
    """Tell whether Odoo has printed a result, and begun no test after it."""
    return bool(log.results) and bool(not log.latest or log.latest.ended)


def why_killed(log: OdooLog, stacks: str, within: str) -> str:
    """Say of an Odoo that had to be killed what kept it from its end, if all its tests had ended; else nothing."""
    if not has_ended(log):
        return ""
    # Python's handlers of signals run in its main thread, which has to come back to Python for that.
    kept = ", ".join(unfinished_threads(stacks)) or "it wrote no stacks, as where its main thread waits for the database"
    return f"all tests ended, but Odoo did not exit {within}: {kept}"


def unfinished_threads(stacks: str) -> list[str]:
    """Name the threads that keep Python from ending, with the places where they are; else the place of the main thread."""
    heads = list(_THREAD.finditer(stacks))
    ends = [head.start() for head in heads[1:]] + [len(stacks)] * bool(heads)
    threads: dict[str, None] = {}
    main: list[str] = []
    for head, end in zip(heads, ends, strict=True):
        kind, name, is_daemon = head.groups()
        place = _place(stacks[head.end() : end])
        if kind == _MAIN:
            main = [f"its main thread{place or ', in a function that was registered with `atexit`'}"]
        elif not is_daemon:
            threads[f"thread '{printable(shortened(name, _LONGEST))}'{place}"] = None
    return list(threads)[:_MOST] or main


def _place(stack: str) -> str:
    """Where a thread is: its last frame outside of what every thread has."""
    frames = [frame for frame in _FRAME.findall(stack.partition(", in dumpstacks")[0]) if not _OF_THREADS.search(frame[0])]
    if not frames:
        return ""
    file, line, function = frames[-1]
    return f" in {printable(shortened(function, _LONGEST))} ({printable(shortened(file, 2 * _LONGEST))}, line {line})"
