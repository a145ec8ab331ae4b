"""Starts that fail, on a real engine: a clear message, exit code 5, and nothing left."""

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
