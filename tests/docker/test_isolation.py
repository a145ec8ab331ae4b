"""What `docker compose config` really gives is judged: refused with all reasons, nothing started; parity starts nothing."""

import shutil

import pytest

from .tiny_repository import PASSES, ROOT, TinyRepository, left


@pytest.mark.parametrize(
    ("ports", "refused"),
    [
        ('["${ODOO_PORT}:8069"]', ""),
        ('[{target: 8069, published: "${ODOO_PORT}", host_ip: 127.0.0.1}]', ""),
        ('["8069"]', ""),
        ('["18069:8069"]', "18069"),
        ('["127.0.0.1:18069-18070:8069-8070/udp"]', "18070"),
        ("[{target: 8069, published: 18069}]", "18069"),
    ],
)
def test_host_ports_in_every_spelling(tiny: TinyRepository, ports: str, refused: str) -> None:
    tiny.module("good", PASSES)
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace('["127.0.0.1:${ODOO_PORT}:8069"]', ports))
    code, output = tiny.run("run", "tiny", "good")
    assert code == (2 if refused else 0), output
    assert f"host port {refused} (for " in output or not refused
    assert left() == []


def test_a_third_repository_takes_three_lines_and_shows_in_parity_where_it_differs(tiny: TinyRepository) -> None:
    entry = "  third:\n    {prefix: third-test, path: tiny, addons: [addons], compose_file: compose.yml,\n    ports: 18098}\n"
    shutil.copy(ROOT / "docker-compose.agent.yml", tiny.folder)
    (tiny.folder / "repos.yaml").write_text((ROOT / "repos.yaml").read_text() + entry)
    code, output = tiny.run("parity")
    assert code == 1, output
    assert "evv and hub differ in nothing but prefix and paths" in output
    assert "evv and third DIFFER" in output
    assert left() == []


def test_no_run_builds_or_fetches_an_image_under_the_runs_that_test_with_it(tiny: TinyRepository) -> None:
    def image() -> str:
        return tiny.docker("image", "inspect", "--format", "{{.Id}}", "agent-test-tiny")

    before = image()
    tiny.module("good", PASSES)
    (tiny.checkout / "Dockerfile").write_text("FROM agent-test-tiny\nLABEL built=again\n")
    compose = tiny.checkout / "compose.yml"
    usual = compose.read_text()

    def run_with(keys: str) -> tuple[int, str]:
        compose.write_text(usual.replace("\n  odoo:\n", f"\n  odoo:\n    {keys}\n"))
        return tiny.run("run", "tiny", "good")

    code, output = run_with("build: .\n    pull_policy: build")
    assert code == 2, output
    assert "services.odoo.pull_policy: every run would build agent-test-tiny anew" in output
    code, output = run_with("pull_policy: always")  # which no registry has
    assert code == 0, output
    assert "services.odoo.pull_policy: 'always' is not followed" in output
    assert image() == before
    assert left() == []


def test_compose_runs_no_program_of_this_machine_to_fetch_a_part_of_the_file(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose, ran = tiny.checkout / "compose.yml", tiny.folder / "ran"
    compose.write_text(compose.read_text() + 'include: ["git@localhost:x/y.git"]\n')
    # Beside the compose file, Compose takes its own settings from it too; up to 2.26 whatever it names.
    (tiny.checkout / ".env").write_text(f"COMPOSE_EXPERIMENTAL_GIT_REMOTE=true\nGIT_SSH_COMMAND=touch {ran};\n")
    code, output = tiny.run("run", "tiny", "good", GIT_SSH_COMMAND=f"touch {ran};")
    assert code == 2, output
    assert "git remote resource is disabled" in output
    assert not ran.exists()
    assert left() == []
