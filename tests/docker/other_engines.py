"""Rootless Docker and Podman as second engines, and the packages that they take."""

import json
import os
import pwd
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping

import pytest

from .second_engine import AS_ROOT, SecondEngine
from .tiny_repository import ROOT

# What both take, by the package that it is in.
_PROGRAMS = {
    "rootlesskit": "rootlesskit",
    "slirp4netns": "slirp4netns",
    "newuidmap": "uidmap",
    "podman": "podman",
    "crun": "crun",
    **{f"/usr/lib/podman/{program}": program for program in ("netavark", "aardvark-dns")},
}
_INSTALL = "import sys; from runner.setup import debian; debian.install(*sys.argv[1:])"


class Rootless(SecondEngine):
    """A Docker daemon of this user, or instead of root of `nobody`, as docker's own dockerd-rootless.sh starts one."""

    ABOUT = ", rootless, docker client "

    def daemon(self) -> list[str]:
        user = pwd.getpwuid(os.getuid()) if os.getuid() else pwd.getpwnam("nobody")
        # What belongs to the machine is covered in the namespace alone: the users' ranges of ids, and a device that only root
        # may open where nobody has told it otherwise.
        script = f"""
            set -e
            cd {self.folder}
            chmod 755 .
            echo {user.pw_name}:100000:65536 >ids
            mknod -m 666 tun c 10 200
            mkdir -p /dev/net
            for file in /etc/subuid /etc/subgid /dev/net/tun; do [ -e $file ] || touch $file; done
            mount --bind ids /etc/subuid
            mount --bind ids /etc/subgid
            mount --bind tun /dev/net/tun
            chown {user.pw_uid} .
            export HOME={self.folder} XDG_RUNTIME_DIR={self.folder}
            exec setpriv --reuid={user.pw_uid} --regid={user.pw_gid} --clear-groups "$@"
        """
        inside = 'rm -f /run/docker /run/containerd /run/xtables.lock; exec "$@"'
        words = ["--net=slirp4netns", "--mtu=65520", "--disable-host-loopback", "--port-driver=builtin"]
        words += ["--copy-up=/etc", "--copy-up=/run", "--propagation=rslave"]
        daemon = [*super().daemon(), "--exec-opt=native.cgroupdriver=cgroupfs"]
        return ["sh", "-c", script, "sh", "rootlesskit", *words, "sh", "-c", inside, "sh", *daemon]


class Podman(SecondEngine):
    """Podman by its Docker socket, of root."""

    ABOUT = "Podman "

    def daemon(self) -> list[str]:
        # Untold, it raises limits, which root may not do everywhere.
        limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
        most = {name: resource.getrlimit(limit)[1] for name, limit in limits.items()}
        settings = f"""
            [containers]
            default_ulimits = {json.dumps([f"{name}={value}:{value}" for name, value in most.items()])}
            [engine]
            cgroup_manager = "cgroupfs"
            events_logger = "file"
            [network]
            network_config_dir = "{self.folder}/networks"
        """
        (self.folder / "containers.conf").write_text(settings)
        # What it knows of containers is in /run and /dev/shm; and crun refuses a cgroup v1 with a v2 below.
        script = f"""
            set -e
            mount -t tmpfs tmpfs /run
            mount -t tmpfs tmpfs /dev/shm
            if mountpoint --quiet /sys/fs/cgroup/unified; then umount /sys/fs/cgroup/unified; fi
            export CONTAINERS_CONF={self.folder}/containers.conf
            exec podman --root={self.folder}/data system service --time=0 {self.host}
        """
        return ["sh", "-c", script]


def install(programs: Mapping[str, str] = _PROGRAMS) -> None:
    """Have the packages of these programs. Where they cannot be installed the test is skipped, but not on CI."""
    missing = [package for program, package in programs.items() if not shutil.which(program)]
    if not missing:
        return
    command = [*AS_ROOT, sys.executable, "-c", _INSTALL, *missing]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode and "CI" not in os.environ:
        pytest.skip(f"this machine has no {', '.join(missing)}")
    assert done.returncode == 0, done.stdout + done.stderr
