"""The Odoo command line, and what is asked of its database."""

from collections.abc import Sequence

from .naming import MODULE_NAME

# The service of the compose file in which Odoo runs.
SERVICE = "odoo"
DATABASE = "agent_test"
# Beside the server of the environment, which has 8069: also without HTTP, Odoo binds a port in test mode.
HTTP_PORT = 8169
# After the stacks were asked for, the time to write them before the process is killed.
KILL_AFTER = 10
ADDONS_TARGET = "/mnt/extra-addons"

# `docker exec` does not pass through the image's entrypoint, so what that does with HOST, PORT, USER and PASSWORD is done
# here, with the same defaults. `2>&1`: one stream keeps the order of Odoo's log and what tests print.
# QUIT makes Odoo log the stacks of all threads; it does not end it, the KILL afterwards does.
_TESTS = (
    'exec timeout --signal=QUIT --kill-after="$1" "$2" odoo --db_host "${HOST:-db}" --db_port "${PORT:-5432}" '
    '--db_user "${USER:-odoo}" --db_password "${PASSWORD:-odoo}" "${@:3}" 2>&1'
)
_QUERY = (
    'PGPASSWORD="${PASSWORD:-odoo}" exec psql -h "${HOST:-db}" -p "${PORT:-5432}" -U "${USER:-odoo}" '
    '-d "$1" -XAtq -F " " -c "$2" 2>&1'
)


def addons_targets(count: int) -> list[str]:
    """Where the repository's addons folders are mounted, in their order."""
    return [ADDONS_TARGET, *(f"{ADDONS_TARGET}-{number}" for number in range(2, count + 1))]


def test_command(module: str, tags: str | None, addons_folders: int, timeout: float) -> list[str]:
    """The command that installs `module` into a new database and runs its tests, for `docker exec` in the odoo service.

    `timeout` is in seconds. The settings after `--workers` override an odoo.conf that would silence the log (facts of 19.0).
    """
    return [
        "bash",
        "-c",
        _TESTS,
        "odoo-tests",
        str(KILL_AFTER),
        f"{timeout:g}",
        f"--addons-path={','.join(addons_targets(addons_folders))}",
        f"--database={DATABASE}",
        f"--init={module}",
        f"--test-tags={tags or f'/{module}'}",
        "--stop-after-init",
        f"--http-port={HTTP_PORT}",
        "--max-cron-threads=0",
        "--workers=0",
        "--logfile=",
        "--log-level=info",
        "--log-handler=:INFO",
    ]


def states_command(modules: Sequence[str]) -> list[str]:
    """The command that prints `module state` for each of the modules that the test database knows."""
    names = ", ".join(f"'{module}'" for module in modules)
    # Module names have passed naming.check_module_name, [a-z0-9_] only.
    query = f"select name, state from ir_module_module where name in ({names})"  # noqa: S608
    return ["bash", "-c", _QUERY, "module-states", DATABASE, query]


def parse_states(answer: str) -> dict[str, str]:
    """What `states_command` printed, as module -> state; anything else (an error of psql) says nothing of a module."""
    lines = (line.split(" ", 1) for line in answer.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and MODULE_NAME.fullmatch(words[0])}
