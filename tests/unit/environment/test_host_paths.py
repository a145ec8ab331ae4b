"""Which paths of the machine a container may be given, as written and behind links."""

import os
import socket
from pathlib import Path

import pytest

from runner.environment.host_paths import is_of_each_machine, refused_source, unwise_source

ANYTHING = [True, False]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.mark.parametrize("read_only", ANYTHING)
@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/", "start what outlives"),
        ("/var/run/", "through /var/run a container can start what outlives"),
        ("/srv/docker.sock", "start what outlives"),
        ("/var/lib", "change the volumes of other runs"),
        ("/run/user/1000", "speak to programs of this machine"),
        ("/run/dbus", "speak to programs of this machine"),
        ("/var/run/postgresql", "speak to programs of this machine"),
        ("/dev", "is this machine's itself"),
        ("/dev/sda", "is this machine's itself"),
        ("/proc", "is this machine's itself"),
        ("/proc/sys/kernel", "is this machine's itself"),
        ("/sys/fs/cgroup", "is this machine's itself"),
    ],
)
def test_what_is_refused_also_read_only(path: str, reason: str, read_only: bool) -> None:
    assert reason in refused_source(path, read_only=read_only)


@pytest.mark.parametrize(
    "path",
    [
        "/etc",
        "/etc/cron.d",
        "/etc/passwd",
        "/usr/local/bin",
        "/bin",
        "/lib64",
        "/boot",
        "/var/spool/cron",
        "/root",
        "/root/.ssh",
        "/home",
        "/home/me",
        "/home/me/.bashrc",
        "/home/me/.local/bin",
        "/home/me/.config/systemd",
        "/home/me/.local/share",
    ],
)
def test_what_the_machine_runs_by_is_refused_where_it_could_be_written(path: str) -> None:
    assert "can change what runs on this machine. Mount it read-only." in refused_source(path, read_only=False)
    assert refused_source(path, read_only=True) == ""


@pytest.mark.parametrize(
    ("path", "is_writable"),
    [
        ("/srv/addons", True),
        ("/home/me/src/evv", True),
        ("/home/me/.cache/pip", True),
        ("/home/me/.local/share/odoo", True),
        ("/root/src", True),
        ("/opt/odoo", True),
        ("/etcetera", True),
        ("/dev/shm", True),
        ("/run/media/me/disk/src", True),
        ("/etc/localtime", True),
        ("/dev/null", True),
        ("/usr/share/fonts", False),
        ("/etc/ssl/certs", False),
    ],
)
def test_other_folders_may_be_mounted(path: str, is_writable: bool) -> None:
    assert refused_source(path, read_only=not is_writable) == ""
    assert list(unwise_source(path, read_only=True)) == []


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/etc",
            "/etc/shadow",
            "/etc/ssh",
            "/home",
            "/home/me",
            "/home/me/.ssh",
            "/home/me/.ssh/id_ed25519",
            "/home/me/.netrc",
        ),
        *("/root/.docker/config.json", "/home/me/.config"),
    ],
)
def test_somebody_s_keys_are_a_warning(path: str) -> None:
    (warning,) = unwise_source(path, read_only=True)
    assert warning.startswith("the tests could read the keys and passwords in")


def test_the_home_of_the_person_who_runs_this_is_one_wherever_it_is(home: Path) -> None:
    assert refused_source(str(home), read_only=False) != ""
    assert refused_source(str(home / ".profile"), read_only=False) != ""
    assert refused_source(str(home.parent), read_only=False) != ""
    for settings in ("Library", "Library/LaunchAgents"):
        assert refused_source(str(home / settings), read_only=False) != ""
    assert refused_source(str(home / "Library/Caches/pip"), read_only=False) == ""
    assert len(list(unwise_source(str(home / "Library/Keychains/login"), read_only=True))) == 1
    assert refused_source(str(home / "src"), read_only=False) == ""
    assert list(unwise_source(str(home / ".worktrees/evv"), read_only=True)) == []


def test_a_socket_and_a_device_are_refused_whatever_they_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("innocent")
        assert "can speak to programs" in refused_source(str(tmp_path / "innocent"), read_only=True)
    (tmp_path / "link").symlink_to("/dev/tty")
    assert "is this machine's itself" in refused_source(str(tmp_path / "link"), read_only=True)


@pytest.mark.parametrize("target", ["/etc", "/var/lib/docker", "/proc/1", "/run"])
def test_a_link_is_what_it_leads_to(tmp_path: Path, target: str) -> None:
    (tmp_path / "inner").symlink_to(target)
    (tmp_path / "link").symlink_to("inner")
    assert refused_source(str(tmp_path / "link"), read_only=False).split(" ", 2)[2] != ""
    assert str(tmp_path / "link") in refused_source(str(tmp_path / "link"), read_only=False)


def test_a_path_that_nobody_has_here_is_judged_by_its_name(tmp_path: Path) -> None:
    assert refused_source(f"{tmp_path}/gone/away", read_only=True) == ""
    assert refused_source("/" + "x" * 5000, read_only=True) == ""
    assert not os.path.lexists(tmp_path / "gone")


@pytest.mark.parametrize("target", ["/proc/self/cwd", "/proc/1/root/srv", "/proc/self/fd/0", "/dev/fd"])
def test_a_link_that_leads_each_process_elsewhere_is_refused_wherever_it_leads_here(tmp_path: Path, target: str) -> None:
    (tmp_path / "first").symlink_to(target)
    (tmp_path / "link").symlink_to("first")
    assert refused_source(str(tmp_path / "link"), read_only=True).startswith(f"{tmp_path}/link is this machine's itself")


def test_a_folder_above_what_a_link_leads_to_is_not_the_one_above_the_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/run/lock")
    assert "what outlives the run" in refused_source(f"{tmp_path}/link/..", read_only=True)
    (tmp_path / "here").mkdir()
    (tmp_path / "short").symlink_to("here/../here")
    assert refused_source(f"{tmp_path}/short/../here", read_only=True) == ""


def test_links_in_a_circle_and_what_is_no_path_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused_source(str(tmp_path / "a"), read_only=True) == ""
    assert refused_source("/srv/a\0b", read_only=True) == r"'/srv/a\x00b' is no path. Leave it out."
    assert refused_source("/a" * 5000, read_only=True) == ""


@pytest.mark.parametrize("path", ["/usr", "/etc/localtime", "/lib64/x", "/dev/null", "/run/x", "/proc/x"])
def test_each_machine_has_a_system_of_its_own(path: str) -> None:
    assert is_of_each_machine(path)


@pytest.mark.parametrize("path", ["/home/me/odoo.conf", "/srv/usr", "/opt/odoo", "/dev/shm/addons", "/var/tmp"])
def test_what_people_have_elsewhere_is_of_one_machine(path: str) -> None:
    assert not is_of_each_machine(path)
