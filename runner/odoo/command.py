"""The commands that run in the odoo service: Odoo's own, and questions to its database."""

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.config.options import Debugger
from runner.config.repositories import RepoConfig
from runner.naming import is_module_name
from runner.odoo import odoo_conf, served_program, unmet_program
from runner.odoo.settings import NOTHING_ASKED, OdooSettings

# Where a prepared database is mounted in the containers.
MOUNT = "/agent-test-snapshot"
# The service of the compose file in which Odoo runs.
SERVICE = "odoo"
# What the commands need there, besides `python3`.
PROGRAMS = ("bash", "timeout", "psql", "odoo")
DATABASE = "agent_test"
# Beside the server of the environment, which has 8069: also without HTTP, Odoo binds a port in test mode.
HTTP_PORT = 8169
# To which the run's own port leads where an option needs that: the test database, served once the tests have ended, or before
# that a debugger. Beside both.
OWN_PORT = 8269
# Tests are enabled, as some installations depend on that, but these are none.
_NO_TESTS = "/agent_test_no_tests"
# After the stacks were asked for, the time to write them before the process is killed.
KILL_AFTER = 10
# Seconds for what takes one.
_UNMET_LIMIT = 30
ADDONS_TARGET = "/mnt/extra-addons"
DATA_FOLDER = "/var/lib/odoo"
FILESTORE = f"{DATA_FOLDER}/filestore"
# Of the image with the tools of an option, as a debugger: nothing looks there that is not told to.
TOOLS_FOLDER = "/opt/agent-test-tools"
ONLY_THESE = "/tmp/agent-test-addons"  # noqa: S108 - in a container of our own

# Of the odoo.conf that Odoo would read counts what odoo_conf.py leaves of it, and of the variables that are options of Odoo 19
# none of those that it leaves out: neither changes a verdict. Where the container cannot tell, Odoo goes without an odoo.conf,
# unless options were asked for.
_VARIABLES = "OPENERP_SERVER PGDATABASE PGDATABASE_TEMPLATE PGHOST_REPLICA PGPORT_REPLICA PGSSLMODE PGAPPNAME ODOO_DEV"
_PROGRAM = Path(odoo_conf.__file__).read_text(encoding="utf-8")
# The folder in which Odoo keeps its files is the same whatever the image says, as prepared databases hold files, too.
_DATA = f'data={DATA_FOLDER}; [ -w "$data" ] || data=/tmp/agent-test-data; '
# Where Odoo puts screenshots of browsers of tests that fail, in any image; and screencasts, where there is what makes them.
_BROWSER_FILES = "/tmp/agent-test-browser"  # noqa: S108 - in a container of our own
_BROWSER = (
    f'set -- "$@" --screenshots={_BROWSER_FILES}; '
    f'if command -v ffmpeg >/dev/null; then set -- "$@" --screencasts={_BROWSER_FILES}; fi; '
)
# The folders of the odoo.conf's addons path come after those of the command's.
_MORE_ADDONS = (
    'for word; do shift; case $word in --addons-path=*) word=$word${more:+,$more};; esac; set -- "$@" "$word"; done; '
)

