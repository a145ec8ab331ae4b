"""Starts that fail, on a real engine: a clear message, exit code 5, and nothing left."""

import json
import sys

import pytest

from .tiny_repository import PASSES, RUNNING, WAITS, TinyRepository


def test_a_container_that_exits_ends_the_wait_early_with_its_last_lines(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    tiny.server("echo 'no such setting: colour' >&2\nexit 3\n")
    code, output = tiny.run("run", "tiny", "good", "--health-timeout", "50")
    assert code == 5, output
    assert "ended with exit code 3 before it was healthy" in output
    assert "no such setting: colour" in output


def test_an_environment_that_is_never_healthy_is_given_up_with_its_last_lines(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    tiny.server("echo 'still warming up'\nexec sleep infinity\n")
    code, output = tiny.run("run", "tiny", "good", "--health-timeout", "2")
    assert code == 5, output
    assert "Not healthy after 2 s (--health-timeout)" in output
    assert "still warming up" in output


def test_an_image_that_cannot_be_had_is_named(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace("agent-test-tiny", "localhost:1/agent-test-missing:1"))
    code, output = tiny.run("run", "tiny", "good")
    assert code == 5, output
    assert "localhost:1/agent-test-missing:1 is not on this machine and cannot be pulled" in output


def test_a_compose_file_that_compose_refuses_is_a_configuration_error(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    (tiny.checkout / "compose.yml").write_text("services: {odoo: {imagee: x}}\n")
    code, output = tiny.run("run", "tiny", "good")
    assert code == 2, output
    assert "imagee" in output


def test_a_compose_file_without_a_health_check_for_odoo_is_a_configuration_error(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    (tiny.checkout / "compose.yml").write_text("services: {odoo: {image: agent-test-tiny}}\n")
    code, output = tiny.run("run", "tiny", "good")
    assert code == 2, output
    assert "no health check" in output


def test_a_start_that_the_engine_refuses_leaves_nothing(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text() + "    driver_opts: {type: none, o: bind, device: /no/such/folder}\n")
    code, output = tiny.run("run", "tiny", "good")
    assert code == 5, output
    assert "`docker compose up` failed" in output
    assert "no such file or directory" in output


def test_a_service_that_odoo_waits_for_and_that_dies_has_the_last_word(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose = tiny.checkout / "compose.yml"
    services = compose.read_text().replace("  odoo:\n", "  odoo:\n    depends_on: {helper: {condition: service_healthy}}\n")
    helper = (
        "  helper:\n    <<: *tiny\n    volumes: [/usr:/usr:ro]\n    entrypoint: [sh, -c, 'echo no such setting >&2; exit 3']\n"
    )
    compose.write_text(services.replace("services:\n", f"services:\n{helper}"))
    code, output = tiny.run("run", "tiny", "good")
    assert code == 5, output
    assert "`docker compose up` failed" in output
    assert "The container of helper ended with exit code 3 before the environment was up" in output
    assert "no such setting" in output


def test_tests_that_run_past_their_time_are_ended_and_exit_with_6(tiny: TinyRepository) -> None:
    tiny.module("waits", WAITS)
    code, output = tiny.run("run", "tiny", "waits", "--test-timeout", "1")
    assert RUNNING in output
    assert code == 6, output
    assert "the tests ran past their time (--test-timeout); the last one started was TestTiny.test_one" in output


def _database_of(tiny: TinyRepository) -> str:
    labels = ("agent-test.repository=tiny", "com.docker.compose.service=db")
    (name,) = tiny.docker("ps", "--format={{.Names}}", *(f"--filter=label={label}" for label in labels)).split()
    return name


@pytest.mark.parametrize(
    ("how", "said"), [("kill", "ended with exit code 137"), ("restart --time 0", "was started again"), ("pause", "was paused")]
)
def test_a_container_that_does_not_run_through_the_tests_is_an_error_and_no_failed_test(
    tiny: TinyRepository, how: str, said: str
) -> None:
    tiny.module(
        "good",
        f"{WAITS.partition('exec')[0]}until [ -e /mnt/extra-addons/go ]; do sleep 0.1; done\nfailing test_one\n"
        "result 1 0 1\nexit 1\n",
    )
    run = tiny.start("run", "tiny", "good")
    run.wait_for(RUNNING)
    tiny.docker("container", *how.split(), _database_of(tiny))
    (tiny.addons / "go").touch()
    assert run.finish() == 5, run.output
    assert f"The container of db {said} while the tests ran. Its last lines:" in run.output


def test_a_container_that_is_started_again_and_again_ends_the_start_at_once(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    tiny.server("echo no work; exit 3\n")
    compose_file = tiny.checkout / "compose.yml"
    compose_file.write_text(compose_file.read_text().replace("    ports:", "    restart: always\n    ports:"))
    code, output = tiny.run("run", "tiny", "good", "--health-timeout", "300")
    assert code == 5
    assert "The container of odoo was started again" in output
    assert "no work" in output


def test_so_it_does_where_compose_waits_for_that_container(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose_file = tiny.checkout / "compose.yml"
    services = compose_file.read_text().replace("    ports:", "    depends_on: {db: {condition: service_healthy}}\n    ports:")
    broken = "    entrypoint: [sh, -c, echo no database; exit 1]\n    restart: always\n    volumes:"
    compose_file.write_text(services.replace("    volumes:", broken, 1))
    code, output = tiny.run("run", "tiny", "good", "--health-timeout", "300")
    assert code == 5
    assert "The container of db was started again" in output
    assert "no database" in output


def test_what_the_health_check_says_is_in_the_error(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose_file = tiny.checkout / "compose.yml"
    compose_file.write_text(
        compose_file.read_text().replace('["CMD", "test", "-e", "/run/healthy"]', '["CMD-SHELL", "echo ill; false"]')
    )
    code, output = tiny.run("run", "tiny", "good", "--health-timeout", "1")
    assert code == 5
    assert "The health check of odoo says:\n  ill" in output


def test_behind_a_proxy_the_services_reach_each_other_without_it(tiny: TinyRepository) -> None:
    tiny.module("good", f'echo "without: $NO_PROXY $no_proxy, with: $http_proxy"\n{PASSES}')
    proxies = {"default": {"httpProxy": "http://127.0.0.1:9", "noProxy": ".corp"}}
    (tiny.folder / "config.json").write_text(json.dumps({"proxies": proxies}))
    code, output = tiny.run("run", "tiny", "good", DOCKER_CONFIG=str(tiny.folder))
    assert code == 0, output
    exceptions = ".corp,127.0.0.1,localhost,::1,db,odoo"
    assert f"without: {exceptions} {exceptions}, with: http://127.0.0.1:9\n" in output


# `python -m runner`, but with a second of patience.
_IMPATIENT = """
import runpy, sys
from runner.run import ending
ending.PATIENCE = 1.0
sys.argv[0] = "runner"
runpy.run_module("runner", run_name="__main__", alter_sys=True)
"""


def test_an_odoo_that_does_not_exit_after_its_result_is_asked_for_its_stacks_and_killed(tiny: TinyRepository) -> None:
    stacks = "# Thread: <Thread(forgotten, started 1)> (db:n/a) (uid:n/a)"
    waits = f'trap \'record INFO odoo.tools.misc ""; echo "{stacks}"\' QUIT\nwhile true; do sleep 0.1; done\n'
    tiny.module("hangs", f"{PASSES}record INFO odoo.service.server 'Initiating shutdown'\n{waits}")
    run = tiny.start_program([sys.executable, "-c", _IMPATIENT, "run", "tiny", "hangs"])
    assert run.finish() == 7, run.output
    assert "all tests ended, but Odoo did not exit within 1 s: thread 'forgotten'\n" in run.output


def test_the_limits_of_repos_yaml_hold_but_for_a_service_with_its_own_and_out_of_memory_is_said(tiny: TinyRepository) -> None:
    tiny.configure(limits={"memory": "64m", "cpus": 0.5, "pids": 100})
    compose_file = tiny.checkout / "compose.yml"
    compose_file.write_text(compose_file.read_text().replace("    ports:", "    mem_limit: 96m\n    ports:"))
    waits = "record INFO odoo.tiny 'the tests are running'\nuntil [ -e /mnt/extra-addons/go ]; do sleep 0.1; done\n"
    tiny.module("eats", f"starting test_one\n{waits}exec tail /dev/zero\n")
    run = tiny.start("run", "tiny", "eats")
    run.wait_for(RUNNING)
    names = tiny.docker("ps", "--format={{.Names}}", "--filter=label=agent-test.repository=tiny").split()
    limits = "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}"
    odoo, database = (tiny.docker("inspect", f"--format={limits}", name).split() for name in sorted(names, reverse=True))
    assert database == [str(64 * 2**20), str(64 * 2**20), "500000000", "100"]
    assert (odoo[0], odoo[3]) == (str(96 * 2**20), "100")
    (tiny.addons / "go").touch()
    assert run.finish() == 7, run.output
    assert "out of memory: a process of the service odoo was killed; its limit is 96 MB (limits.memory in repos" in run.output
