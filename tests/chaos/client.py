"""A `docker` in front of PATH that fails when it is told to: once for each fault, then it is the real one again."""

import os
import random
import shutil
from pathlib import Path

# A fault is a file with the words that a call must have, and what happens then. The client that takes it moves it away.
_SCRIPT = """#!/bin/bash
for fault in {faults}/fault.*; do
    [ -e "$fault" ] || continue
    IFS='|' read -r words what < "$fault"
    case " $* " in *"$words"*) mv "$fault" "{faults}/taken.$$" 2>/dev/null || continue ;; *) continue ;; esac
    case $what in
        garbage) echo '<html>garbage'; exit 0 ;;
        fails) echo 'wrong' >&2; exit 1 ;;
        *) sleep "$what" ;;
    esac
    break
done
exec {docker} "$@"
"""
# Of a run's calls, and its guard's; the first one is any.
_CALLS = (" ", " ps ", " network ", " volume ", " rm ", " up ", " exec ", " inspect ", " info ", " config ", " version ")
FOR_EVER = "100000"


def put_in_front(folder: Path, faults: Path) -> dict[str, str]:
    """The variables with which a run finds this `docker`; `folder` is for the program."""
    folder.mkdir(exist_ok=True)
    program = folder / "docker"
    program.write_text(_SCRIPT.format(faults=faults, docker=shutil.which("docker")))
    program.chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


def disturb(faults: Path, what: str, chance: random.Random) -> None:
    """Have the next one to three calls of a random kind hang for `what` seconds, or be `garbage`, or `fails`."""
    words = chance.choice(_CALLS)
    for number in range(chance.randint(1, 3)):
        unfinished = faults / f".{number}"
        unfinished.write_text(f"{words}|{what}\n")
        unfinished.chmod(0o666)
        unfinished.rename(faults / f"fault.{number}")


def forget(faults: Path) -> None:
    """Forget the faults that nobody took."""
    for file in faults.iterdir():
        file.unlink(missing_ok=True)