# `docker exec` does not pass through the image's entrypoint, so what that does with HOST, PORT, USER and PASSWORD is done
# here, with the same defaults; but no password is in a command line, as every user of the engine's machine can read those.
# Odoo 19 takes PGPASSWORD for its option; Odoo before that gives no password to libpq, which then takes it too.
_SIGN_IN = 'export PGPASSWORD="${PASSWORD:-${PGPASSWORD:-odoo}}"; '
# `2>&1`: one stream keeps the order of Odoo's log and what tests print.
# QUIT makes Odoo log the stacks of all threads; it does not end it, the KILL afterwards does.
_ODOO = (
    _MORE_ADDONS
    + _SIGN_IN
    + 'exec timeout --signal=QUIT --kill-after="$1" "$2" odoo --config="$conf" --data-dir="$data" --db_host "${HOST:-db}" '
    '--db_port "${PORT:-5432}" --db_user "${USER:-odoo}" "${@:3}" 2>&1'
)
# The one that Odoo's own program names in its first line, if it does.
PYTHON = 'read -r python <"$(type -P odoo)"; case $python in "#!"*python*) python=${python#"#!"};; *) python=python3;; esac; '
# In its own process group, as without a word, Odoo would be stopped when it reads from the terminal. Whatever the image says,
# `breakpoint()` is pdb's. And what debugpy would say of Python's frozen modules is no matter of tests.
_DEBUGGED = {
    Debugger.NONE: _ODOO,
    Debugger.PDB: _ODOO.replace("exec timeout", "unset PYTHONBREAKPOINT; exec timeout --foreground"),
    Debugger.DEBUGPY: PYTHON
    + _ODOO.replace(
        " odoo --config",
        f" $python -X frozen_modules=off -m debugpy --listen 0.0.0.0:{OWN_PORT} --wait-for-client "
        '--configure-subProcess false "$(type -P odoo)" --config',
    ),
}
# A prepared database has its files in a snapshot's volume.
_FILES = _DATA + (
    f'if [ -d {MOUNT}/filestore ] && [ ! -d "$data/filestore/{DATABASE}" ]; then '
    f'mkdir -p "$data/filestore" && cp -R {MOUNT}/filestore "$data/filestore/{DATABASE}" || exit 1; fi; '
)
# As Odoo does before the first test that asks over HTTP.
_ASSETS = """
bundles = env["ir.qweb"]
if hasattr(bundles, "_pregenerate_assets_bundles"):
    bundles._pregenerate_assets_bundles()
    env.cr.commit()
"""
# By Odoo's own way, whatever it is called in its series: with all modules that depend on it.
_UNINSTALL = """
env["ir.module.module"].search([("name", "=", "{module}")]).button_immediate_uninstall()
"""
# What makes `timeout` act as at the end of its time, or ends it and all of its group, which is Odoo with what that started.
# Found by its name, as nothing but bash is sure to be there.
_STOP = (
    'for process in /proc/[0-9]*; do IFS= read -r -d "" name 2>/dev/null <"$process/cmdline" || continue; '
    '[ "$name" = timeout ] && kill "$1" -- "$2${process#/proc/}"; done; true'
)
# Only the modules of the words before `--` can be seen, or none but Odoo's own.
_ONLY_THESE = f'mkdir -p {ONLY_THESE} && while [ "$1" != -- ]; do ln -sfn "$1" {ONLY_THESE}/ || exit 1; shift; done; shift; '
_ODOO_S_OWN = (
    "$(python3 -c 'from importlib.util import find_spec as f; print(f(\"odoo\").submodule_search_locations[0])')/addons"
)


def _customized(folder: str, *names: str) -> str:
    """Have every Python run these files of this folder when it starts, by its sitecustomize in a folder of the container."""
    text = "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in names)
    return (
        f"mkdir -p {folder} && printf %s {shlex.quote(text)} >{folder}/sitecustomize.py || exit 1; "
        f'export PYTHONPATH="{folder}${{PYTHONPATH:+:$PYTHONPATH}}"; '
    )


