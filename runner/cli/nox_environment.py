"""The environment in which a session of the noxfile runs its programs. Standard library only."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import nox

_INSTALLED = ".installed"


def install(session: "nox.Session", requirements: Sequence[str]) -> None:
    """Install the requirements into the session's environment, again only after they have changed.

    With -R nox leaves out a repetition, but not what was never finished. Without an environment of its own (--no-venv) nothing
    is installed: the programs that run say what they miss.
    """
    if session.venv_backend == "none":
        return
    # It goes with the environment when that is made anew.
    stamp = Path(session.virtualenv.location, _INSTALLED)
    before = stamp.read_text() if stamp.is_file() else None
    wanted = "\n".join(requirements)
    if before == wanted:
        return
    # An installation that ends half-way must leave none.
    stamp.unlink(missing_ok=True)
    installer = ("uv", "pip") if session.venv_backend == "uv" else ("python", "-m", "pip")
    command = [*installer, "install", *requirements]
    # As session.install, which does not say whether it did it.
    done = session.run_install(*command, silent=True)
    if done is None and before is None:
        done = session.run(*command, silent=True)
    if done is not None:
        stamp.write_text(wanted)
    elif before is not None:
        stamp.write_text(before)


def interpreter(session: "nox.Session") -> str:
    """Return the Python of the session's environment; without one (--no-venv), that which runs nox."""
    return sys.executable if session.venv_backend == "none" else "python"
