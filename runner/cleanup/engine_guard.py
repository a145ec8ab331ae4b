"""The runner's end of the guard at the engine, where the one beside the runner may go with it: engine_guard_process.py."""

import json
import re
import time
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from runner.cleanup import engine_guard_process
from runner.cleanup.engine_guard_process import ARM, READY, SOCKET
from runner.cleanup.guard_process import BOUND
from runner.cleanup.resources import GENERATION_LABEL, MAKER_LABEL, PUBLISHED_LABEL
from runner.cleanup.teardown import PAUSE, SETTLE, guard_token
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.docker.listing import GUARD_LABEL, PROJECT_LABEL
from runner.docker.process import TOKEN_VARIABLE, Attached, DockerFailed, has_vanished
from runner.docker.whereabouts import Whereabouts, socket_at_engine
from runner.errors import EnvironmentFailed
from runner.naming import UAT_LABEL

# Seconds, for what takes less than one.
_READY_TIMEOUT = 60.0
# What docker says before the reason.
_ABOUT = re.compile(r"^(`docker run`: )?(docker: )?(Error response from daemon: )?")


class NoEngineGuard(Exception):
    """Why there can be no guard at the engine."""


def is_wanted(setting: str, whereabouts: Whereabouts) -> bool:
    """Tell whether there is to be a guard at the engine, by `guard:` in repos.yaml and where the engine is."""
    return setting == "engine" or (setting == "auto" and not whereabouts.is_here)


class EngineGuard:
    """A container that removes a run's environment, and then itself, as soon as this process is gone, whatever ends it.

    One that was given up, because it did not say in time that it stands, removes nothing but itself.

    What it runs is this project's alone, in the image that repos.yaml names: nothing of a checkout, and no image that only a
    compose file names, gets the engine's socket.
    """

    def __init__(
        self, engine: Engine, project: str, token: str, *, image: Image | None, labels: Mapping[str, str], longest: float
    ) -> None:
        """Start it, without waiting for it; `image` as the engine has it, `longest`: the seconds in which the run is over."""
        self._engine = engine
        self._name = f"{project}-guard"
        self._client: Attached | None = None
        self._failure = ""
        socket = socket_at_engine(engine.whereabouts, engine.client_environ)
        if not socket:
            self._failure = "it is not known which file of the engine's machine is its socket"
        elif not image:
            self._failure = "the engine does not have the image of Odoo that repos.yaml names"
        else:
            about = {
                "name": self._name,
                "project": project,
                "longest": longest,
                "of_project": PROJECT_LABEL,
                "of_maker": MAKER_LABEL,
                "of_marker": PUBLISHED_LABEL,
                "of_uat": UAT_LABEL,
                "of_generation": GENERATION_LABEL,
                "bound": BOUND,
                "settle": SETTLE,
                "pause": PAUSE,
            }
            words = self._words(socket, image, {**labels, GUARD_LABEL: project}, json.dumps(about))
            try:
                self._client = Attached(words, {**engine.endpoint.environ, TOKEN_VARIABLE: guard_token(token)})
            except DockerFailed as error:
                self._failure = str(error)

    def _words(self, socket: PurePosixPath, image: Image, labels: Mapping[str, str], about: str) -> tuple[str, ...]:
        program = Path(engine_guard_process.__file__).read_text(encoding="utf-8")
        return (
            *("run", "--interactive", "--rm", "--name", self._name),
            *(f"--label={name}={value}" for name, value in labels.items()),
            # Nothing but the socket, which belongs to root, also where containers have another one.
            *("--mount", f"type=bind,source={socket},target={SOCKET}", "--user=0:0", "--userns=host", "--cap-drop=ALL"),
            *("--security-opt=no-new-privileges", "--security-opt=label=disable", "--network=none", "--read-only"),
            # No volumes of the image's, which would have none of the labels.
            *(f"--mount=type=tmpfs,target={path}" for path in image.config.get("Volumes") or ()),
            *("--no-healthcheck", "--entrypoint=python3", image.id or image.digest),
            *("-I", "-S", "-c", program, about),
        )

    def wait_until_ready(self) -> None:
        """Return when it stands. NoEngineGuard, with what docker or the guard said, if it does not."""
        if not self._client:
            raise NoEngineGuard(self._failure)
        try:
            said = self._client.first_line(time.monotonic() + _READY_TIMEOUT)
            if said == READY:
                self._client.tell(ARM)
                return
        except DockerFailed as error:
            raise NoEngineGuard(_last_words(str(error))) from error
        self._client.cancel()
        raise NoEngineGuard(f"it said {said.strip()[:200]!r}")

    @property
    def has_ended(self) -> bool:
        """Whether it was started, and is gone, as after somebody has killed it."""
        return self._client is not None and self._client.has_ended

    def remove(self) -> None:
        """Have it remove nothing, and be gone. EnvironmentFailed if the engine does not do that."""
        try:
            self._engine.command("container", "rm", "--force", "--volumes", self._name)
        except EnvironmentFailed as error:
            if not has_vanished(str(error)):
                raise

    def close(self) -> None:
        """End the client, which holds nothing any more."""
        if self._client:
            self._client.cancel()


def _last_words(said: str) -> str:
    """What docker said, without the hint for who typed the command, or the last line of a traceback."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("Run 'docker")]
    return _ABOUT.sub("", lines[-1])[:500]
