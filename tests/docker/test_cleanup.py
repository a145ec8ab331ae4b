"""What dead runs left, what is kept on purpose, and what lives: `cleanup`, `list`, and the next run's own sweep."""

import dataclasses
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from runner.cleanup.life import deadline_label
from runner.cleanup.owner import this_process

from .conftest import FIRST_PORT
from .phases import guard_of
from .tiny_repository import FAILS, PASSES, RUNNING, WAITS, Started, TinyRepository, left


def _running(tiny: TinyRepository, *options: str) -> Started:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits", *options)
    run.wait_for(RUNNING)
    return run


def _killed_with_its_guard(tiny: TinyRepository, *options: str) -> str:
    """What the kill of a control group leaves: an environment, and nobody to remove it. Its project's name."""
    run = _running(tiny, *options)
    guard = guard_of(run.process.pid)
    run.process.send_signal(signal.SIGSTOP)  # or it would start another guard
    os.kill(guard, signal.SIGKILL)
    run.send_group(signal.SIGKILL)
    run.finish()
    return _project(run.output)


def _project(output: str) -> str:
    found = re.search(r"tiny-agent-test-\w+-\d{8}-\d{6}-\w{6}", output)
    assert found, output
    return found.group()


def _volume(tiny: TinyRepository, project: str, **owner: str) -> None:
    """A volume as a run of this owner would have left it."""
    tiny.docker("volume", "create", *_labels(project, None, **owner), f"{project}_data")


def _labels(project: str, seconds_left: float | None = None, **owner: str) -> list[str]:
    labels = {"com.docker.compose.project": project, "agent-test.repository": "tiny"}
    labels |= {f"agent-test.owner-{key}": value for key, value in owner.items()}
    labels |= {} if seconds_left is None else deadline_label(time.time() + seconds_left)
    return [f"--label={key}={value}" for key, value in labels.items()]


def test_cleanup_removes_what_a_run_left_whose_guard_was_killed_too_unless_it_only_tries(tiny: TinyRepository) -> None:
    project = _killed_with_its_guard(tiny, "--keep", "always")  # by its death it was not kept
    before = left()
    assert before != []
    code, output = tiny.run("cleanup", "--dry-run")
    assert code == 0, output
    assert re.search(rf"{project} .*: would be removed", output)
    assert left() == before
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert f"{project} (dead): removed in " in output
    assert left() == []


def test_the_next_run_removes_what_a_dead_one_left_and_says_so(tiny: TinyRepository) -> None:
    project = _killed_with_its_guard(tiny)
    tiny.module("good", PASSES)
    code, output = tiny.run("run", "tiny", "good")
    assert code == 0, output
    assert f"left by a dead run: {project} (dead): removed in " in output
    assert left() == []


def test_a_run_that_is_going_on_is_listed_and_touched_by_no_other_and_by_no_cleanup(tiny: TinyRepository) -> None:
    run = _running(tiny)
    before = left()
    code, output = tiny.run("list")
    assert code == 0, output
    line = next(line for line in output.splitlines() if _project(run.output) in line)
    assert re.match(rf"running +1809\d +\d+ seconds? +pid {run.process.pid} ", line), output
    tiny.module("good", PASSES)
    assert tiny.run("run", "tiny", "good")[0] == 0
    code, output = tiny.run("cleanup", "tiny", "--all")
    assert code == 0, output
    assert "Nothing is left of dead runs of tiny." in output
    code, output = tiny.run("cleanup", _project(run.output))
    assert code == 2, output
    assert f"belongs to a run that is going on. End that first: kill {run.process.pid}" in output
    assert left() == before
    run.send(signal.SIGTERM)
    assert run.finish() == 143


