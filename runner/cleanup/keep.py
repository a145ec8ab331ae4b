"""Environments that are to stand after their run (`--keep`): the mark by which the janitor knows them.

The labels are given before anybody knows how the run will end, and cannot be changed. So the mark is a file in the run's
folder, which the labels name; without it (also if the folder is deleted) an environment without a living owner is a leftover.
"""

import contextlib
import errno
import shutil
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.cleanup.guard_process import EARLIER
from runner.docker.address import Address
from runner.naming import LABEL_PREFIX
from runner.new_file import write_new
from runner.odoo.command import DATABASE

FOLDER_LABEL = LABEL_PREFIX + "folder"
_MARK = "kept"


@dataclass(frozen=True)
class Served:
    """Whether a kept environment serves the test database: `why_not` is empty if it does. `login` tells who can sign in."""

    login: str = ""
    why_not: str = "the run ended with an error"


def mark(folder: Path) -> None:
    """Say that the environment of this run's folder is kept on purpose."""
    write_new(folder / _MARK, time.strftime("%Y-%m-%d %H:%M:%S\n").encode())


def is_marked(folder: Path) -> bool:
    """Tell whether the run of this folder was kept, and was not removed since. True where nobody here can look."""
    try:
        return stat.S_ISREG((folder / _MARK).stat().st_mode)  # not is_file(), which says no for what may be there
    except (ValueError, FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:  # a name that is too long for a folder, and links in a circle
        return error.errno not in (errno.ENAMETOOLONG, errno.ELOOP)


def unmark(labels: Mapping[str, str]) -> None:
    """Forget the mark, once the environment is removed, and the earlier sources that it had mounted."""
    if folder := labels.get(FOLDER_LABEL):
        # Anything may be in a label; without its environment a mark means nothing. Only where there is one, a run has been.
        with contextlib.suppress(OSError, ValueError):
            (Path(folder) / _MARK).unlink()
            shutil.rmtree(Path(folder) / EARLIER)


def is_kept(labels: Mapping[str, str]) -> bool:
    """Tell whether the environment with these labels is kept on purpose."""
    folder = labels.get(FOLDER_LABEL)
    return bool(folder) and is_marked(Path(str(folder)))


def how_to_use(project: str, address: Address, served: Served) -> list[str]:
    """Return where the test database is served, if it is, and the exact commands to enter the environment and to remove it."""
    query = f"PGPASSWORD=$PASSWORD psql -h $HOST -U $USER {DATABASE}"
    return [
        *([f"kept; its database is not served: {served.why_not}"] if served.why_not else [f"kept: http://{address}"]),
        *([f"  open:     {address.way}"] if address.way and not served.why_not else []),
        *([f"  login:    {served.login}"] if not served.why_not else []),
        f"  enter:    nox -s shell -- {project}",
        f"  database: {query}  (in there)",
        f"  logs:     nox -s logs -- {project}",
        f"  remove:   nox -s cleanup -- {project}",
    ]
