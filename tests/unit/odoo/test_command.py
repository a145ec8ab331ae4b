"""The command line for Odoo, run in a shell with programs that only tell what they were given."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.odoo import source_only
from runner.odoo.command import (
    ADDONS_TARGET,
    DATABASE,
    HTTP_PORT,
    TOOLS_FOLDER,
    addons_targets,
    assets_command,
    javascript_command,
    make_anew_command,
    parse_states,
    prepare_command,
    set_aside_command,
    states_command,
    test_command,
)
from runner.odoo.settings import OdooSettings

PYTHON = "/tmp/agent-test-python"
SHOW = '#!/bin/sh\nfor word in "$0" "$@"; do printf "%s\\n" "$word"; done\nprintf "password=%s\\n" "$PGPASSWORD"\n'
test_command.__test__ = False  # type: ignore[attr-defined] # pytest would take the imported function for a test


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A folder with `timeout` that runs its command, and `odoo` and `psql` that show their arguments."""
    for name in ("odoo", "psql"):
        (tmp_path / name).write_text(SHOW)
        (tmp_path / name).chmod(0o755)
    return tmp_path


def shown(container: Path, command: list[str], **environ: str) -> list[str]:
    environ = {"PATH": f"{container}{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(container), **environ}
    # By that name processes are ended, which those of other tests, and of containers of this machine, have too.
    command = [word.replace(PYTHON, str(container / "python")) for word in command]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.splitlines()


def odoo(container: Path, tags: str | None = None, folders: int = 1, **environ: str) -> list[str]:
    words = shown(container, test_command("evv_core", tags, folders, 60), **environ)
    assert words[0] == str(container / "odoo")
    return words[1:]


def test_the_module_is_installed_into_the_test_database_and_odoo_stops_afterwards(container: Path) -> None:
    words = odoo(container)
    assert {f"--database={DATABASE}", "--init=evv_core", "--test-tags=/evv_core", "--stop-after-init"} <= set(words)


def test_only_a_command_that_has_tools_finds_them_after_what_keeps_to_the_sources(container: Path) -> None:
    (container / "odoo").write_text('#!/bin/sh\necho "$PYTHONPATH"\n')
    own = container / "python"
    for has_tools, expected in ((False, f"{own}:/of/image"), (True, f"{own}:/of/image:{TOOLS_FOLDER}")):
        command = test_command("evv_core", None, 1, 60, has_tools=has_tools)
        assert shown(container, command, PYTHONPATH="/of/image") == [expected]


def test_the_tests_have_a_port_of_their_own_and_run_no_cron(container: Path) -> None:
    words = odoo(container)
    assert f"--http-port={HTTP_PORT}" in words
    assert HTTP_PORT != 8069
    assert "--max-cron-threads=0" in words


def test_a_hostile_odoo_conf_cannot_silence_the_log(container: Path) -> None:
    assert {"--workers=0", "--logfile=", "--log-level=info", "--log-handler=:INFO"} <= set(odoo(container))


def test_odoo_reads_what_counts_of_the_odoo_conf_and_nothing_else(container: Path) -> None:
    (container / "odoo.conf").write_text("[options]\ndb_name = prod\n")
    words = odoo(container, ODOO_RC=str(container / "odoo.conf"))
    assert words[0] == f"--config={container}/agent-test-odoo.conf"
    assert words[1] in ("--data-dir=/var/lib/odoo", "--data-dir=/tmp/agent-test-data")
    assert (container / "agent-test-odoo.conf").read_text().strip() == "[options]"
    (container / "python3").write_text("#!/bin/sh\nexit 1\n")
    (container / "python3").chmod(0o755)
    assert odoo(container)[0] == "--config=/dev/null"


def test_the_options_that_odoo_19_takes_from_variables_count_as_little(container: Path) -> None:
    (container / "odoo").write_text('#!/bin/sh\nset | grep -E "^(ODOO|PG)"; echo "$0"\n')
    environ = dict.fromkeys(("ODOO_TEST_TAGS", "ODOO_DBFILTER", "ODOO_DEV", "PGSSLMODE", "PGDATABASE", "ODOO_VERSION"), "x")
    assert shown(container, test_command("evv_core", None, 1, 60), **environ)[:-1] == [
        f"ODOO_RC='{container}/agent-test-odoo.conf'",
        "ODOO_VERSION='x'",
        "PGPASSWORD='odoo'",
    ]


def test_the_further_folders_of_the_odoo_conf_come_after_the_repository_s(container: Path) -> None:
    (container / "more" / "a_module").mkdir(parents=True)
    for name in ("__init__.py", "__manifest__.py"):
        (container / "more" / "a_module" / name).write_text("")
    (container / "odoo.conf").write_text(f"[options]\naddons_path = {container}/more\n")
    conf = str(container / "odoo.conf")
    assert f"--addons-path={ADDONS_TARGET},{container}/more" in odoo(container, ODOO_RC=conf)
    prepared = shown(container, prepare_command(["base"], [], 60), ODOO_RC=conf)
    assert [word for word in prepared if word.startswith("--addons-path=") and word.endswith(f"/addons,{container}/more")]


@pytest.mark.parametrize("command", [test_command("evv_core", None, 1, 60), prepare_command(["base"], [], 60)])
def test_odoo_loads_addons_from_their_sources_alone(container: Path, command: list[str]) -> None:
    (container / "odoo").write_text('#!/bin/sh\ncat "${PYTHONPATH%%:*}/sitecustomize.py"\necho "then=${PYTHONPATH#*:}"\n')
    lines = shown(container, command, PYTHONPATH="/of/the/image")
    assert "\n".join(lines[:-1]) == Path(source_only.__file__).read_text().rstrip("\n")
    assert lines[-1] == "then=/of/the/image"


def test_narrower_tags_replace_the_module_s(container: Path) -> None:
    words = odoo(container, tags="/evv_core:TestClient,-slow tests")
    assert [word for word in words if word.startswith("--test-tags")] == ["--test-tags=/evv_core:TestClient,-slow tests"]


def test_every_addons_folder_is_in_the_path_in_its_order(container: Path) -> None:
    assert addons_targets(3) == [ADDONS_TARGET, f"{ADDONS_TARGET}-2", f"{ADDONS_TARGET}-3"]
    assert f"--addons-path={','.join(addons_targets(3))}" in odoo(container, folders=3)


def test_the_database_is_found_as_the_image_s_entrypoint_finds_it(container: Path) -> None:
    words = odoo(container, HOST="database", PORT="5433", USER="someone", PASSWORD="it's $ecret")
    assert words[2:8] == ["--db_host", "database", "--db_port", "5433", "--db_user", "someone"]
    assert words[-1] == "password=it's $ecret"
    words = odoo(container, HOST="", PORT="", USER="", PASSWORD="")
    assert words[2:8] == ["--db_host", "db", "--db_port", "5432", "--db_user", "odoo"]
    assert words[-1] == "password=odoo"
    assert odoo(container, PGPASSWORD="of the service")[-1] == "password=of the service"


@pytest.mark.parametrize(
    "command",
    [
        test_command("evv_core", None, 1, 60),
        prepare_command(["base"], [], 60),
        states_command(["evv_core"]),
        set_aside_command(),
        make_anew_command(has_template=True),
    ],
)
def test_the_password_is_in_no_command_line(container: Path, command: list[str]) -> None:
    words = shown(container, command, PASSWORD="it's $ecret")
    assert [word for word in words if "ecret" in word] == ["password=it's $ecret"]


def test_what_odoo_writes_to_either_stream_comes_in_one_in_order(container: Path) -> None:
    (container / "odoo").write_text("#!/bin/sh\necho 1; echo 2 >&2; echo 3\n")
    assert shown(container, test_command("evv_core", None, 1, 60)) == ["1", "2", "3"]


def test_odoo_s_exit_code_is_the_command_s(container: Path) -> None:
    (container / "odoo").write_text("#!/bin/sh\nexit 42\n")
    with pytest.raises(subprocess.CalledProcessError) as caught:
        shown(container, test_command("evv_core", None, 1, 60))
    assert caught.value.returncode == 42


def test_past_their_time_the_tests_are_asked_for_stacks_and_then_killed(container: Path) -> None:
    (container / "timeout").write_text(SHOW)
    (container / "timeout").chmod(0o755)
    words = shown(container, test_command("evv_core", None, 1, 1.5))
    assert words[1:4] == ["--signal=QUIT", "--kill-after=10", "1.5"]
    assert words[4] == "odoo"


def test_the_states_are_asked_of_the_test_database_with_the_same_settings(container: Path) -> None:
    command = states_command(["evv_core", "base"])
    words = shown(container, command, HOST="database", PORT="5433", USER="someone", PASSWORD="it's $ecret")
    assert words[1:9] == ["-h", "database", "-p", "5433", "-U", "someone", "-d", DATABASE]
    assert "select name, state from ir_module_module where name in ('evv_core', 'base')" in words
    assert words[-1] == "password=it's $ecret"


def queries(words: list[str]) -> list[str]:
    """What `psql` was asked, in its order."""
    return [query for word, query in itertools.pairwise(words) if word == "-c"]


def test_what_is_set_aside_is_renamed_when_nobody_is_in_it_any_more(container: Path) -> None:
    words = shown(container, set_aside_command(), HOST="database")
    assert words[1:9] == ["-h", "database", "-p", "5432", "-U", "odoo", "-d", "postgres"]
    ended, renamed = queries(words)
    assert ended.startswith("select pg_terminate_backend(pid) from pg_stat_activity where datname in ('agent_test', ")
    assert renamed == "alter database agent_test rename to agent_test_template"


def test_the_database_is_made_anew_of_what_was_set_aside_each_step_by_itself(container: Path) -> None:
    words = shown(container, make_anew_command(has_template=True))
    assert words[words.index("-v") + 1] == "ON_ERROR_STOP=1"
    assert queries(words)[1:] == [
        "drop database if exists agent_test",
        "create database agent_test template agent_test_template",
    ]
    assert queries(shown(container, make_anew_command(has_template=False)))[1:] == ["drop database if exists agent_test"]


def test_files_and_screenshots_are_made_anew_with_the_database(container: Path) -> None:
    store = container / "data/filestore"

    def here(command: list[str]) -> list[str]:
        script = command[2].replace("/tmp/agent-test-browser", str(container / "browser"))
        return [*command[:2], script.replace("/var/lib/odoo", str(container / "data")), *command[3:]]

    (store / "agent_test").mkdir(parents=True)
    (store / "agent_test/prepared").write_text("1")
    shown(container, here(set_aside_command()))
    for _ in range(2):
        shown(container, here(make_anew_command(has_template=True)))
        assert [file.name for file in (store / "agent_test").iterdir()] == ["prepared"]
        (store / "agent_test/by-a-test").write_text("1")
        (container / "browser/agent_test").mkdir(parents=True)
    shown(container, here(make_anew_command(has_template=True)))
    assert not (container / "browser").exists()


def test_what_tests_left_running_is_ended_and_nothing_else(container: Path) -> None:
    environs = [{"PYTHONPATH": f"{container}/python:/more"}, {"PYTHONPATH": "/opt"}, {}]
    left, *others = (subprocess.Popen(["sleep", "60"], env=os.environ | environ) for environ in environs)
    try:
        shown(container, make_anew_command(has_template=False))
        assert left.wait(10) == -9
        assert [other.poll() for other in others] == [None, None]
    finally:
        for process in (left, *others):
            process.kill()
            process.wait()


def test_the_states_are_read_from_psql_s_answer() -> None:
    answer = "base installed\nevv_core uninstalled\n"
    assert parse_states(answer) == {"base": "installed", "evv_core": "uninstalled"}


def test_states_are_read_of_every_module_that_odoo_accepts() -> None:
    assert parse_states("Hospital_Stay installed\n2fa_login to install\n") == {
        "Hospital_Stay": "installed",
        "2fa_login": "to install",
    }


@pytest.mark.parametrize(
    "answer",
    ["", "\n\n", "psql: error: connection to server at db failed\n", 'FATAL:  database "agent_test" does not exist\n'],
)
def test_an_error_of_psql_is_no_state(answer: str) -> None:
    assert parse_states(answer) == {}


def test_a_state_of_two_words_is_not_taken_for_installed() -> None:
    assert parse_states("evv_core to install\n").get("evv_core") != "installed"


def test_screenshots_go_where_they_are_looked_for_and_screencasts_are_made_where_there_is_ffmpeg(container: Path) -> None:
    words = odoo(container)
    assert "--screenshots=/tmp/agent-test-browser" in words
    assert not any(word.startswith("--screencasts") for word in words if not shutil.which("ffmpeg"))
    (container / "ffmpeg").write_text("#!/bin/sh\n")
    (container / "ffmpeg").chmod(0o755)
    assert "--screencasts=/tmp/agent-test-browser" in odoo(container)


def test_the_assets_bundles_are_generated_by_odoo_s_shell_with_its_own_modules_alone(container: Path) -> None:
    words = odoo_shell(container)
    assert words[0] == "shell"
    assert f"--database={DATABASE}" in words
    (addons,) = (word for word in words if word.startswith("--addons-path="))
    assert addons == "--addons-path=/odoo/addons"
    assert "_pregenerate_assets_bundles()" in words[-1]


def odoo_shell(container: Path) -> list[str]:
    """What `odoo` is given, and in the end what it reads."""
    (container / "odoo").write_text('#!/bin/sh\nfor word in "$@"; do printf "%s\\n" "$word"; done\ntr "\\n" ";"\n')
    (container / "python3").write_text('#!/bin/sh\ncase "$*" in *find_spec*) echo /odoo;; esac\n')
    (container / "python3").chmod(0o755)
    return shown(container, assets_command(60))


def test_the_javascript_tests_of_one_module_run_without_installing_anything(container: Path) -> None:
    words = shown(container, javascript_command("evv_core", 1, 60, for_phones=False))
    assert "--test-tags=/web:WebSuite.test_unit_desktop[@evv_core]" in words
    assert not any(word.startswith("--init") for word in words)
    words = shown(container, javascript_command("evv_core", 1, 60, for_phones=True))
    tags = "/web:WebSuite.test_unit_desktop[@evv_core],/web:MobileWebSuite.test_unit_mobile[@evv_core]"
    assert f"--test-tags={tags}" in words
    expected = [word for word in odoo(container) if not word.startswith(("--init", "--test-tags"))]
    assert [word for word in words[1:] if not word.startswith("--test-tags")] == expected


ASKED = OdooSettings(True, ("de_DE",), {"server_wide_modules": "base,web,it's"})


@pytest.mark.parametrize(
    "command",
    [test_command("evv_core", None, 1, 60, ASKED), prepare_command(["base"], [], 60, ASKED)],
    ids=["test", "prepare"],
)
def test_odoo_is_told_what_else_is_asked_and_no_variable_or_conf_says_otherwise(container: Path, command: list[str]) -> None:
    (container / "odoo").write_text('#!/bin/sh\nset | grep ^ODOO_; for word; do echo "$word"; done\n')
    (container / "odoo.conf").write_text("[options]\nserver_wide_modules = web\nwith_demo = False\n")
    conf = str(container / "odoo.conf")
    words = shown(container, command, ODOO_RC=conf, ODOO_SERVER_WIDE_MODULES="web", ODOO_WITH_DEMO="0", ODOO_VERSION="19.0")
    assert "--load-language=en_US,de_DE" in words
    assert not [word for word in words if word.startswith(("ODOO_SERVER", "ODOO_WITH"))]
    assert (container / "agent-test-odoo.conf").read_text().split("\n")[:3] == [
        "[options]",
        "server_wide_modules = base,web,it's",
        "without_demo = False",
    ]
    (container / "python3").write_text("#!/bin/sh\nexit 1\n")
    (container / "python3").chmod(0o755)
    with pytest.raises(subprocess.CalledProcessError):
        shown(container, command)
