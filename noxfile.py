"""The commands, as sessions of nox. What they do is in the package `runner`."""

import os
import sys
from pathlib import Path

import nox

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))  # nox does not put the noxfile's folder there

from runner.cli.nox_environment import install, interpreter  # noqa: E402
from runner.cli.nox_selection import arguments_for, parameters  # noqa: E402
from runner.config.names import repository_names  # noqa: E402

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
RUNNER = PYPROJECT["project"]["dependencies"]
REPOSITORIES = repository_names(HERE)
# Untold, nox kills what it runs 0.5 s after Ctrl+C; a teardown takes longer.
PATIENCE = 180.0  # seconds


def group(name: str) -> list[str]:
    """Return what the runner needs, and a group of dependencies."""
    return [*RUNNER, *nox.project.dependency_groups(PYPROJECT, name)]


def python(session: nox.Session, *arguments: str) -> None:
    """Run one of our programs, which must notice when nox itself is killed."""
    starter = {"AGENT_TEST_STARTER": str(os.getpid())}
    session.run(interpreter(session), *arguments, env=starter, interrupt_timeout=PATIENCE, terminate_timeout=PATIENCE)


@nox.session(default=False)
@nox.parametrize("repository", [nox.param(name, id=name, tags=[name]) for name in parameters(REPOSITORIES, sys.argv)])
def odoo_tests(session: nox.Session, repository: str) -> None:
    """Run the tests of Odoo modules: nox -s odoo_tests -- evv traction."""
    arguments = arguments_for(session, repository, REPOSITORIES)
    install(session, RUNNER)
    python(session, "-m", "runner", "run", *arguments)


@nox.session(default=False)
def cleanup(session: nox.Session) -> None:
    """Remove what dead runs left: nox -s cleanup [-- REPO]."""
    install(session, RUNNER)
    python(session, "-m", "runner", "cleanup", *session.posargs)


@nox.session(default=False)
def doctor(session: nox.Session) -> None:
    """Examine this machine: engine, images, ports, leftovers, disk."""
    install(session, RUNNER)
    python(session, "-m", "runner", "doctor", *session.posargs)


@nox.session(default=False, name="list")
def list_(session: nox.Session) -> None:
    """List the environments of all runs, the prepared databases, and the images that were built."""
    install(session, RUNNER)
    python(session, "-m", "runner", "list", *session.posargs)


@nox.session(default=False)
def parity(session: nox.Session) -> None:
    """Check that the repositories' environments differ in nothing but prefix and paths. Starts nothing."""
    install(session, RUNNER)
    python(session, "-m", "runner", "parity", *session.posargs)


@nox.session(default=False)
def shell(session: nox.Session) -> None:
    """Open a shell in an environment: nox -s shell -- RUN."""
    install(session, RUNNER)
    python(session, "-m", "runner", "shell", *session.posargs)


@nox.session(default=False)
def logs(session: nox.Session) -> None:
    """Show the server's log of an environment: nox -s logs -- RUN [--follow] [--service NAME]."""
    install(session, RUNNER)
    python(session, "-m", "runner", "logs", *session.posargs)


@nox.session(default=False)
def snapshots(session: nox.Session) -> None:
    """Save the prepared databases, load them, or print their key for a CI's cache: nox -s snapshots -- save DIR [REPO]."""
    install(session, RUNNER)
    python(session, "-m", "runner", "snapshots", *session.posargs)


@nox.session(default=False)
def verify(session: nox.Session) -> None:
    """Check proof logs: nox -s verify -- LOG [LOG ...] [--against REF]."""
    install(session, RUNNER)
    python(session, "-m", "runner", "verify", *session.posargs)


@nox.session(default=False)
def uat(session: nox.Session) -> None:
    """Have an environment to look at, whose data lasts: nox -s uat -- REPO {start,update,stop,reset,status} [MODULE ...]."""
    install(session, RUNNER)
    python(session, "-m", "runner", "uat", *session.posargs)


@nox.session(default=False)
def setup(session: nox.Session) -> None:
    """Make this machine ready: Docker engine, Compose v2 and images, as far as they are missing."""
    install(session, RUNNER)
    python(session, "-m", "runner.setup")


@nox.session(default=False)
def chaos(session: nox.Session) -> None:
    """Disturb and end runs of real Odoo at random moments, look for what is left: nox -s chaos -- ROUNDS [SEED [WAY]]."""
    install(session, group("test"))
    python(session, "-m", "tests.chaos", *session.posargs)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure the runner against a plain shell script: nox -s bench [-- compare | jobs] [-n N]."""
    install(session, RUNNER)
    python(session, "-m", "bench", *session.posargs)


@nox.session(default=False)
def demonstrate(session: nox.Session) -> None:
    """Show on the real engine how runs end, and write pages to post into proof/: nox -s demonstrate."""
    install(session, RUNNER)
    python(session, "-m", "tests.demonstrations", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types, the layers of packages, and the CI workflows."""
    install(session, group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")
    session.run("mypy")
    session.run("actionlint")
    session.run("zizmor", "--offline", ".github/workflows")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the unit tests, then those on the Docker engine: nox -s tests [-- PYTEST ARGUMENTS]."""
    install(session, group("test"))
    # Those on the engine look for what is left, and would find what another one has yet: only two kinds go side by side.
    both = [["tests/unit", "-n", "auto"], ["tests/docker", "-n", "2"]]
    for words in [session.posargs] if session.posargs else both:
        python(session, "-m", "pytest", *words)
