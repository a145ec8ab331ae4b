"""Screenshots and screencasts come out of the container, and nothing else that a module has put beside them."""

import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.run import browser_files
from runner.run.browser_files import fetch_browser_files
from tests.unit.fake_environment import ENDPOINT, Fakes

SHOT = "agent_test/screenshots/sc_20261126_114348_252396_TestTour.png"
CAST = "agent_test/screencasts/frames-20261126T114348.252396.mp4"


def archive(*members: tuple[str, bytes], links: tuple[str, ...] = (), kind: bytes = tarfile.SYMTYPE) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        for name in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            tar.addfile(member)
    return stream.getvalue()


def fetched(fakes: Fakes, printed: bytes, exit_code: int = 0, error: BaseException | None = None) -> dict[str, Path]:
    fakes.streams.executions = [(printed, exit_code, error)]
    with Environment(fakes.context(), ENDPOINT) as environment:
        return fetch_browser_files(environment)


def test_they_are_copied_into_the_folder_of_the_run(fakes: Fakes) -> None:
    files = fetched(fakes, archive((SHOT, b"\x89PNG"), (CAST, b"film")))
    folder = fakes.folder / "browser"
    assert files == {Path(name).name: folder / Path(name).name for name in (SHOT, CAST)}
    assert [file.read_bytes() for file in files.values()] == [b"\x89PNG", b"film"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/cron.d/x.png",
        "agent_test/screenshots/../../../x.png",
        "agent_test/screenshots/deep/x.png",
        "agent_test/screenshots/.x.png",
        "agent_test/screenshots/-x.png",
        "agent_test/screenshots/x.html",
        "agent_test/screenshots/x\n.png",
        "agent_test/screenshots/" + "x" * 300 + ".png",
        "other/screenshots/x.png",
    ],
)
def test_what_is_called_otherwise_stays_where_it_is(fakes: Fakes, name: str) -> None:
    files = fetched(fakes, archive((name, b"x"), (SHOT, b"y")))
    assert [*files] == [Path(SHOT).name]
    assert [file.name for file in (fakes.folder / "browser").iterdir()] == [Path(SHOT).name]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE])
def test_links_and_devices_are_no_screenshots(fakes: Fakes, kind: bytes) -> None:
    assert fetched(fakes, archive(links=(SHOT,), kind=kind)) == {}


@pytest.mark.parametrize("headers", [{"GNU.sparse.map": "a,b"}, {"comment": "x" * 5_000_000}])
def test_what_else_an_archive_says_of_files_is_not_heeded(fakes: Fakes, headers: dict[str, str]) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        member = tarfile.TarInfo(SHOT)
        member.pax_headers = headers
        tar.addfile(member)
    tracemalloc.start()
    try:
        assert [*fetched(fakes, stream.getvalue())] == [Path(SHOT).name]
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_two_of_one_name_are_told_and_the_first_stays(fakes: Fakes, capsys: pytest.CaptureFixture[str]) -> None:
    files = fetched(fakes, archive((SHOT, b"first"), (SHOT, b"second")))
    assert [file.read_bytes() for file in files.values()] == [b"first"]
    assert "not all screenshots could be fetched" in capsys.readouterr().out


def test_their_size_and_number_are_bounded(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser_files, "_LARGEST", 4)
    monkeypatch.setattr(browser_files, "_MOST_FILES", 2)
    shots = [(f"agent_test/screenshots/{number}.png", b"12345" if number == 0 else b"1") for number in range(5)]
    assert [*fetched(fakes, archive(*shots))] == ["1.png", "2.png"]
    assert "3 more files beside the screenshots were left" in capsys.readouterr().out


def test_no_more_is_read_than_all_of_them_may_have(
    fakes: Fakes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser_files, "_MOST", 20_000)
    assert [*fetched(fakes, archive((SHOT, b"1"), (CAST, b"\n" * 50_000)))] == [Path(SHOT).name]
    assert "not all screenshots could be fetched" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("printed", "error"), [(b"", None), (b"bash: no tar", None), (b"", EnvironmentFailed("the engine is gone"))]
)
def test_what_cannot_be_fetched_is_told_and_fails_no_run(
    fakes: Fakes, printed: bytes, error: EnvironmentFailed | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetched(fakes, printed, 127, error) == {}
    assert "not all screenshots could be fetched" in capsys.readouterr().out


def test_those_of_an_attempt_that_does_not_count_go(fakes: Fakes) -> None:
    fetched(fakes, archive((SHOT, b"1")))
    assert [*fetched(fakes, archive((CAST, b"2")))] == [Path(CAST).name]
    assert [file.name for file in (fakes.folder / "browser").iterdir()] == [Path(CAST).name]
