"""Everything that can end a run before there is a verdict, each with the exit code of `python -m runner`.

    RunnerError                70  a defect of the runner itself
    ├── UsageError              2  wrong arguments
    ├── ConfigError             2  wrong repos.yaml, repos.local.yaml or compose file
    ├── EngineUnavailable       3  no docker, no daemon, no permission, no Compose v2
    ├── NoFreePort              4  every port of the range is taken
    ├── ReportFailed            7  the proof cannot be written
    └── EnvironmentFailed       5  it did not become healthy, or died
        ├── HealthTimeout       5  all of it runs, but not all is healthy in time
        └── EngineStalled       5  the engine did not answer in time
    Interrupted (BaseException) 128 + signal

A failed test is a result, not an error: see verdict.py. Messages name the cause first, then what to do about it.
"""

import signal
from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of `python -m runner`; 128 + signal is added by `Interrupted`."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    NO_ENGINE = 3
    NO_PORT = 4
    ENVIRONMENT = 5
    TIMED_OUT = 6
    NOT_PROVEN = 7
    LEFT_BEHIND = 8
    INTERNAL = 70


class RunnerError(Exception):
    """The root of the tree; raised itself only for a defect of the runner."""

    exit_code: int = ExitCode.INTERNAL


class UsageError(RunnerError):
    """The arguments do not describe a run."""

    exit_code = ExitCode.USAGE


class ConfigError(RunnerError):
    """A configuration file cannot be used."""

    exit_code = ExitCode.USAGE


class EngineUnavailable(RunnerError):
    """There is no Docker engine with Compose v2 that this user may talk to."""

    exit_code = ExitCode.NO_ENGINE


class NoFreePort(RunnerError):
    """Every port of the configured range is taken."""

    exit_code = ExitCode.NO_PORT


class ReportFailed(RunnerError):
    """The proof of the run cannot be written: what is not on record is not proven."""

    exit_code = ExitCode.NOT_PROVEN


class EnvironmentFailed(RunnerError):
    """The environment could not be started, did not become healthy, or died."""

    exit_code = ExitCode.ENVIRONMENT


class HealthTimeout(EnvironmentFailed):
    """All containers of the environment run, but not all became healthy in time."""


class EngineStalled(EnvironmentFailed):
    """The engine did not answer within a wait's bound."""


def cause_of(error: Exception) -> str:
    """Return what an error of the system says, without its number: `Permission denied: /srv/evv`."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror


class Interrupted(BaseException):
    """A signal asked the run to end. Not an Exception, so that no handler of errors swallows it."""

    def __init__(self, signum: int) -> None:
        self.signum = signum
        super().__init__(f"interrupted by {signal.Signals(signum).name}")

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells report it."""
        return 128 + self.signum
