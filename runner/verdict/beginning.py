"""What the tests began with, where that was more than the installation of the module: an update, or a second installation."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from runner.text import printable


class Step(Enum):
    """What a run does before the tests of a module begin."""

    INSTALL = "install"
    UNINSTALL = "uninstall"
    UPDATE = "update"
    REINSTALL = "reinstall"


@dataclass(frozen=True)
class Version:
    """The version of a module as it was installed first, and after its update; empty where the database has none."""

    module: str
    before: str
    after: str = ""


@dataclass(frozen=True)
class Beginning:
    """How the module came into the database.

    `ref`, `commit`: what was installed first, empty where the module was installed twice as it is; `is_new`: it was not there
    then, and was installed as ever. `failed`: the step that came to no good end, so that no tests began. `versions`: of what
    was updated. `scripts`: the migration scripts that ran, as Odoo names them, each after its module.
    """

    ref: str = ""
    commit: str = ""
    is_new: bool = False
    failed: Step | None = None
    versions: Sequence[Version] = ()
    scripts: Sequence[str] = ()

    @property
    def title(self) -> str:
        """Say it behind the label of a verdict."""
        ref = printable(self.ref)
        if self.is_new:
            return f"new since {ref}"
        told = {
            Step.INSTALL: f"at the installation as of {ref}" if ref else "at the first installation",
            Step.UNINSTALL: "at the uninstallation",
            Step.UPDATE: f"at the update from {ref}",
            Step.REINSTALL: "at the second installation",
            None: f"updated from {ref}" if ref else "reinstalled",
        }
        return told[self.failed]

    @property
    def lines(self) -> list[str]:
        """Say what was updated, and what ran for it."""
        lines = [f"{v.module}: {v.before or 'no version'} -> {v.after or 'not updated'}" for v in self.versions]
        if self.versions and not self.failed:
            lines += [f"ran: {script}" for script in self.scripts] or ["no migration script ran"]
        return [*map(printable, lines)]
