"""What Compose starts a run from: two files of the run's own, judged and written for a port."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from runner.docker.process import SECRET_FILES
from runner.docker.questions import ComposeProject
from runner.environment.compose_file import judge
from runner.environment.context import RunContext
from runner.environment.copies import Choice, Copies
from runner.environment.missing import check_present
from runner.environment.rendering import as_file, at_port
from runner.errors import EnvironmentFailed, cause_of
from runner.new_file import write_new


@dataclass(frozen=True)
class ComposeModel:
    """The model that Compose made of the repository's file, and what is added to it; without the run's port.

    `environ`: that of Compose's client, of which `variables` are meant for the file. `plain_override`: what is added where
    there is no prepared database.
    """

    context: RunContext
    environ: Mapping[str, str]
    variables: Mapping[str, str]
    rendered: dict[str, Any]
    override: dict[str, Any]
    plain_override: dict[str, Any]
    copies: Copies

    def without_snapshot(self) -> "ComposeModel":
        """Return the model of a run without a prepared database."""
        return replace(self, override=self.plain_override)

    def with_copies(self) -> "ComposeModel":
        """Return the model in which the engine has nothing that is here, so that all is copied that can be."""
        return replace(self, copies=self.copies.of_all((self.rendered, self.override)))

    def at(self, port: int) -> ComposeProject:
        """Judge once more what is started on this port, as all may have changed meanwhile, and write it. Errors of both."""
        judge_at(port, self.rendered, self.context, self.environ, self.copies.choice)
        return self.written(port)

    def written(self, port: int) -> ComposeProject:
        """Write what is started on this port: of the repository's files, Compose reads none again.

        ConfigError for what cannot be in it, EnvironmentFailed if it cannot be written.
        """
        variables = {**self.variables, "ODOO_PORT": str(port)}
        files = (self._rendering, self.context.folder / "compose.override.json")
        for file, model in zip(files, (self.rendered, self.override), strict=True):
            with_copies, more = self.copies.applied(model)
            variables |= more
            content = as_file(with_copies, port, self.context.password)
            try:
                # What the compose file has of this user's variables, nobody else may read.
                write_new(file, content.encode(), mode=0o600)
            except OSError as error:
                raise EnvironmentFailed(f"The compose file of this run cannot be written: {cause_of(error)}.") from error
        return ComposeProject(self.context.project, files, variables)

    def forget_rendering(self) -> None:
        """Remove the file that may hold what this user's shell or env files keep secret, once Compose has started from it."""
        self._rendering.unlink(missing_ok=True)

    @property
    def _rendering(self) -> Path:
        # The guard removes what is called so, if this process cannot.
        return self.context.folder / SECRET_FILES.replace("*", "compose.json")


def judge_at(
    port: int, rendered: dict[str, Any], context: RunContext, environ: Mapping[str, str], choice: Choice
) -> list[str]:
    """Return what is unwise in a compose file on this port. ConfigError if it cannot be used, or needs what is not there."""
    at_this_port = at_port(rendered, port)
    warnings = judge(at_this_port, context.repository, context.project)
    check_present(at_this_port, context.repository, environ, choice.is_foreign)
    return warnings
