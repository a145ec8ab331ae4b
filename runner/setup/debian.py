"""Debian's package manager: where its mirror is, and packages of another suite than the machine's."""

import os
import platform
import tempfile
from pathlib import Path

from runner.setup.shell import ProvisionError, output_of, run

# Mirrors may serve an index that is some days old; for tests it is good enough.
_OLD_INDEX = ("-o", "Acquire::Check-Valid-Until=false")


def require_root_on_debian(purpose: str) -> None:
    """ProvisionError unless this is Debian and the user is root, the only case in which packages may be installed."""
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    if release.get("ID") != "debian" or os.geteuid() != 0:
        raise ProvisionError(
            f"{purpose}\n"
            "`nox -s setup` can mend that only as root on Debian. Elsewhere: install Docker with Compose v2\n"
            "(https://docs.docker.com/engine/install/), have your user added to the group `docker`, and make the images of\n"
            "repos.yaml available: pull them, or name others in repos.local.yaml."
        )


def install(*packages: str) -> None:
    """Install packages of the machine's own suite, without recommended ones."""
    run("apt-get", *_OLD_INDEX, "-q", "update")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "-q", "-y", "--no-install-recommends", "install", *packages, environ=environ)


def mirror() -> str:
    """Return the address of the mirror that this machine's own apt configuration names for Debian's main archive."""
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    wanted = ("Created-By: Packages", f"Codename: {codename}", "Component: main")
    addresses = (output_of("apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted) or "").split()
    if not addresses:
        raise ProvisionError(f"apt knows no mirror for Debian {codename}: `apt-get indextargets` lists none.")
    return addresses[0].rstrip("/")


def proxy() -> dict[str, str]:
    """Return the proxy of apt's configuration as an environment for tools that do not read it; empty where there is none."""
    line = output_of("apt-config", "shell", "PROXY", "Acquire::http::Proxy") or ""
    _, _, value = line.strip().partition("=")
    return {"http_proxy": value.strip("'")} if value.strip("'") else {}


def extract_from_suite(suite: str, package: str, target: Path) -> None:
    """Unpack a package of another suite into `target`, without installing it or touching the machine's package lists."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lists" / "partial").mkdir(parents=True)
        sources = folder / "sources.list"
        sources.write_text(f"deb {mirror()} {suite} main\n")
        private = [
            *_OLD_INDEX,
            *("-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null"),
            *(
                "-o",
                f"Dir::State::Lists={folder}/lists",
                "-o",
                "Dir::Cache::pkgcache=",
                "-o",
                "Dir::Cache::srcpkgcache=",
            ),
            *("-o", "APT::Sandbox::User=root"),
        ]
        run("apt-get", *private, "-q", "update")
        run(
            "sh",
            "-c",
            'cd "$1"; shift; exec "$@"',
            "sh",
            folder,
            "apt-get",
            *private,
            "-q",
            "download",
            f"{package}/{suite}",
        )
        archives = list(folder.glob("*.deb"))
        if not archives:
            raise ProvisionError(f"apt downloaded no package {package} of {suite}.")
        run("dpkg-deb", "-x", archives[0], target)