# Odoo and what it starts load addons from their sources alone.
_CUSTOM_PYTHON = "/tmp/agent-test-python"  # noqa: S108 - in a container of our own
_FROM_SOURCES = _customized(_CUSTOM_PYTHON, "source_only.py")
# After what has to be found first, and before the image's own, which then may be of another version.
_WITH_TOOLS = f'PYTHONPATH="$PYTHONPATH:{TOOLS_FOLDER}"; '
_UNMET = (
    _MORE_ADDONS
    + PYTHON
    + f'exec timeout --kill-after={KILL_AFTER} "$1" $python -c "$2" "$3" --config="$conf" --data-dir="$data" "${{@:4}}"'
)
# The server goes on when its parent has ended. What it says is in the container's log, where that may be written by others
# than the first process.
_SERVE = (
    _MORE_ADDONS
    + _SIGN_IN
    + "log=/tmp/agent-test-served.log; { : >>/proc/1/fd/1; } 2>/dev/null && log=/proc/1/fd/1; "
    + 'odoo --config="$conf" --data-dir="$data" --db_host "${HOST:-db}" --db_port "${PORT:-5432}" --db_user "${USER:-odoo}" '
    '"${@:6}" </dev/null >>"$log" 2>&1 & exec python3 -I -S -c "$1" "$!" "${@:2:4}"'
)
_QUERY = _SIGN_IN + (
    'exec psql -h "${HOST:-db}" -p "${PORT:-5432}" -U "${USER:-odoo}" -d "$1" -v ON_ERROR_STOP=1 -XAtq -F " " "${@:2}" 2>&1'
)
# The database before any test, of which each round of a watch has a copy; its files beside those of the copy, if Odoo has made
# any: else those of a prepared database are copied by _FILES.
_TEMPLATE = f"{DATABASE}_template"
_NOBODY_THERE = f"select pg_terminate_backend(pid) from pg_stat_activity where datname in ('{DATABASE}', '{_TEMPLATE}')"  # noqa: S608
_SET_ASIDE = _DATA + (
    f'if [ -d "$data/filestore/{DATABASE}" ]; then '
    f'mv "$data/filestore/{DATABASE}" "$data/filestore/{_TEMPLATE}" || exit 1; fi; '
)
# What tests have started, and left running, is known by what _FROM_SOURCES gives to Odoo alone.
_MAKE_ANEW = _DATA + (
    "for process in /proc/[0-9]*; do while IFS= read -r -d '' word; do "
    f'case $word in PYTHONPATH={_CUSTOM_PYTHON}*) kill -KILL "${{process#/proc/}}";; esac; '
    'done <"$process/environ"; done 2>/dev/null; '
    f'rm -rf {_BROWSER_FILES} "$data/filestore/{DATABASE}" || exit 1; if [ -d "$data/filestore/{_TEMPLATE}" ]; then '
    f'cp -R "$data/filestore/{_TEMPLATE}" "$data/filestore/{DATABASE}" || exit 1; fi; '
)

_ALWAYS = (
    f"--database={DATABASE}",
    "--max-cron-threads=0",
    # From here on these override an odoo.conf that would silence the log (facts of 19.0).
    "--workers=0",
    "--logfile=",
    "--log-level=info",
    "--log-handler=:INFO",
)
_OPTIONS = ("--stop-after-init", f"--http-port={HTTP_PORT}", *_ALWAYS)

# As one that people use: with its scheduled actions, and without what is for developers.
_SERVED = (f"--database={DATABASE}", f"--db-filter=^{DATABASE}$", "--max-cron-threads=1", "--workers=0", "--logfile=")
# Not before the database is there: Odoo would make it.
_SERVE_ALONE = (
    'until psql -h "${HOST:-db}" -p "${PORT:-5432}" -U "${USER:-odoo}" -d '
    f"{DATABASE} -XAtqc 'table ir_module_module limit 1' >/dev/null 2>&1; do sleep 0.2; done; "
    'exec odoo --config="$conf" --data-dir="$data" --db_host "${HOST:-db}" --db_port "${PORT:-5432}" '
    '--db_user "${USER:-odoo}" "$@"'
)


def addons_targets(count: int) -> list[str]:
    """Say where the repository's addons folders are mounted, in their order."""
    return [ADDONS_TARGET, *(f"{ADDONS_TARGET}-{number}" for number in range(2, count + 1))]


def targets_of(repository: RepoConfig) -> list[str]:
    """Say where a repository's folders of addons are mounted, in their order."""
    return list(repository.mounted_at) or addons_targets(len(repository.addons))


