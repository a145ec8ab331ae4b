"""What a start or an update does: under a guard, so that it comes to its end, or leaves data as it was and nothing running."""

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from runner.cleanup.owner import this_process
from runner.cleanup.resources import GENERATION_LABEL
from runner.docker.address import Address
from runner.environment.context import RunContext
from runner.errors import EnvironmentFailed, ExitCode, Interrupted, RunnerError
from runner.naming import UAT_LABEL
from runner.odoo.addons import modules_of
from runner.odoo.command import SERVICE
from runner.odoo.settings import settings_of
from runner.reporting.proof_log import RunLog, now, run_folder, teardown_proof
from runner.reporting.provenance import commit_of
from runner.run.comparing import Comparison
from runner.text import aligned, first_of, printable
from runner.uat.data import Data, new_generation, publish
from runner.uat.environment import UatEnvironment
from runner.uat.installing import WHEN, check_sources, described, install, set_password
from runner.uat.login import Login, file_in, new_login, read_login, write_login
from runner.uat.modules import Changes, changes_since, digests
from runner.uat.place import Place, drop_older, take_down
from runner.uat.standing import Uat, labels_of
from runner.uat.versions import check_versions, images_now

MOST_NAMED = 8


class Work:
    """What a start or an update does, alone and under a guard, with the `before` that counts, if there is any."""

    def __init__(self, place: Place, held: int, before: Data | None, modules: Sequence[str]) -> None:
        self._place, self._held, self._before, self._modules = place, held, before, modules
        self._folder = run_folder(place.repository.path, place.project, again=True)
        self._images: dict[str, str] = {}
        kept = read_login(self._folder)
        is_known = kept is not None and before is not None and kept.id == before.login_id
        self._login: Login = kept if kept and is_known else new_login(kept.port if kept else None)
        self._is_new_login = not is_known
        self._data = before or Data("", {})

    @property
    def has_login(self) -> bool:
        """Whether the passwords are known here."""
        return not self._is_new_login

    def check_versions(self) -> bool:
        """Check the compose file and the images; whether Odoo's is another one than that of the data. ConfigError."""
        place, data = self._place, self._before
        about = (place.engine, self._folder, place.repository, place.project, place.terminal)
        self._images = images_now(*about)
        if not data:
            return False
        check_versions(place.engine, data, self._images, place.project)
        return self._images.get(SERVICE) != data.images.get(SERVICE)

    def first(self, *, whole: bool) -> int:
        """Make it, with all its modules."""
        self.check_versions()
        self._data = replace(self._data, whole=whole, made=now())
        return self._make(Changes(new=tuple(self._modules)), new_generation())

    def with_changes(self, uat: Uat, changes: Changes) -> int:
        """Make another generation of the data, with these changes, in the place of what stands."""
        return self._make(changes, new_generation(), uat)

    def again(self, uat: Uat) -> int:
        """Have it run with the data that is there, in the place of what stands."""
        assert self._before
        return self._make(None, self._before.generation, uat)

    def _make(self, changes: Changes | None, generation: str, uat: Uat | None = None) -> int:
        place = self._place
        repository, terminal = place.repository, place.terminal
        labels = {UAT_LABEL: place.project, GENERATION_LABEL: generation, **labels_of(repository.name, repository.path)}
        first, *beside = [*self._modules, *["base"] * (not self._modules)]
        context = RunContext(
            repository,
            first,
            place.options,
            place.project,
            self._folder,
            terminal,
            place.signals,
            labels | this_process().labels(),
            beside=tuple(beside),
            port=self._login.port,
            locks=(self._held,),
        )
        terminal.begin(f"{repository.name} / uat", place.project)
        error: RunnerError | Interrupted | None = None
        facts = {
            "environment": place.project,
            "command": place.command,
            "started": now(),
            "repository": f"{repository.name} at {printable(str(repository.path))}",
            "commit": commit_of(repository.path, modules_of(repository).values()),
            **settings_of(repository).facts(),
        }
        file = self._folder / "uat.log"
        with contextlib.suppress(OSError):  # else it cannot be written, which is said
            file.unlink(missing_ok=True)
        with RunLog(file) as log:
            log.block("ENVIRONMENT TO LOOK AT: NO PROOF", facts)
            if uat:
                take_down(place, uat)
            environment = UatEnvironment(context, place.engine.endpoint, log.raw, login=self._login, before=self._before)
            try:
                self._in(environment, changes, log, labels)
            except (RunnerError, Interrupted) as problem:
                error = problem
            environment.close()
        if place.signals.first is not None:
            error = Interrupted(place.signals.first)
        if environment.teardown and not environment.teardown.complete:
            terminal.closing([*([str(error)] if error else []), *teardown_proof(place.project, environment.teardown)])
            return ExitCode.LEFT_BEHIND
        if error:
            terminal.line(self._how_it_is())
            raise error
        if not environment.kept:
            raise EnvironmentFailed(f"{place.project} could not be left running, and is stopped.")
        place.signals.lift_shield()
        if self._data != self._before:
            drop_older(place, place.found())
        if self._login.port not in (None, environment.port):
            terminal.line(f"  port {self._login.port}, where it was before, is taken: it is on {environment.port} from now on")
        self.tell("is running", environment.address)
        return ExitCode.PASSED

    def _how_it_is(self) -> str:
        """Say, as the engine knows it, what there is after a start or an update that did not come to its end."""
        with contextlib.suppress(RunnerError):  # what it failed of says more
            uat = self._place.found()
            if not uat or not uat.data:
                return "  nothing of it is left"
            is_old = self._before and uat.data.generation == self._before.generation
            return f"  it is stopped; its data is {'as it was' if is_old else 'there'}"
        return "  how it is now says: " + self._place.call("status")

    def _in(self, environment: UatEnvironment, changes: Changes | None, log: RunLog, labels: Mapping[str, str]) -> None:
        place, before = self._place, self._before
        if before and changes is None and (others := changes_since(before, place.repository)).told:
            place.terminal.line(f"  warning: {others.told}, since the data was made. To bring that in: {place.call('update')}")
        comparison = Comparison(environment)
        with environment:
            check_sources(comparison)
            data = replace(self._data, generation=environment.data.generation, volumes=environment.data.volumes)
            if changes:
                modules = modules_of(place.repository)
                seen = digests(modules, modules)
                version = install(environment, changes, log, is_first=not before)
                data = described(environment, data, version, changes, seen)
            if self._is_new_login:
                data = set_password(environment, data, self._login)
            if changes:
                environment.serve()
            environment.check_served()
            environment.check_alive(environment.prefetch_states().result(), when=WHEN)
            write_login(self._folder, replace(self._login, port=environment.port))
            if data != before:
                updated = now() if changes else data.updated
                data = replace(data, images=self._images, updated=updated, http_port=environment.http_port)
                data = publish(environment.engine, place.project, data, labels)
            self._data = data
            environment.keep()

    def tell(self, how: str, address: Address | None) -> None:
        """Say where it is, and how to get in."""
        place, login = self._place, self._login
        facts = {
            "address": f"http://{address}" if address else "none",
            **({"open": address.way} if address and address.way else {}),
            "login": self._data.login,
            "password": login.password,
            "master password": login.master,
            "kept in": str(file_in(self._folder)),
            "modules": first_of(list(self._data.modules), MOST_NAMED),
            "update": place.call("update"),
            "stop": place.call("stop"),
        }
        place.terminal.closing(["", f"{place.project} {how}", *(f"  {line}" for line in aligned(facts))])
