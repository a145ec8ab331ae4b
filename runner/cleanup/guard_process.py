"""The guard: a detached process that tears a run's environment down, however the run ends. guard.py is the runner's end of it.

It lives in a session of its own, ignores the signals that end the runner, and holds the reading end of a pipe whose only
writer is the runner. End of file, for whatever reason, is its signal: there is one teardown path for every ending. Standard
library only: it has to start in tens of milliseconds.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from dataclasses import asdict
from pathlib import Path

from runner.cleanup.teardown import remove_project
from runner.docker.process import SECRET_FILES, Endpoint, kill_clients, kill_group
from runner.new_file import write_new
from runner.processes import HAS_PROC

# Seconds for which the guard tries; a daemon that restarts is back well within them.
BOUND = 120.0
# What the runner tells, a line each: that there may be something to remove, followed by the engine's ID; that a guard at the
# engine is part of it; that no client of the run that can create anything was killed; that the environment is to stand.
ARM, AT_ENGINE, SKIP_SETTLING, DISARM = b"arm ", b"at engine\n", b"skip settling\n", b"disarm\n"
READY = b"ready\n"
# In the run's folder: the sources as they were at the commit of --upgrade-from.
EARLIER = "earlier"


def main(arguments: list[str]) -> None:
    """Guard PROJECT with TOKEN: write the report to standard output and into REPORT_FILE, once the pipe is at its end.

    This process' own environment is the engine's: every docker client gets it as it is.
    """
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGQUIT):
        signal.signal(signum, signal.SIG_IGN)
    project, token, report_file = arguments
    _write(READY)
    is_armed, is_left_standing, engine_id = False, False, ""
    settle: float | None = None
    at_engine = False
    for line in sys.stdin.buffer:
        if line.startswith(ARM):
            is_armed, engine_id = True, line[len(ARM) :].decode().strip()
        elif line == AT_ENGINE:
            at_engine = True
        elif line == SKIP_SETTLING:
            settle = 0.0
        elif line == DISARM:
            is_armed, is_left_standing = False, True
    folder = Path(report_file).parent
    if not HAS_PROC and not is_left_standing:
        _kill_launched(folder)
    if not is_armed:
        if not is_left_standing:
            kill_clients(token)  # nothing is created yet, but a client that hangs would live on
        _remove_secrets(folder)
        if not is_left_standing:  # an environment that stands has them mounted
            _remove_earlier(folder)
        _write(b"null")
        return
    endpoint = Endpoint(dict(os.environ))
    report = remove_project(endpoint, project, bound=BOUND, engine_id=engine_id, token=token, settle=settle, guard=at_engine)
    report.errors += _remove_secrets(folder) + _remove_earlier(folder)
    text = json.dumps({**asdict(report), "project": project, "ended": time.strftime("%Y-%m-%d %H:%M:%S")}, indent=1)
    try:
        write_new(Path(report_file), f"{text}\n".encode())
    except OSError as error:  # the folder was deleted: the runner, if it lives, still reads the pipe
        report.errors.append(f"{report_file} cannot be written: {error}")
    _write(json.dumps(asdict(report)).encode())


def _kill_launched(folder: Path) -> None:
    """Kill the clients that launch.py has started: not every program shows its mark where there is no /proc."""
    for file in folder.glob(SECRET_FILES):
        with contextlib.suppress(OSError):
            if (content := file.read_bytes()).isdigit():
                kill_group(int(content))


def _remove_secrets(folder: Path) -> list[str]:
    """Remove what clients that were killed had yet to read, passwords in it; the errors."""
    errors = []
    for file in folder.glob(SECRET_FILES):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            errors.append(f"{file} cannot be removed: {error}")
    return errors


def _remove_earlier(folder: Path) -> list[str]:
    """Remove the sources that only this run had; the errors."""
    if not (folder / EARLIER).exists():
        return []
    try:
        shutil.rmtree(folder / EARLIER)
    except OSError as error:
        return [f"{folder / EARLIER} cannot be removed: {error}"]
    return []


def _write(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError:
        # The runner is dead: nobody reads. Point the descriptor elsewhere, or the interpreter complains at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