def _configure(settings: OdooSettings) -> str:
    names = settings.not_of_a_conf
    variables = " ".join([_VARIABLES, *(f"ODOO_{name.upper()}" for name in names)])
    given = shlex.join([" ".join(names), json.dumps(settings.in_conf, sort_keys=True)])
    unread = "exit 1" if settings.in_conf else "conf=/dev/null"
    return (
        f'conf="${{TMPDIR:-/tmp}}/agent-test-odoo.conf"; more=$(python3 -I -S -c {shlex.quote(_PROGRAM)} "$conf" {given}) || '
        f'{{ echo "agent-test: nothing of odoo.conf counts, as it could not be read or written" >&2; {unread}; }}; '
        f"unset {variables}; export ODOO_RC=$conf; "
    )


def test_command(
    module: str,
    tags: str | None,
    addons_folders: int,
    timeout: float,
    settings: OdooSettings = NOTHING_ASKED,
    *,
    update: Sequence[str] = (),
    has_tools: bool = False,
    debugger: Debugger = Debugger.NONE,
) -> list[str]:
    """Install `module` into a new database and run its tests, with `docker exec` in the odoo service. `timeout` in seconds.

    `update`: the modules that are updated instead, as the database has an earlier `module`. `has_tools`: Python finds what is
    in the TOOLS_FOLDER. `debugger`: pdb needs a terminal, of which Odoo gets the keys; debugpy waits on OWN_PORT for a client
    before it begins.
    """
    what = f"--update={','.join(update)}" if update else f"--init={module}"
    started = _WITH_TOOLS * has_tools, _DEBUGGED[debugger]
    return _command("odoo-tests", what, tags or f"/{module}", addons_targets(addons_folders), timeout, settings, started)


def install_command(module: str, repository: RepoConfig, timeout: float, settings: OdooSettings = NOTHING_ASKED) -> list[str]:
    """Install `module` as this repository has it, and run no test. `timeout` in seconds."""
    return _command("odoo-install", f"--init={module}", _NO_TESTS, targets_of(repository), timeout, settings)


def _command(
    name: str,
    what: str,
    tags: str,
    addons: Sequence[str],
    timeout: float,
    settings: OdooSettings,
    started: tuple[str, str] = ("", _ODOO),
) -> list[str]:
    """Run Odoo once. `started`: what comes before its configuration, and how it is started."""
    before, odoo = started
    options = [f"--addons-path={','.join(addons)}", what, f"--test-tags={tags}", *settings.words, *_OPTIONS]
    script = _FILES + _FROM_SOURCES + before + _configure(settings) + _BROWSER + odoo
    return ["bash", "-c", script, name, str(KILL_AFTER), f"{timeout:g}", *options]


def javascript_command(
    module: str,
    addons_folders: int,
    timeout: float,
    settings: OdooSettings = NOTHING_ASKED,
    *,
    for_phones: bool,
    has_tools: bool = False,
) -> list[str]:
    """Run the JavaScript tests of `module`, which is installed, by those tests of web that open a browser for them.

    `for_phones`: also in one like that of a phone. `timeout` in seconds. `has_tools`: as in `test_command`.
    """
    suites = ("WebSuite.test_unit_desktop", *(["MobileWebSuite.test_unit_mobile"] if for_phones else []))
    installing = test_command(module, None, addons_folders, timeout, settings.beyond_preparation, has_tools=has_tools)
    *command, _init, _tags = installing[: -len(_OPTIONS)]
    tags = ",".join(f"/web:{suite}[@{module}]" for suite in suites)
    return [*command, f"--test-tags={tags}", *_OPTIONS]


def browser_files_command() -> list[str]:
    """Print a tar archive of the screenshots and screencasts, each as in `DATABASE/screenshots/NAME`."""
    script = f"cd {_BROWSER_FILES} && exec tar --create --exclude='frames-*' --file=- {DATABASE} 2>/dev/null"
    return ["bash", "-c", script, "browser-files"]


