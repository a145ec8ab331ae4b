"""The environment to look at while a command works at it: under the guard of a run, until it is left standing at the end."""

from collections.abc import Callable
from dataclasses import replace

from runner.cleanup.resources import GENERATION_LABEL
from runner.docker import questions
from runner.docker.process import Endpoint
from runner.environment.context import RunContext
from runner.environment.environment import Environment
from runner.environment.isolation import PROBE_PORT
from runner.environment.preflight import Preflight
from runner.errors import ConfigError, EnvironmentFailed
from runner.odoo.command import server_command
from runner.odoo.settings import settings_of
from runner.snapshots.password import statements
from runner.snapshots.plan import database_image
from runner.snapshots.snapshot import DB_SERVICE, with_data
from runner.uat.data import Data, copy, make_volumes, new_data
from runner.uat.login import Login
from runner.uat.login_page import login_fault
from runner.uat.override import data_places, served_port, with_server, with_volumes

_LOG_LINES = 30


class UatEnvironment(Environment):
    """Its data is `data`: what counted `before`, or another generation, made as a copy of that, or from nothing.

    With other data it comes up with the server that the compose file has, beside which modules are installed, and serves once
    `serve` is called; with what counted before, at once. GENERATION_LABEL in the context's labels says which.
    """

    def __init__(
        self,
        context: RunContext,
        endpoint: Endpoint,
        record: Callable[[bytes], None],
        *,
        login: Login,
        before: Data | None,
    ) -> None:
        super().__init__(context, endpoint, record)
        self.data = before or Data("", {})
        self._generation = context.labels[GENERATION_LABEL]
        self._before = before
        self._login = login
        self.http_port = 0

    @property
    def is_new(self) -> bool:
        """Whether its data is not what counted before."""
        return not self._before or self._before.generation != self._generation

    def _settled(self, found: Preflight) -> Preflight:
        model, context = found.model, self.context
        service = model.rendered["services"].get(DB_SERVICE) or {}
        image = self.engine.ask(questions.image(service["image"])) if "image" in service else None
        database = database_image({service["image"]: image} if image else {}, service if image else {})
        places = data_places(model.rendered, database)
        self.http_port = served_port(model.rendered, PROBE_PORT)
        if self._before and (other := [name for name in places.needed if name not in self._before.volumes]):
            raise ConfigError(
                f"The compose file keeps its data in {', '.join(other)}, and {context.project} was made with "
                f"{', '.join(self._before.volumes)}. Call the volumes as before, or remove its data: uat ... reset"
            )
        if self.is_new:
            self.data = new_data(context.project, self._generation, places.mounts, self._before)
        rendered, override = with_volumes(model.rendered, model.override, places, self.data.volumes)
        if self._before:
            override = with_data(override, rendered, database, statements(rendered, context.password))
        if not self.is_new:
            override = with_server(override, self._server())
        return replace(found, model=replace(model, rendered=rendered, override=override, plain_override=override))

    def _server(self) -> list[str]:
        repository = self.context.repository
        asked = settings_of(repository)
        settings = replace(asked, options={**asked.options, "admin_passwd": self._login.stored_master})
        return server_command(len(repository.addons), self.http_port, settings)

    def _come_up(self) -> None:
        if self.is_new:
            context, found = self.context, self.preflight
            make_volumes(self.engine, context.project, self.data, found.labels)
            if self._before:
                service = found.model.rendered["services"][DB_SERVICE]
                binds = [mount for mount in service.get("volumes") or () if mount["type"] == "bind"]
                binds = [bind for bind in binds if not found.model.copies.choice.is_copied(bind["source"])]
                with context.terminal.phase("copy the data"):
                    about = (self.engine, context.project, self._before, self.data, found.labels)
                    copy(*about, service["image"], binds)
        super()._come_up()

    def serve(self) -> None:
        """Put a server that serves the database in the place of the compose file's. EnvironmentFailed if it does not start."""
        model = self.preflight.model
        override = with_server(model.override, self._server())
        self._preflight = replace(self.preflight, model=replace(model, override=override, plain_override=override))
        # Compose would hand its anonymous volumes to the next one, with which no engine removes them any more.
        self.engine.command("container", "rm", "--force", "--volumes", self.odoo_container)
        self._up()

    def check_served(self) -> None:
        """Wait until there is a page to log in. EnvironmentFailed, with the server's last lines, if there is none in time."""
        limit = self.context.options.health_timeout
        with self.context.terminal.phase("serve"):
            fault = login_fault(self.engine, self.odoo_container, self.http_port, limit)
        if fault:
            log = self.engine.ask(questions.logs(self.odoo_container, _LOG_LINES))
            raise EnvironmentFailed(f"Odoo shows no page to log in within {limit:g} s ({fault}). Its last lines:\n{log}")