def test_a_run_in_a_container_with_the_name_of_this_host_is_touched_by_no_other_and_by_no_cleanup_until_its_deadline(
    tiny: TinyRepository,
) -> None:
    tiny.module("waits", WAITS)
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    unshare = ["unshare", *user, "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("no namespaces for this user on this machine")
    run = tiny.start_program([*unshare, sys.executable, "-m", "runner", "run", "tiny", "waits"])
    run.wait_for(RUNNING)
    before = left()
    over = {**dataclasses.asdict(this_process()), "pidns": "1", "pid": "1"}
    tiny.docker("network", "create", *_labels("tiny-agent-test-over", -1, **over), "tiny-agent-test-over")
    tiny.module("good", PASSES)
    code, output = tiny.run("run", "tiny", "good")
    assert code == 0, output
    assert "left by a dead run: tiny-agent-test-over (past its deadline): removed in" in output
    code, output = tiny.run("cleanup")
    assert code == 0, output
    project = _project(run.output)
    assert f"{project}: left alone, it is of another host or container" in output
    assert left() == before
    run.send(signal.SIGKILL)  # and all of the namespace, its guard too
    run.finish()
    code, output = tiny.run("cleanup", project)
    assert code == 0, output
    assert left() == []


def test_what_a_run_before_a_restart_of_the_machine_left_is_dead_if_nothing_of_it_runs_and_so_it_is_under_another_name_of_it(
    tiny: TinyRepository,
) -> None:
    owner = dataclasses.asdict(this_process()) | {"boot": "another boot"}
    name, renamed = "tiny-agent-test-old", "tiny-agent-test-of-another-name"
    _volume(tiny, renamed, **dataclasses.asdict(this_process()) | {"host": "as-it-was-called", "start": "1"})
    tiny.docker("run", "-d", "--name", name, "-v", "/usr:/usr:ro", *_labels(name, 3600, **owner), "agent-test-tiny")
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert f"{name}: left alone, it is of another host or container" in output
    assert f"{renamed} (dead): removed in" in output
    tiny.docker("kill", name)
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert f"{name} (dead): removed in" in output


def test_what_a_run_of_another_host_started_is_left_alone_unless_everything_is_meant(tiny: TinyRepository) -> None:
    _volume(tiny, "tiny-agent-test-far", host="elsewhere", boot="b", pid="1", start="1")
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert "tiny-agent-test-far: left alone, it is of another host" in output
    assert left() == ["tiny-agent-test-far_data"]
    code, output = tiny.run("cleanup", "--all")
    assert code == 0, output
    assert left() == []


def test_what_a_script_of_old_left_is_known_to_every_command_and_goes_with_all_or_by_name(tiny: TinyRepository) -> None:
    tiny.server("true\n")
    project, by_hand = "tiny-agent-test-good-1697234567", "tiny-agent-test-by-hand"
    variables = f"ODOO_PORT={FIRST_PORT} ODOO_ADDONS={tiny.addons}"
    code, output = tiny.shell(f"{variables} docker compose -p {project} -f tiny/compose.yml up -d")
    assert code == 0, output
    # What was made without Compose, on a network and with a volume of the same kind.
    tiny.docker("network", "create", f"{by_hand}-net")
    mounts = ("-v", f"{by_hand}-data:/data", "-v", "/usr:/usr:ro")
    tiny.docker("run", "-d", "--name", by_hand, "--network", f"{by_hand}-net", *mounts, "agent-test-tiny")
    try:
        for command in ("list", "doctor", "cleanup"):
            code, output = tiny.run(command)
            assert code == 0, output
            for name in (project, by_hand, f"{by_hand}-net", f"{by_hand}-data"):
                assert re.search(rf"\b{name}(\s|:)", output), output
            assert "othing is left" not in output
            assert "No environment is running" not in output
        assert (
            f"{project}: left alone, it is a stray, which no run has made: 2 containers (2 running), 1 network, 1 volume"
            in output
        )
        tiny.configure(ports=str(FIRST_PORT))
        tiny.module("good", PASSES)
        code, output = tiny.run("run", "tiny", "good")
        assert code == 4, output
        assert f"{FIRST_PORT}: container {project}-odoo-1\n" in output
        code, output = tiny.run("cleanup", project)
        assert code == 0, output
        assert left(f"com.docker.compose.project={project}") == []
        code, output = tiny.run("cleanup", "tiny", "--all")
        assert code == 0, output
        assert by_hand not in tiny.docker("ps", "-a") + tiny.docker("network", "ls") + tiny.docker("volume", "ls")
        assert "Nothing is left of dead runs of tiny." in tiny.run("cleanup")[1]
    finally:
        tiny.shell(f"{variables} docker compose -p {project} -f tiny/compose.yml down -v")
        tiny.shell(f"docker rm -fv {by_hand}; docker network rm {by_hand}-net; docker volume rm -f {by_hand}-data")


def test_what_resists_is_named_and_exits_with_8(tiny: TinyRepository) -> None:
    _volume(tiny, "tiny-agent-test-stuck", host=os.uname().nodename, boot="another boot", pid="1", start="1")
    # A container without our labels uses the volume, so the engine does not remove it.
    name = "tiny-agent-test-user"
    tiny.docker("run", "-d", "--name", name, "-v", "tiny-agent-test-stuck_data:/x", "-v", "/usr:/usr:ro", "agent-test-tiny")
    try:
        code, output = tiny.run("cleanup", "--timeout", "1")
        tiny.module("good", PASSES)
        assert tiny.run("run", "tiny", "good")[0] == 0  # it holds up no other run, and is not its fault
    finally:
        tiny.docker("rm", "-fv", name)
    assert code == 8, output
    assert "LEFT after" in output
    assert "volume tiny-agent-test-stuck_data" in output
    assert "volume is in use" in output
    assert f"is used by {name}, a container of somebody else" in output
    assert f"docker rm -f {name}" in output
    assert tiny.run("cleanup")[0] == 0


def test_a_failed_run_is_kept_if_asked_with_the_commands_to_enter_and_to_remove_it(tiny: TinyRepository) -> None:
    tiny.module("bad", FAILS)
    code, output = tiny.run("run", "tiny", "bad", "--keep", "failed")
    assert code == 1, output
    project = _project(output)
    assert f"remove:   nox -s cleanup -- {project}" in output
    assert "kept; its database is not served: it has no pages, as the module web is not installed in it" in output
    database = output.partition("  database: ")[2].partition("  (in there)")[0]
    assert tiny.docker("exec", f"{project}-odoo-1", "bash", "-c", database) == "bad installed\n"
    assert "kept" in tiny.run("list")[1]
    code, output = tiny.run("cleanup")
    assert code == 0, output
    assert f"{project}: left alone, it is kept" in output
    assert left() != []
    code, output = tiny.run("cleanup", project)
    assert code == 0, output
    assert left() == []
    code, output = tiny.run("cleanup", project)
    assert code == 2, output
    assert "There is no environment" in output


def test_a_start_that_fails_is_kept_if_asked(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    tiny.server("exec sleep infinity\n")
    code, output = tiny.run("run", "tiny", "good", "--keep", "failed", "--health-timeout", "1")
    assert code == 5, output
    assert left() != []
    assert tiny.run("cleanup", "--all")[0] == 0
    assert left() == []


def test_what_is_kept_survives_the_next_run(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    assert tiny.run("run", "tiny", "good", "--keep", "always")[0] == 0
    kept = left()
    assert kept != []
    code, output = tiny.run("run", "tiny", "good", "--keep", "failed")
    assert code == 0, output
    assert left() == kept
    assert tiny.run("cleanup", "tiny", "--all")[0] == 0


def test_an_interrupted_run_is_not_kept(tiny: TinyRepository) -> None:
    run = _running(tiny, "--keep", "always")
    run.send(signal.SIGINT)
    assert run.finish() == 130
    assert left() == []


def test_cleanup_of_an_unknown_repository_is_refused(tiny: TinyRepository) -> None:
    code, output = tiny.run("cleanup", "tinny")
    assert code == 2
    assert "Perhaps you meant 'tiny'?" in output
