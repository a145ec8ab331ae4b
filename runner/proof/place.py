"""The sources with which proof logs are compared: those of a checkout as it lies there, or of a commit in it."""

import contextlib
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from runner.config.repositories import RepoConfig, at_checkout
from runner.errors import UsageError, cause_of
from runner.odoo.addons import check_checkout
from runner.proof.commit_files import write_files
from runner.reporting.git import NoAnswer
from runner.reporting.provenance import commit_named
from runner.text import printable

# Seconds.
_TIMEOUT = 30.0


@dataclass(frozen=True)
class Place:
    """A repository whose `path` is where the sources lie; `name` for people, `commit` what git calls it, "" if it has none.

    `is_of_commit`: whether they are those of the commit, and not of a checkout that may differ from it.
    """

    repository: RepoConfig
    name: str
    commit: str
    is_of_commit: bool


class Places:
    """The places of the logs of one call: at `ref`, in folders for as long as this lasts; without one, the checkouts.

    The files of a commit are written once, however many logs are compared with them.
    """

    def __init__(self, ref: str) -> None:
        self._ref = ref
        self._written: dict[Path, tuple[str, Path]] = {}
        self._folders = contextlib.ExitStack()

    def __enter__(self) -> "Places":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._folders.close()

    def of(self, repository: RepoConfig) -> Place:
        """Return where the sources of a repository lie. UsageError if its checkout is not there, or has no such commit."""
        check_checkout(repository)
        if self._ref:
            if repository.path not in self._written:
                self._written[repository.path] = self._write(repository.path)
            commit, folder = self._written[repository.path]
            return Place(at_checkout(repository, folder), printable(self._ref), commit, is_of_commit=True)
        try:
            commit = commit_named(repository.path, "HEAD", time.monotonic() + _TIMEOUT)
        except NoAnswer:
            commit = ""
        return Place(repository, f"the checkout {printable(str(repository.path))}", commit, is_of_commit=False)

    def _write(self, checkout: Path) -> tuple[str, Path]:
        folder = Path(self._folders.enter_context(tempfile.TemporaryDirectory()))
        try:
            commit = commit_named(checkout, self._ref, time.monotonic() + _TIMEOUT)
            write_files(checkout, commit, folder)
        except (NoAnswer, OSError) as error:
            raise UsageError(
                f"--against {printable(self._ref)}: git cannot tell what it is in {printable(str(checkout))}:"
                f" {printable(str(error) if isinstance(error, NoAnswer) else cause_of(error))}"
            ) from error
        return commit, folder
