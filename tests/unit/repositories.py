"""Repositories on disk for the tests, and their configuration."""

from pathlib import Path

from runner.config.model import Images, PortRange
from runner.config.repositories import RepoConfig

YAML = """\
defaults:
  compose_file: docker-compose.agent.yml
  ports: 8090-8100
  images: {odoo: "odoo:18.0", postgres: "postgres:16"}
repositories:
  evv: {prefix: evv-agent-test, path: evv, addons: [addons]}
  hub: {prefix: hub-agent-test, path: hub, addons: [addons, more]}
"""


def write_module(addons: Path, name: str) -> Path:
    """Make a module in an addons folder."""
    module = addons / name
    module.mkdir(parents=True)
    (module / "__manifest__.py").write_text("{'name': 'Module'}\n")
    return module


def repository(folder: Path, name: str = "evv", addons: tuple[str, ...] = ("addons",), ports: str = "8090-8100") -> RepoConfig:
    """A repository whose checkout is `folder`/`name`."""
    checkout = folder / name
    first, last = ports.split("-")
    return RepoConfig(
        name=name,
        prefix=f"{name}-agent-test",
        path=checkout,
        addons=tuple(checkout / each for each in addons),
        compose_file=folder / "docker-compose.agent.yml",
        ports=PortRange(first=int(first), last=int(last)),
        images=Images(odoo="odoo:18.0", postgres="postgres:16"),
    )