def prepare_command(
    modules: Sequence[str], folders: Sequence[str], timeout: float, settings: OdooSettings = NOTHING_ASKED
) -> list[str]:
    """Install `modules` into the test database, where those in `folders` are all that Odoo sees but its own.

    Tests are enabled, as some installations depend on that, but none is run.
    """
    addons_path = f"--addons-path={ONLY_THESE}" if folders else f"--addons-path={_ODOO_S_OWN}"
    odoo = _ODOO.replace('"${@:3}"', f'"{addons_path}${{more:+,$more}}" "${{@:3}}"')
    script = _FILES + _FROM_SOURCES + _ONLY_THESE + _configure(settings) + odoo
    limits = [str(KILL_AFTER), f"{timeout:g}"]
    options = [f"--init={','.join(modules)}", f"--test-tags={_NO_TESTS}", *settings.words, *_OPTIONS]
    return ["bash", "-c", script, "odoo-prepare", *folders, "--", *limits, *options]


def unmet_command(
    module: str, addons_folders: int, settings: OdooSettings = NOTHING_ASKED, beside: Sequence[str] = ()
) -> list[str]:
    """Say what `module`, and those `beside` it, need and Odoo does not find: see unmet_program.py."""
    program = Path(unmet_program.__file__).read_text(encoding="utf-8")
    addons_path = f"--addons-path={','.join(addons_targets(addons_folders))}"
    script = _DATA + _configure(settings) + _UNMET
    return ["bash", "-c", script, "odoo-unmet", str(_UNMET_LIMIT), program, ",".join((module, *beside)), addons_path]


def bring_in_command(
    new: Sequence[str],
    changed: Sequence[str],
    addons_folders: int,
    timeout: float,
    settings: OdooSettings = NOTHING_ASKED,
) -> list[str]:
    """Install modules into the database, which is made if there is none, and update others. `timeout` in seconds."""
    options = [f"--addons-path={','.join(addons_targets(addons_folders))}"]
    options += [f"--init={','.join(new)}"] if new else []
    options += [f"--update={','.join(changed)}"] if changed else []
    script = _DATA + _FROM_SOURCES + _configure(settings) + _ODOO
    limits = [str(KILL_AFTER), f"{timeout:g}"]
    return ["bash", "-c", script, "odoo-bring-in", *limits, *options, *settings.words, *_OPTIONS]


def server_command(addons_folders: int, port: int, settings: OdooSettings = NOTHING_ASKED) -> list[str]:
    """Serve the database, and no other, on this port of the container, once it can be asked."""
    script = _DATA + _FROM_SOURCES + _configure(settings) + _MORE_ADDONS + _SIGN_IN + _SERVE_ALONE
    options = (f"--addons-path={','.join(addons_targets(addons_folders))}", f"--http-port={port}", *_SERVED)
    return ["bash", "-c", script, "odoo-uat", *options]


def assets_command(timeout: float, settings: OdooSettings = NOTHING_ASKED) -> list[str]:
    """Generate the assets bundles of all modules in the test database, where Odoo can do that (16 and newer)."""
    addons_path = '--addons-path="$odoo${more:+,$more}"'
    return _shell("odoo-assets", _ASSETS, f"odoo={_ODOO_S_OWN}; ", addons_path, timeout, settings)


def uninstall_command(module: str, addons_folders: int, timeout: float, settings: OdooSettings = NOTHING_ASKED) -> list[str]:
    """Uninstall `module`, and what depends on it. `timeout` in seconds."""
    addons_path = f'--addons-path="{",".join(addons_targets(addons_folders))}${{more:+,$more}}"'
    return _shell("odoo-uninstall", _UNINSTALL.format(module=module), "", addons_path, timeout, settings)


