"""What takes long: `up`, a command in a container, whose output streams, a copy, `pull`. The only user of python-on-whales.

`up` is started by launch.py, so that it is like every other client: with an environment and a process group of its own, and
ended, with what it started, when its time is over. python-on-whales reads lines as long as they are, and as many as there are,
whether or not somebody takes them: what a command in a container prints, of any length, is read by a Stream instead. Its `cp`
takes folders as they are: what is copied as a tar stream is written by a Stream, too.
"""

import errno
import os
import queue
import secrets
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from python_on_whales import DockerClient
from python_on_whales.exceptions import DockerException

from runner.docker import questions
from runner.docker.engine import Engine, stalled
from runner.docker.messages import PortTaken, is_port_taken, said, tail
from runner.docker.process import SECRET_FILES, TOKEN_VARIABLE, Completed, DockerFailed, DockerStalled, kill_group
from runner.docker.questions import UP_LIMIT, ComposeProject
from runner.docker.streaming import Stream
from runner.errors import EnvironmentFailed, cause_of

if TYPE_CHECKING:
    from runner.docker.attended import Attended

# While a start is silent, the time in seconds after which somebody looks at what has been started.
_SILENCE = 2.0
# Within which the engine takes some of what is copied, in seconds.
_TAKING = 60.0
# Until a client that is being started has said its pid.
_STARTING = 1.0
# In bytes, of what a client says that fails.
_MOST_SAID = 10_000
_LAUNCH = Path(__file__).with_name("launch.py")

# What python-on-whales calls a stream: pairs of a source and a line.
_Stream = Iterable[tuple[str, bytes]]


class Streams:
    """Docker by python-on-whales, for one engine; `folder` is the run's own, for the files that launch.py reads."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._environ = engine.client_environ
        self._folder = folder

    def pull(self, image: str) -> None:
        """Pull an image. EnvironmentFailed with what the engine said."""
        self._engine.ask(questions.pull(image))  # python-on-whales has a second client inspect the image

    def up(self, project: ComposeProject, look: Callable[[], None] = lambda: None) -> None:
        """Create and start the project. PortTaken if its port went meanwhile, else EnvironmentFailed.

        `look` is called while nothing is said, as where Compose waits for a healthy service; its errors end the start.
        """

        def call(client: DockerClient) -> _Stream:
            # The images that were looked at before, and no others: none is moved under the runs that test with it.
            return client.compose.up(detach=True, color=False, stream_logs=True, no_build=True, pull="never")

        lines: list[bytes] = []
        # No .env: what it says stands in the files already.
        about = {
            "compose_files": list(project.files),
            "compose_env_files": [os.devnull],
            "compose_project_name": project.name,
        }
        try:
            environ = {**self._environ, **project.variables}
            with closing(self._lines(call, environ, UP_LIMIT, "`docker compose up`", _SILENCE, **about)) as said:
                for line in said:
                    if line:
                        lines.append(line)
                    else:
                        look()
        except DockerException as error:
            text = b"".join(lines).decode(errors="replace").strip() or _said(error)
            if is_port_taken(text):
                raise PortTaken(text) from error
            if "unknown flag" in text:
                self._engine.ask(questions.compose_version())  # says so if it is too old
            raise EnvironmentFailed(f"`docker compose up` failed:\n{tail(text)}") from error

    def execute(self, container: str, command: list[str], limit: float, silence: float | None = None) -> "Execution":
        """Run a command in a container, for at most `limit` seconds: iterate over its output, then ask for its exit code.

        After `silence`, in seconds, in which nothing came, that comes as an empty piece.
        """
        return Execution(self._environ, ("exec", container, *command), limit, silence)

    def attend(self, container: str, command: list[str], limit: float, silence: float | None = None) -> "Execution":
        """Run a command in a container in the same way, at this process's own terminal (`has_terminal`)."""
        return Execution(self._environ, ("exec", container, *command), limit, silence, is_attended=True)

    def run(self, words: tuple[str, ...], source: Iterable[bytes], limit: float, **variables: str) -> "Execution":
        """Run `docker WORDS` in the same way, with something to read and more variables in its environment."""
        return Execution({**self._environ, **variables}, words, limit, source=source)

    def copy(self, archive: Iterable[bytes], container: str, folder: str, deadline: float) -> None:
        """Copy what is in a tar stream into a folder of a container. EnvironmentFailed with docker's words if that fails.

        EngineStalled, with the client ended, if it has not ended at `deadline` (monotonic); whatever the stream raises.
        """
        words = ("cp", "-", f"{container}:{folder}")
        said = bytearray()
        begun = time.monotonic()
        try:
            stream = Stream(words, self._environ, archive)
            with closing(stream.pieces(deadline, _TAKING)) as pieces:
                for piece in pieces:
                    if not piece:
                        raise stalled(_TAKING, f"the engine to take what is copied to {container}")
                    said = (said + piece)[-_MOST_SAID:]
        except DockerStalled:
            raise stalled(time.monotonic() - begun, f"the end of the copy to {container}") from None
        except DockerFailed as error:
            raise EnvironmentFailed(str(error)) from error
        if stream.exit_code:
            raise EnvironmentFailed(f"`docker cp` failed: {said.decode(errors='replace').strip()}")

    def _lines(
        self,
        call: Callable[[DockerClient], _Stream],
        environ: Mapping[str, str],
        limit: float,
        waiting_for: str,
        silence: float | None = None,
        **about: Any,
    ) -> Generator[bytes, None, None]:
        """The lines of a client, as they come. EngineStalled, with the client ended, if it takes more than `limit` seconds.

        After `silence`, in seconds, an empty one.
        """
        file = self._folder / SECRET_FILES.replace("*", secrets.token_hex(8))
        mark = f"{TOKEN_VARIABLE}={environ.get(TOKEN_VARIABLE, '')}"
        launch = [sys.executable, "-I", "-S", str(_LAUNCH), str(file), mark, "docker"]
        lines: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()

        def read() -> None:
            try:
                for _source, line in call(DockerClient(client_call=launch, **about)):
                    lines.put(line)
                lines.put(None)
            except BaseException as error:  # noqa: BLE001 - raised in the thread that reads the queue
                lines.put(error)

        # A thread, as python-on-whales waits without an end, also where a child of the client holds its pipes.
        reader = threading.Thread(target=read, daemon=True)
        deadline = time.monotonic() + limit
        has_ended = False
        try:
            secret = _secret_file(file, environ)
        except OSError as error:
            raise EnvironmentFailed(f"`docker` cannot be run: {cause_of(error)}") from error
        try:
            reader.start()
            while not has_ended:
                left = max(0.0, deadline - time.monotonic())
                try:
                    line = lines.get(timeout=left if silence is None else min(left, silence))
                except queue.Empty:
                    if time.monotonic() >= deadline:
                        raise stalled(limit, waiting_for) from None
                    line = b""
                if isinstance(line, bytes):
                    yield line
                    continue
                has_ended = True
                if line is not None:
                    raise line
        except (OSError, UnicodeError, RuntimeError) as error:  # no memory, no thread; or python-on-whales expects UTF-8
            raise EnvironmentFailed(f"`docker` cannot be run: {cause_of(error)}") from error
        finally:
            if not has_ended:
                _end(secret, reader)
            secret.close()
            file.unlink(missing_ok=True)


