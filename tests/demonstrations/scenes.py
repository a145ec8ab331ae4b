"""The demonstrations. Each is a function that makes its stage ready and says what has to be seen: add one to SCENES."""

from collections.abc import Callable

from runner.errors import ExitCode
from runner.naming import uat_project_name
from runner.reporting.proof_log import PROOF

from .record import Scene, Step
from .stage import Stage

_NOTHING_LEFT = "teardown: complete"
# Seconds in which some checks are made, in vain.
_PATIENCE = "3"
_LOG = f"checkout/{PROOF}.log"


def success(stage: Stage) -> Scene:
    """The tests pass."""
    return Scene(
        name="success",
        title="Successful run",
        shows="A module whose tests pass: exit code 0, a proof log, and nothing left.",
        steps=(Step(stage.run(), ExitCode.PASSED, (f"{stage.subject.module}: PASSED",)),),
        files={_LOG: ("PASSED", _NOTHING_LEFT)},
    )


def failure(stage: Stage) -> Scene:
    """A test fails on purpose, in a copy of the checkout, which `--path` names."""
    stage.checkout("failing", stage.subject.fails)
    told = (f"{stage.subject.module}: FAILED", stage.subject.failing)
    return Scene(
        name="failure",
        title="Failing test",
        shows="A copy of the checkout with one more test, which fails on purpose, tested by `--path`: exit code 1, "
        "the test is named, and nothing is left.",
        steps=(Step(stage.run("--path", "failing"), ExitCode.FAILED, told),),
        files={f"failing/{PROOF}.log": ("FAILED", _NOTHING_LEFT)},
    )


def page(stage: Stage) -> Scene:
    """The page for who reviews it, of a test that fails."""
    stage.change(stage.subject.fails)
    return Scene(
        name="page",
        title="A page for who reviews it",
        shows="The same test fails with `--html`: one file that loads nothing and runs nothing, with the verdict, the failure,"
        " all tests with their seconds, environment, and the listings of the teardown. Open it in a browser, on a phone too.",
        steps=(Step(stage.run("--html", "page.html"), ExitCode.FAILED, (f"{stage.subject.module}: FAILED",)),),
        files={
            "page.html": (
                "default-src &#x27;none&#x27;",
                f"<title>FAILED: {stage.subject.repository} / {stage.subject.module}</title>",
                "<h2>Failures</h2>",
                "<h2>Tests</h2>",
                "<h2>Environment</h2>",
                f"<pre>{_NOTHING_LEFT}",
            )
        },
        kept=("page.html",),
    )


def proof(stage: Stage) -> Scene:
    """The proof log is checked, and then one in which a single character was changed."""
    log = stage.folder / _LOG

    def edit() -> None:
        log.write_text(log.read_text(errors="surrogateescape").replace(" 0 failed", " 1 failed", 1), errors="surrogateescape")

    return Scene(
        name="proof",
        title="A proof that is checked, and one that was edited",
        shows="`verify` believes the log of a run that passed: its digest, its sources, and the verdict, made again from it."
        " After one character was changed, it does not.",
        steps=(
            Step(stage.run(), ExitCode.PASSED, (f"{stage.subject.module}: PASSED",)),
            Step(("verify", _LOG), ExitCode.PASSED, ("made again from Odoo's log", f"proven: {stage.subject.module}")),
            Step(("verify", _LOG), ExitCode.FAILED, ("NO           whole", "proven: nothing"), before=edit),
        ),
    )


def interrupt(stage: Stage) -> Scene:
    """Ctrl+C while a test runs."""
    stage.change(stage.subject.waits)
    waiting = stage.subject.waiting
    told = (waiting, "SIGINT: ending the run and tearing down")
    return Scene(
        name="interrupt",
        title="Ctrl+C while the tests run",
        shows="One more test, which waits for an hour. When its start is shown (`--verbose`), SIGINT goes to the process "
        "group, as from a terminal: exit code 130, and nothing is left.",
        steps=(Step(stage.run("--verbose"), 130, told, interrupt_at=waiting),),
        files={_LOG: ("INTERRUPTED", _NOTHING_LEFT)},
    )


def ports(stage: Stage) -> Scene:
    """Every port of the range is taken."""
    busy = stage.busy_ports()
    stage.configure(ports=busy)
    told = (f"No free port in {busy}", *(f"{port}: pid " for port in busy.split("-")))
    return Scene(
        name="ports",
        title="All ports busy",
        shows=f"`ports: {busy}` in repos.yaml, all of them held by another process: exit code 4, the holders are named, "
        "and nothing was started.",
        steps=(Step(stage.run(), ExitCode.NO_PORT, told),),
        files={_LOG: ("ERROR", "nothing had been started")},
    )


