"""What the doctor says of what it finds. The engine is a fake here; tests/docker has the real one."""

from pathlib import Path

import pytest

from runner.cleanup.owner import this_process
from runner.cli import doctor
from runner.cli.arguments import parse
from runner.config.model import Images, PortRange
from runner.config.repositories import Config, RepoConfig
from runner.docker.inventory import Image, Resource
from runner.errors import EngineUnavailable, ExitCode
from runner.terminal import Terminal


class _Engine:
    """An engine on which everything is well, unless a test says otherwise."""

    images: dict[str, str] = {"odoo:18.0": "sha256:1", "postgres:16": "sha256:2"}  # noqa: RUF012
    resources: list[Resource] = []  # noqa: RUF012
    containers: dict[int, str] = {}  # noqa: RUF012

    def check(self) -> str:
        return "28.0"

    def compose_version(self) -> str:
        return "2.30"

    def image(self, name: str) -> Image | None:
        return Image(self.images[name], {}) if name in self.images else None

    def published_ports(self) -> dict[int, str]:
        return self.containers

    def labelled(self, _label: str) -> list[Resource]:
        return self.resources

    def data_folder(self) -> Path | None:
        return Path("/")


@pytest.fixture
def settings(tmp_path: Path) -> Config:
    (tmp_path / "addons").mkdir()
    (tmp_path / "compose.yml").touch()
    repository = RepoConfig(
        name="evv",
        prefix="evv-agent-test",
        path=tmp_path,
        addons=(tmp_path / "addons",),
        compose_file=tmp_path / "compose.yml",
        ports=PortRange(first=28090, last=28091),
        images=Images(odoo="odoo:18.0", postgres="postgres:16"),
    )
    return Config(repositories={"evv": repository}, files=(tmp_path / "repos.yaml",))


def _examine(settings: Config, engine: type[_Engine], monkeypatch: pytest.MonkeyPatch) -> ExitCode:
    monkeypatch.setattr(doctor, "Engine", engine)
    return doctor.doctor(parse(["doctor"]), settings, Terminal())


def test_all_well_is_0(settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    monkeypatch.setattr(doctor, "_DISK_WANTED", 0)
    assert _examine(settings, _Engine, monkeypatch) == ExitCode.PASSED
    assert b"WRONG" not in capfdbinary.readouterr().out


def test_an_image_that_is_not_here_is_said_but_is_not_wrong(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    class Empty(_Engine):
        images: dict[str, str] = {}  # noqa: RUF012

    monkeypatch.setattr(doctor, "_DISK_WANTED", 0)
    assert _examine(settings, Empty, monkeypatch) == ExitCode.PASSED
    assert b"odoo:18.0 is not here yet" in capfdbinary.readouterr().out


def test_a_full_range_is_4_with_its_holders(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    class Busy(_Engine):
        containers: dict[int, str] = {28090: "one", 28091: "two"}  # noqa: RUF012

    assert _examine(settings, Busy, monkeypatch) == ExitCode.NO_PORT
    output = capfdbinary.readouterr().out
    assert b"0 of 28090-28091 are free; nox -s cleanup" in output
    assert b"28091 is held by container two" in output


def test_a_dead_environment_is_8(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    labels = {**this_process().labels(), "agent-test.owner-boot": "another", "agent-test.repository": "evv"}

    class Littered(_Engine):
        resources: list[Resource] = [Resource("evv-agent-test-x", labels)]  # noqa: RUF012

    assert _examine(settings, Littered, monkeypatch) == ExitCode.LEFT_BEHIND
    assert b"1 dead; remove the dead ones: nox -s cleanup" in capfdbinary.readouterr().out


def test_no_engine_is_3_and_ends_the_examination(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    class Absent(_Engine):
        def check(self) -> str:
            raise EngineUnavailable("There is no `docker` command.")

    assert _examine(settings, Absent, monkeypatch) == ExitCode.NO_ENGINE
    output = capfdbinary.readouterr().out
    assert b"WRONG  engine         There is no `docker` command." in output
    assert b"image" not in output


def test_little_disk_is_wrong_and_says_how_to_make_room(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setattr(doctor, "_DISK_WANTED", 2**80)
    assert _examine(settings, _Engine, monkeypatch) == ExitCode.ENVIRONMENT
    assert b"docker image prune" in capfdbinary.readouterr().out


def test_a_missing_checkout_is_2(settings: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    (settings.repositories["evv"].compose_file).unlink()
    assert _examine(settings, _Engine, monkeypatch) == ExitCode.USAGE


def test_each_finding_says_what_it_is_about(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    monkeypatch.setattr(doctor, "_DISK_WANTED", 0)
    _examine(settings, _Engine, monkeypatch)
    lines = capfdbinary.readouterr().out.decode().splitlines()
    for line in (
        f"ok     configuration  {tmp_path / 'repos.yaml'}",
        f"ok     repository     evv at {tmp_path}",
        "ok     engine         Docker 28.0, Compose 2.30",
        "ok     image          odoo:18.0 is here",
        "ok     ports          2 of 28090-28091 are free",
        "ok     environments   none stands",
    ):
        assert line in lines
    assert lines[-1].startswith("ok     disk           ")
    assert lines[-1].endswith(" GiB free at /")


@pytest.mark.parametrize("key", ["path", "addons", "compose_file"])
def test_what_is_missing_of_a_repository_is_named_with_its_key(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], key: str
) -> None:
    gone = Path("/no/such")
    value = (gone,) if key == "addons" else gone
    repository = settings.repositories["evv"].model_copy(update={key: value})
    wrong = settings.model_copy(update={"repositories": {"evv": repository}})
    assert _examine(wrong, _Engine, monkeypatch) == ExitCode.USAGE
    expected = f"WRONG  repository     evv: there is no /no/such; set `{key}` in repos.local.yaml"
    assert expected in capfdbinary.readouterr().out.decode()


def test_a_checkout_that_takes_no_log_is_2(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    monkeypatch.setattr("os.access", lambda _path, _mode: False)
    assert _examine(settings, _Engine, monkeypatch) == ExitCode.USAGE
    assert f"must be able to write and remove files in {tmp_path}." in capfdbinary.readouterr().out.decode()


def test_an_engine_elsewhere_keeps_its_disk_to_itself(
    settings: Config, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    class Remote(_Engine):
        def data_folder(self) -> Path | None:
            return None

    assert _examine(settings, Remote, monkeypatch) == ExitCode.PASSED
    assert b"ok     disk           not on this host, so not known" in capfdbinary.readouterr().out