class Execution:
    """A client, as of a command in a container: its output as it comes, in pieces of some kilobytes, then its exit code.

    EnvironmentFailed if docker cannot be run, EngineStalled, with the client ended, if it takes more than `limit` seconds.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        words: tuple[str, ...],
        limit: float,
        silence: float | None = None,
        source: Iterable[bytes] | None = None,
        *,
        is_attended: bool = False,
    ) -> None:
        self.exit_code = -1
        self._is_attended = is_attended
        self._environ = environ
        self._words = words
        self._limit = limit
        self._silence = silence
        self._source = source
        self._output = self._read()

    def __iter__(self) -> Iterator[bytes]:
        return self._output

    def end(self) -> None:
        """Read no more, and end the client."""
        self._output.close()

    def _read(self) -> Generator[bytes, None, None]:
        deadline = time.monotonic() + self._limit
        try:
            stream = self._started()
            with closing(stream.pieces(deadline, self._silence)) as pieces:
                yield from pieces
        except DockerStalled:
            kind, container, *command = self._words
            what = f"`{command[0]}` in {container}" if kind == "exec" and self._source is None else f"`docker {kind}`"
            raise stalled(self._limit, f"the end of {what}") from None
        except DockerFailed as error:
            raise EnvironmentFailed(str(error)) from error
        self.exit_code = stream.exit_code

    def _started(self) -> "Stream | Attended":
        if not self._is_attended:
            return Stream(self._words, self._environ, self._source)
        from runner.docker.attended import Attended  # noqa: PLC0415 - for who debugs alone

        _, container, *command = self._words
        return Attended(container, command, self._environ)


def _secret_file(file: Path, environ: Mapping[str, str]) -> BinaryIO:
    """Write the environment, which holds the database's password, for launch.py, which replaces it by its pid."""
    content = b"\0".join(os.fsencode(f"{name}={value}") for name, value in environ.items())
    stream = open(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "r+b", buffering=0)  # noqa: SIM115
    try:
        if stream.write(content) < len(content):  # as on a disk that is nearly full
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
    except OSError:
        stream.close()
        file.unlink()
        raise
    return stream


def _end(secret: BinaryIO, reader: threading.Thread) -> None:
    """End a client that launch.py has started, or is about to start."""
    deadline = time.monotonic() + _STARTING
    while reader.is_alive() and time.monotonic() < deadline:
        secret.seek(0)
        content = secret.read()
        if content.isdigit():
            kill_group(int(content))
            reader.join(_STARTING)
            return
        reader.join(0.01)


def _said(error: DockerException) -> str:
    return said(Completed(error.return_code, error.stdout or "", error.stderr or ""))