def _shell(name: str, program: str, before: str, addons_path: str, timeout: float, settings: OdooSettings) -> list[str]:
    """Run a program in Odoo's shell."""
    odoo = _ODOO.replace(' odoo --config="$conf"', f' odoo shell --config="$conf" {addons_path}')
    script = f"{before}{_FILES}{_FROM_SOURCES}{_configure(settings)}{odoo} <<<{shlex.quote(program)}"
    return ["bash", "-c", script, name, str(KILL_AFTER), f"{timeout:g}", *_OPTIONS]


def serve_command(
    address: str, login: str, addons_folders: int, limit: float, settings: OdooSettings = NOTHING_ASKED
) -> list[str]:
    """Serve the test database on OWN_PORT, which a person reaches at `address`, and sign in there: see served_program.py.

    `login`: a name, and its own password. No cron runs, and no mail leaves it. It goes on when this command has ended, which
    it does within `limit` seconds.
    """
    program = Path(served_program.__file__).read_text(encoding="utf-8")
    who = json.dumps({"db": DATABASE, "login": login, "password": login})
    addons_path = f"--addons-path={','.join(addons_targets(addons_folders))}"
    shown = (f"--http-port={OWN_PORT}", f"--db-filter=^{DATABASE}$", "--no-database-list")
    python = _customized(f"{_CUSTOM_PYTHON}-served", "source_only.py", "no_mail.py")
    script = _FILES + python + _configure(settings) + _SERVE
    return [
        *("bash", "-c", script, "odoo-serve", program, str(OWN_PORT), address, who, f"{limit:g}"),
        *(addons_path, *_ALWAYS, *shown),
    ]


def stop_command() -> list[str]:
    """Have Odoo log the stacks of its threads and, KILL_AFTER seconds later, be killed: as where its time is over."""
    return ["bash", "-c", _STOP, "stop", "-ALRM", ""]


def kill_command() -> list[str]:
    """Kill Odoo, and what it has started, at once."""
    return ["bash", "-c", _STOP, "kill", "-KILL", "-"]


def query_command(query: str) -> list[str]:
    """Print what a query of the test database finds, a line for each row, words separated by spaces."""
    return ["bash", "-c", _QUERY, "query", DATABASE, "-c", query]


def set_aside_command() -> list[str]:
    """Put the test database aside, with its files, for copies of it: it is there as `make_anew_command` makes it."""
    return _beside("set-aside", _SET_ASIDE, f"alter database {DATABASE} rename to {_TEMPLATE}")


def make_anew_command(*, has_template: bool) -> list[str]:
    """Leave nothing of what tests did, in the database, its files and processes; `has_template`: copy what was set aside."""
    made = [f"create database {DATABASE} template {_TEMPLATE}"] if has_template else []
    return _beside("make-anew", _MAKE_ANEW, f"drop database if exists {DATABASE}", *made)


def _beside(name: str, script: str, *queries: str) -> list[str]:
    """Run a script, then queries one by one, each a transaction of its own, when nobody is in the test database any more."""
    each = [word for query in (_NOBODY_THERE, *queries) for word in ("-c", query)]
    return ["bash", "-c", script + _QUERY, name, "postgres", *each]


def contents_command() -> list[str]:
    """Print `module state` for each module that is, or is being, installed."""
    return query_command("select name, state from ir_module_module where state not in ('uninstalled', 'uninstallable')")


def states_command(modules: Sequence[str]) -> list[str]:
    """Print `module state` for each of the modules that the test database knows."""
    names = ", ".join(f"'{module}'" for module in modules)
    # Module names have passed naming.check_module_name: letters, digits and underscores only.
    return query_command(f"select name, state from ir_module_module where name in ({names})")  # noqa: S608


def versions_command() -> list[str]:
    """Print `module version` for each module that is installed, with its series, as Odoo keeps it."""
    return query_command("select name, latest_version from ir_module_module where state = 'installed'")


def parse_states(answer: str) -> dict[str, str]:
    """Read what `states_command` printed, as module -> state, or `versions_command`.

    Anything else (an error of psql) says nothing of a module.
    """
    lines = (line.split(" ", 1) for line in answer.splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2 and is_module_name(words[0])}
