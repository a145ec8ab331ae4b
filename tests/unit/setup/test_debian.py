"""What cannot be installed is said with what to do instead."""

from pathlib import Path

import pytest

from runner.setup import debian
from runner.setup.shell import ProvisionError


@pytest.mark.parametrize(("system", "user"), [("debian", 1000), ("fedora", 0)])
def test_packages_are_installed_only_as_root_on_debian(monkeypatch: pytest.MonkeyPatch, system: str, user: int) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": system})
    monkeypatch.setattr("os.geteuid", lambda: user)
    with pytest.raises(ProvisionError) as caught:
        debian.require_root_on_debian("There is no Docker engine on this machine.")
    told = str(caught.value)
    assert told.startswith("There is no Docker engine on this machine.\n`nox -s setup` can mend that only as root on Debian.")
    for advice in ("install Docker with Compose v2", "docs.docker.com/engine/install", "group `docker`", "repos.local.yaml"):
        assert advice in told


def test_root_on_debian_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "debian"})
    monkeypatch.setattr("os.geteuid", lambda: 0)
    debian.require_root_on_debian("anything")


def test_an_apt_without_a_mirror_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"VERSION_CODENAME": "bookworm"})
    monkeypatch.setattr(debian, "output_of", lambda *_: "")
    with pytest.raises(ProvisionError, match="apt knows no mirror for Debian bookworm: `apt-get indextargets` lists none"):
        debian.mirror()


def test_a_package_that_is_not_downloaded_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(debian, "mirror", lambda: "http://mirror")
    monkeypatch.setattr(debian, "run", lambda *_: None)
    with pytest.raises(ProvisionError, match="apt downloaded no package docker-compose of trixie"):
        debian.extract_from_suite("trixie", "docker-compose", tmp_path)
