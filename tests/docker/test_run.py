"""The main job on a real engine, with tiny services in the place of Odoo."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from runner.ci_sections import Ci
from runner.cleanup.owner import this_process
from tests.ci_logs import sections

from .conftest import FIRST_PORT, LAST_PORT
from .tiny_repository import FAILS, PASSES, PATIENCE, RUNNING, WAITS, TinyRepository


def test_passing_tests_exit_with_0_and_a_proof_that_nothing_is_left(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    code, output = tiny.run("run", "tiny", "good")
    assert code == 0, output
    assert "good: PASSED  2 tests ran, 0 failed, 0 errors, 0 skipped" in output
    proof = tiny.proof.read_text()
    assert "Starting TestTiny.test_one" in proof
    assert re.search(r"^verdict: +PASSED$", proof, re.MULTILINE)
    assert proof.count("  (nothing)\n") == 3
    code, output = tiny.run("verify", str(tiny.proof))
    assert (code, output.splitlines()[-1]) == (0, "proven: good"), output
    tiny.proof.write_text(proof.replace("2 tests ran", "3 tests ran"))
    code, output = tiny.run("verify", str(tiny.proof))
    assert (code, output.splitlines()[-1]) == (1, "proven: nothing")


def test_a_report_on_standard_output_is_alone_there(tiny: TinyRepository) -> None:
    tiny.module("bad", f"printf 'of a test\\n'\n{FAILS}")
    command = [sys.executable, "-m", "runner", "run", "tiny", "bad", "--verbose", "--json", "-"]
    ran = subprocess.run(command, check=False, cwd=tiny.folder, env=tiny.environ(), capture_output=True, timeout=PATIENCE)
    assert ran.returncode == 1, ran.stderr
    assert json.loads(ran.stdout)["modules"][0]["verdict"] == "FAILED"
    assert b"of a test" in ran.stderr
    assert b"bad: FAILED  1 test ran" in ran.stderr


def test_a_failing_test_exits_with_1_and_is_named_before_the_end_and_at_it(tiny: TinyRepository) -> None:
    tiny.module("bad", FAILS)
    code, output = tiny.run_as_usual("run", "tiny", "bad")
    assert code == 1, output
    told = output.index("  FAIL: TestTiny.test_one (addons/bad/tests/test_tiny.py)\n")
    assert told < output.index("  tests   ") < output.index("  down ")
    assert "Starting" not in output
    assert "FAIL: TestTiny.test_one" in output.rpartition("bad: FAILED")[2]
    assert re.search(r"^verdict: +FAILED$", tiny.proof.read_text(), re.MULTILINE)


def test_with_exitfirst_odoo_is_killed_at_the_first_failure_and_it_alone_runs_again(tiny: TinyRepository) -> None:
    waits = "starting test_one\nfailing test_one\nstarting test_two\nsleep 1000\nresult 1 0 2\nexit 1\n"
    tiny.module("bad", waits)
    code, output = tiny.run("run", "tiny", "bad", "-x")
    assert code == 1, output
    assert "bad: FAILED, only up to the first that failed  1 test ran, 1 failed, 0 errors, 0 skipped" in output
    assert "killed" not in output
    (tiny.addons / "bad/behaviour.sh").write_text('echo "$@"\nstarting test_one\nresult 0 0 1\n')
    code, output = tiny.run("run", "tiny", "bad", "--last-failed")
    assert code == 0, output
    assert "--test-tags=/bad:TestTiny.test_one " in output
    assert "bad: PASSED, only TestTiny.test_one  1 test ran" in output


def test_exit_code_0_of_odoo_alone_is_not_proof(tiny: TinyRepository) -> None:
    tiny.module("silent", "exit 0\n")
    code, output = tiny.run("run", "tiny", "silent")
    assert code == 7, output
    assert "no test of silent started" in output


def test_a_module_that_is_not_installed_is_not_proven(tiny: TinyRepository) -> None:
    tiny.module("absent", PASSES + "echo 'absent uninstalled' > /run/states\n")
    code, output = tiny.run("run", "tiny", "absent")
    assert code == 7, output
    assert "module absent is not installed (its state: uninstalled)" in output


def test_several_modules_have_a_log_each_and_the_worst_exit_code(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    tiny.module("bad", FAILS)
    code, output = tiny.run("run", "tiny", "bad", "good")
    assert code == 1, output
    assert "FAILED" in (tiny.checkout / "proof_of_execution_tests.bad.log").read_text()
    assert "PASSED" in (tiny.checkout / "proof_of_execution_tests.good.log").read_text()


def test_what_a_test_prints_reaches_the_log_as_it_is_and_does_nothing_but_show(tiny: TinyRepository) -> None:
    tiny.module("hostile", "printf 'caf\\xe9\\n\\033[3A\\033[0JPASSED\\r::error::no\\n'\n" + FAILS)
    code, output = tiny.run("run", "tiny", "hostile", GITHUB_ACTIONS="true")
    assert code == 1, output
    assert b"caf\xe9\n\x1b[3A\x1b[0JPASSED\r::error::no\n" in tiny.proof.read_bytes()
    assert "caf\\xe9\n\\x1b[3A\\x1b[0JPASSED\\r::error::no\n" in output
    stopped, token, _ = output.partition(output.partition("::stop-commands::")[2].partition("\n")[0])
    assert token
    assert stopped == "::stop-commands::"  # before anything else
    assert re.search(r"\n::[0-9a-f]{32}::\n::error title=hostile%3A TestTiny\.test_one failed::", output)


_ENDS_SECTIONS = r"printf '\n::endgroup::\n##[endgroup]\n\033[0Ksection_end:1:x\r\033[0K\n'" + "\n"


@pytest.mark.parametrize(("variable", "ci"), [("GITHUB_ACTIONS", Ci.GITHUB), ("GITLAB_CI", Ci.GITLAB)])
def test_in_a_ci_what_odoo_prints_is_a_section_that_no_test_ends_but_a_signal_does(
    tiny: TinyRepository, variable: str, ci: Ci
) -> None:
    tiny.module("hostile", "starting test_none\nfailing test_none\n" + _ENDS_SECTIONS + WAITS)
    run = tiny.start("run", "tiny", "hostile", **{variable: "true"})
    run.wait_for(RUNNING)
    run.send(signal.SIGTERM)
    assert run.finish() == 143, run.output
    lines = sections(ci, run.output)
    assert lines.count("(tests: what Odoo prints") == lines.count(")") == 1
    assert RUNNING in lines[lines.index(")") - 1]
    assert lines[lines.index(")") + 1] == "  FAIL: TestTiny.test_none (addons/hostile/tests/test_tiny.py)"


def test_side_by_side_a_failing_test_is_told_with_its_module(tiny: TinyRepository) -> None:
    tiny.module("bad", FAILS)
    tiny.module("good", PASSES)
    code, output = tiny.run("run", "tiny", "bad", "good", "--jobs", "2")
    assert code == 1, output
    assert output.index("bad  | FAIL: TestTiny.test_one (addons/bad/tests/test_tiny.py)\n") < output.index("bad  | down ")


def test_the_container_sees_the_addons_read_only(tiny: TinyRepository) -> None:
    tiny.module("curious", PASSES + "touch /mnt/extra-addons/x 2>/dev/null && echo WRITABLE || true\n")
    code, output = tiny.run("run", "tiny", "curious")
    assert code == 0, output
    assert "WRITABLE" not in output


def test_every_addons_folder_is_mounted_and_named_to_odoo(tiny: TinyRepository) -> None:
    tiny.configure(addons=["addons", "more"])
    (tiny.checkout / "more" / "other").mkdir(parents=True)
    (tiny.checkout / "more" / "other" / "__manifest__.py").write_text("{}")
    tiny.module("good", PASSES + 'ls /mnt/extra-addons-2; echo "$@"\n')
    code, output = tiny.run("run", "tiny", "good")
    assert code == 0, output
    assert "\nother\n" in output
    assert "--addons-path=/mnt/extra-addons,/mnt/extra-addons-2" in output


def test_everything_of_a_run_carries_the_labels_of_its_owner(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    for kind in ("container", "network", "volume"):
        listing = ["docker", kind, "ls", "--quiet", "--filter", "label=agent-test.repository=tiny"]
        names = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split()
        assert names
        inspected = subprocess.run(["docker", kind, "inspect", *names], check=True, capture_output=True, text=True).stdout
        for each in json.loads(inspected):
            labels = each["Config"]["Labels"] if kind == "container" else each["Labels"]
            assert labels["agent-test.module"] == "waits"
            assert labels["agent-test.owner-pid"] == str(run.process.pid)
            assert labels["agent-test.owner-pidns"] == this_process().pidns
            assert int(labels["agent-test.deadline"]) > time.time() + 3600
    run.process.terminate()
    assert run.finish() == 143


def test_a_port_that_goes_to_somebody_else_in_between_is_replaced_by_the_next(tiny: TinyRepository) -> None:
    # Not bound on this host's loopback, so that the runner's look finds it free and only the engine refuses it.
    tiny.module("good", PASSES)
    holder = [
        "docker",
        "run",
        "--rm",
        "--detach",
        "--publish",
        f"127.0.0.2:{FIRST_PORT}:80",
        "--volume=/usr:/usr:ro",
        "agent-test-tiny",
    ]
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace("127.0.0.1:$", "127.0.0.2:$"))
    container = subprocess.run(holder, check=True, capture_output=True, text=True).stdout.strip()
    try:
        code, output = tiny.run("run", "tiny", "good")
    finally:
        subprocess.run(["docker", "rm", "-fv", container], check=True, capture_output=True)
    assert code == 0, output
    assert f"port {FIRST_PORT} was taken meanwhile" in output
    assert f"127.0.0.2:{FIRST_PORT + 1}" in tiny.proof.read_text()


def test_a_full_port_range_exits_with_4_and_names_the_holders(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    with ExitStack() as stack:
        for port in range(FIRST_PORT, LAST_PORT + 1):
            held = stack.enter_context(socket.socket())
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", port))
            held.listen()
        code, output = tiny.run("run", "tiny", "good")
    assert code == 4, output
    assert f"No free port in {FIRST_PORT}-{LAST_PORT}" in output
    assert f"{FIRST_PORT}: pid " in output
    assert "Traceback" not in output
