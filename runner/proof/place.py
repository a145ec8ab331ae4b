"""The sources with which proof logs are compared: those of a checkout as it lies there, or of a commit in it."""

import contextlib
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


@contextlib.contextmanager
def place_of(repository: RepoConfig, ref: str) -> Iterator[Place]:
    """Give the sources of a repository at `ref`, in a folder for as long as they are needed; without one, of its checkout.

    UsageError if the checkout is not there, or has no such commit.
    """
    check_checkout(repository)
    deadline = time.monotonic() + _TIMEOUT
    if not ref:
        try:
            commit = commit_named(repository.path, "HEAD", deadline)
        except NoAnswer:
            commit = ""
        yield Place(repository, f"the checkout {printable(str(repository.path))}", commit, is_of_commit=False)
        return
    with tempfile.TemporaryDirectory() as folder:
        try:
            commit = commit_named(repository.path, ref, deadline)
            write_files(repository.path, commit, Path(folder))
        except (NoAnswer, OSError) as error:
            raise UsageError(
                f"--against {printable(ref)}: git cannot tell what it is in {printable(str(repository.path))}:"
                f" {printable(str(error) if isinstance(error, NoAnswer) else cause_of(error))}"
            ) from error
        yield Place(at_checkout(repository, Path(folder)), printable(ref), commit, is_of_commit=True)
