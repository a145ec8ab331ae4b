"""What a compose file needs of this machine and is not there: found before anything is started."""

import errno
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.config.repositories import RepoConfig
from runner.environment.host_paths import paths_in
from runner.errors import ConfigError
from runner.text import printable, shortened


def check_present(
    rendered: Mapping[str, Any], repository: RepoConfig, environ: Mapping[str, str], is_foreign: Callable[[str], bool]
) -> None:
    """Raise ConfigError for files and folders that are mounted or copied, and variables of secrets, that are not there.

    `environ`: that of docker's clients. What `is_foreign`, of another machine, its engine misses itself.
    """
    gone = [*_files(rendered, is_foreign), *_variables(rendered, environ)]
    if gone:
        raise ConfigError(
            "\n".join(
                [
                    f"{printable(str(repository.compose_file))} needs what is not there. Nothing was started.",
                    *(f"  {reason}" for reason in gone),
                ]
            )
        )


def _files(rendered: Mapping[str, Any], is_foreign: Callable[[str], bool]) -> Iterator[str]:
    for where, path, _target in paths_in(rendered):
        if not is_foreign(path) and (why := _why_missing(Path(path))):
            yield f"{where}: {why} Make it, or leave {'the mount' if where.startswith('services.') else 'it'} out."


def _why_missing(path: Path) -> str:
    """Why there is nothing at a path; empty where there is, or where this user may not look: the engine may."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return f"{printable(str(path))} {'is a link that leads to nothing' if path.is_symlink() else 'does not exist'}."
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return f"{shortened(printable(str(path)), 100)} is too long for a path."
    return ""


def _variables(rendered: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[str]:
    for kind in ("configs", "secrets"):
        for name, value in (rendered.get(kind) or {}).items():
            variable = (value or {}).get("environment")
            if variable and variable not in environ:
                yield f"{kind}.{name}.environment: {variable} is not set in this shell (a .env file does not count). Set it."
