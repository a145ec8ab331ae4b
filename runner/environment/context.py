"""What a run knows from its start on: one value, handed to everything that works for it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cleanup import keep
from runner.cleanup.owner import this_process
from runner.config.options import Options
from runner.config.repositories import RepoConfig
from runner.naming import MODULE_LABEL, REPOSITORY_LABEL, STARTED_LABEL
from runner.reporting.proof_log import now
from runner.signals import Signals
from runner.terminal import Terminal
from runner.text import without

if TYPE_CHECKING:
    from runner.upgrade.revision import Revision


@dataclass(frozen=True)
class RunContext:
    """One run: `project` is its Compose project's name, `folder` its own in the checkout, `password` the database's.

    `labels` go on every container, network and volume; `token` is in the environment of every docker client, by which the
    guard finds them. `revision`: the commit as of which the module is installed first, to be updated. `beside`: modules that
    are to be there besides `module`. `port`: the one that is taken if it is free; `locks`: descriptors of what is locked until
    the teardown is over.
    """

    repository: RepoConfig
    module: str
    options: Options
    project: str
    folder: Path
    terminal: Terminal
    signals: Signals
    labels: Mapping[str, str]
    revision: "Revision | None" = None
    token: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    password: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    beside: tuple[str, ...] = ()
    port: int | None = None
    locks: tuple[int, ...] = ()

    def without_password(self, text: str) -> str:
        """Return a text for people without the password: containers and compose files may say anything."""
        return without(text, self.password)


def labels_of(repository: RepoConfig, module: str, marked_in: Path | None = None) -> dict[str, str]:
    """Return the labels of a run that starts now, in this process.

    `marked_in`: the folder with the mark of a run that may be kept. Who may not look there takes it for kept, so none is named
    for any other: what it leaves is then removed by the next run of whatever user.
    """
    about = {REPOSITORY_LABEL: repository.name, MODULE_LABEL: module, STARTED_LABEL: now()}
    return about | ({keep.FOLDER_LABEL: str(marked_in)} if marked_in else {}) | this_process().labels()