def health(stage: Stage) -> Scene:
    """The environment never becomes healthy."""
    stage.configure(compose_file=stage.never_healthy())
    return Scene(
        name="health",
        title="Health timeout",
        shows="A copy of the compose file in which Odoo's health check is `false`, so that it never passes: exit code 5, the "
        "state of its services and their last lines, and nothing left.",
        steps=(Step(stage.run("--health-timeout", _PATIENCE), ExitCode.ENVIRONMENT, (f"Not healthy after {_PATIENCE} s",)),),
        files={_LOG: ("ERROR", _NOTHING_LEFT)},
    )


def upgrade(stage: Stage) -> Scene:
    """The module is updated from its last version, by a migration script that is right, then by one that is not."""
    stage.commit("v1")
    stage.replace("__manifest__.py", '"version": "1.0.0"', '"version": "1.1.0"')
    script = "migrations/1.1.0/post-demonstration.py"
    stage.change({script: "def migrate(cr, version):\n    cr.execute('select 1')\n"})
    module = stage.subject.module
    run = stage.run("--upgrade-from", "v1")
    right = (f"{module}: PASSED, updated from v1", f"ran: {module} [1.1.0>] post-demonstration")
    wrong = (f"{module}: NOT PROVEN, at the update from v1", "ZeroDivisionError", f"{script}, line 2")
    return Scene(
        name="upgrade",
        title="An update with migration scripts",
        shows="The module is installed as it was at the tag `v1`, then updated to the checkout and tested (`--upgrade-from`):"
        " what was updated, and which scripts ran. Then the script is broken: exit code 7, and where it broke.",
        steps=(
            Step(run, ExitCode.PASSED, right),
            Step(run, ExitCode.NOT_PROVEN, wrong, before=lambda: stage.replace(script, "cr.execute('select 1')", "1 / 0")),
        ),
        files={_LOG: ("NOT PROVEN, at the update from v1", _NOTHING_LEFT)},
    )


def coverage(stage: Stage) -> Scene:
    """What the tests ran of the module, and more asked for than that."""
    module = stage.subject.module
    told = f"coverage of {stage.subject.addons}/{module}: "
    return Scene(
        name="coverage",
        title="Coverage",
        shows="`--coverage`: which lines and branches of the module its tests ran, as a table. With `--fail-under 100` the"
        " same run is red.",
        steps=(
            Step(stage.run("--coverage"), ExitCode.PASSED, (f"{module}: PASSED", told)),
            Step(stage.run("--fail-under", "100"), ExitCode.FAILED, (f"{module}: FAILED", "is under 100 % (--fail-under)")),
        ),
        files={_LOG: ("FAILED", _NOTHING_LEFT)},
    )


def kept(stage: Stage) -> Scene:
    """A test fails, and the environment is kept, with its database to look at."""
    stage.change(stage.subject.fails)
    told = (f"{stage.subject.module}: FAILED", "kept: http://127.0.0.1:", "login:", "remove:   nox -s cleanup -- ")
    return Scene(
        name="kept",
        title="A kept environment",
        shows="The same test fails with `--keep failed`: the environment stands, with its test database served at an address,"
        " and the commands to look into it. `cleanup --all` removes it.",
        steps=(
            Step(stage.run("--keep", "failed"), ExitCode.FAILED, told),
            Step(("cleanup", stage.subject.repository, "--all"), ExitCode.PASSED, (stage.prefix,)),
        ),
    )


def uat(stage: Stage) -> Scene:
    """An environment to look at, from nothing to its end."""
    name, module = stage.subject.repository, stage.subject.module
    environment = uat_project_name(stage.prefix)

    def raised() -> None:
        stage.replace("__manifest__.py", '"version": "1.0.0"', '"version": "1.0.1"')

    return Scene(
        name="uat",
        title="An environment to look at",
        shows="`uat`: started with the module installed, its address and passwords; updated to the checkout in a copy of its"
        " data; stopped, which frees the port and keeps the data; started again; and reset, after which nothing is left.",
        steps=(
            Step(("uat", name, "start", module), ExitCode.PASSED, (f"{environment} is running", "master password: ")),
            Step(("uat", name, "update"), ExitCode.PASSED, (module,), before=raised),
            Step(("uat", name, "stop"), ExitCode.PASSED),
            Step(("uat", name, "status"), ExitCode.PASSED, ("stopped",)),
            Step(("uat", name, "start"), ExitCode.PASSED, (f"{environment} is running",)),
            Step(("uat", name, "reset", "--yes"), ExitCode.PASSED),
        ),
    )


SCENES: tuple[Callable[[Stage], Scene], ...] = (success, failure, page, proof, interrupt, ports, health)
# What needs Odoo itself.
SCENES_OF_ODOO: tuple[Callable[[Stage], Scene], ...] = (upgrade, coverage, kept, uat)
