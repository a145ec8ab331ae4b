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
