"""`snapshots`: what is saved, what is loaded, and what is refused, on an engine whose volumes hold what was put there."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from runner.cleanup.teardown import Report
from runner.cli import snapshots as command
from runner.cli.arguments import parse
from runner.cli.snapshots import snapshots
from runner.config import repositories as config
from runner.config.repositories import RepoConfig
from runner.errors import EngineUnavailable, EnvironmentFailed, Interrupted, UsageError
from runner.signals import Signals
from runner.snapshots.saved_file import SavedFile, name_of, write
from runner.snapshots.snapshot import Stage
from runner.snapshots.store import labels_of
from runner.terminal import Terminal
from tests.unit.fake_carriers import STAGE, FakeCarriers, FakeCarrierStreams, broken
from tests.unit.fake_environment import Fakes
from tests.unit.repositories import YAML

FILE = name_of("core", STAGE.key)
OTHER = Stage("own", ("evv_core",), "e" * 32, "f" * 32, own=True)
Call = Callable[..., int]


def names_in(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeCarriers:
    engine = FakeCarriers()
    monkeypatch.setattr("runner.docker.engine.Engine", engine)
    monkeypatch.setattr("runner.environment.errand.Engine", engine)
    monkeypatch.setattr("runner.docker.streams.Streams", lambda _engine, _folder: FakeCarrierStreams(engine))
    return engine


@pytest.fixture
def fakes(tmp_path: Path, engine: FakeCarriers, signals: Signals, monkeypatch: pytest.MonkeyPatch) -> Fakes:
    """The guard of the work, of which `events` tell."""
    fakes = Fakes(tmp_path / "fakes", signals)
    fakes.events.clear()
    monkeypatch.setattr("runner.environment.errand.Guard", fakes.guard)
    return fakes


@pytest.fixture
def call(tmp_path: Path, fakes: Fakes, signals: Signals, monkeypatch: pytest.MonkeyPatch) -> Call:
    (tmp_path / "repos.yaml").write_text(YAML)
    for name in ("evv", "hub"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)

    def called(*words: str) -> int:
        return snapshots(parse(["snapshots", *words]), config.load(tmp_path, {}), Terminal(), signals=signals)

    return called


def test_what_is_saved_on_one_machine_is_loaded_on_another(
    engine: FakeCarriers, call: Call, fakes: Fakes, capsys: pytest.CaptureFixture[str]
) -> None:
    made = engine.prepare(content=b"a tar " * 1000)
    assert call("save", "saved") == 0
    assert f"{FILE}: saved, 61 MB in 0.0 MB" in capsys.readouterr().out
    engine.volumes.clear()
    assert call("load", "saved") == 0
    assert f"{FILE}: loaded, 61 MB" in capsys.readouterr().out
    (loaded,) = engine.ready.values()
    assert replace(loaded, volume=made.volume, created=made.created) == made
    assert loaded.created == pytest.approx(made.created, abs=1)
    assert engine.contents[loaded.volume] == b"a tar " * 1000
    assert (fakes.events, engine.container) == (["guard", "arm", "finish"] * 2, ())


def test_what_is_there_already_is_neither_saved_nor_loaded_again(
    engine: FakeCarriers, call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.prepare()
    for words in (("save", "saved"), ("save", "saved"), ("load", "saved")):
        assert call(*words) == 0
    assert capsys.readouterr().out.count(f"{FILE}: there already") == 2
    assert len(engine.started) == 1


def test_a_file_that_was_spoilt_is_saved_anew(engine: FakeCarriers, call: Call, tmp_path: Path) -> None:
    engine.prepare()
    call("save", "saved")
    (tmp_path / "saved" / FILE).write_bytes(b"")
    assert call("save", "saved") == 0
    with SavedFile(tmp_path / "saved" / FILE) as saved:
        saved.check()


@pytest.mark.parametrize("about", [{"created": "1000"}, {"schema": "1"}, {"key": "e" * 32}, {"repository": "nobody"}])
def test_a_file_that_no_machine_would_load_is_saved_anew(
    engine: FakeCarriers, call: Call, tmp_path: Path, about: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made = engine.prepare()
    saved_at(tmp_path / "saved", **about)
    assert call("save", "saved") == 0
    assert f"{FILE}: saved, " in capsys.readouterr().out
    with SavedFile(tmp_path / "saved" / FILE) as saved:
        assert saved.about == labels_of(made)


def test_only_those_of_the_repositories_named_are_saved(engine: FakeCarriers, call: Call, tmp_path: Path) -> None:
    engine.prepare()
    engine.prepare(OTHER, repository="hub")
    assert call("save", "saved", "hub") == 0
    assert names_in(tmp_path / "saved") == [name_of("own", OTHER.key)]
    assert call("save", "saved") == 0
    assert len(names_in(tmp_path / "saved")) == 2


def test_where_there_is_none_that_is_said(engine: FakeCarriers, call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("save", "saved", "hub") == 0
    assert "There is no prepared database of hub to save." in capsys.readouterr().out
    assert call("load", "saved") == 0
    assert "There is no prepared database in saved." in capsys.readouterr().out
    assert engine.started == []


def test_one_that_cannot_be_saved_is_told_and_leaves_no_file_and_the_others_are_saved(
    engine: FakeCarriers, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = engine.prepare()
    engine.prepare(OTHER)
    engine.failures["pack"] = broken("", 2)
    assert call("save", "saved") == 5
    assert f"{made.volume} (core): NOT SAVED, it cannot be read: tar: cluster: Cannot open" in capsys.readouterr().out
    assert names_in(tmp_path / "saved") == [name_of("own", OTHER.key)]


def wants(monkeypatch: pytest.MonkeyPatch, **keys: set[str]) -> None:
    """Have the runs of these repositories start from what has these keys."""

    def wanted(_engine: object, _streams: object, repository: RepoConfig, _modules: object, terminal: Terminal) -> set[str]:
        terminal.line("something about an image")
        return keys.get(repository.name, set())

    monkeypatch.setattr(command, "prepared_keys", wanted)
    monkeypatch.setattr(command, "modules_with_tests", lambda _repository: type("All", (), {"modules": ("evv_core",)}))


def test_pruned_a_folder_has_what_runs_of_the_sources_would_start_from_and_what_is_not_ours(
    engine: FakeCarriers, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wants(monkeypatch, evv={STAGE.key, "a" * 32})
    engine.prepare(repository="of-another-clone")
    engine.prepare(OTHER)
    (tmp_path / "saved").mkdir()
    old, unfinished = name_of("core", "b" * 32), f".{FILE}.{'0' * 16}"
    being_written = f".{FILE}.{'1' * 16}"
    for name in (old, unfinished, being_written, "notes.txt"):
        (tmp_path / "saved" / name).touch()
    an_hour_ago = time.time() - 3600
    os.utime(tmp_path / "saved" / unfinished, (an_hour_ago, an_hour_ago))
    of_another_clock = tmp_path / "saved" / f".{FILE}.{'2' * 16}"
    of_another_clock.touch()
    os.utime(of_another_clock, (time.time() + 86400, time.time() + 86400))
    assert call("save", "saved", "evv", "--prune") == 0
    # What another one is writing at the same moment stays.
    assert names_in(tmp_path / "saved") == sorted([FILE, being_written, "notes.txt"])
    assert f"{old}: removed, no run of the sources as they are would start from it" in capsys.readouterr().out


def test_the_key_is_one_line_that_changes_with_what_is_wanted_of_these_repositories(
    engine: FakeCarriers, call: Call, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def key(*names: str) -> str:
        assert call("key", *names) == 0
        out, errors = capsys.readouterr()
        assert "something about an image" in errors
        assert len(out) == 33
        assert out.endswith("\n")
        return out

    wants(monkeypatch, evv={"1", "2"}, hub={"3"})
    both, evv = key(), key("evv")
    assert both == key("hub", "evv") != evv
    wants(monkeypatch, evv={"2", "1"}, hub={"4"})
    assert key("evv") == evv
    assert key() != both


def test_there_is_no_key_of_what_no_other_machine_can_start_from(
    engine: FakeCarriers, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wants(monkeypatch, evv={"1"})
    (tmp_path / "repos.yaml").write_text(YAML.replace("path: hub,", "path: hub, packages: [git],"))
    assert call("key", "evv") == 0
    capsys.readouterr()
    with pytest.raises(EnvironmentFailed, match="no key for hub: the image of its own is built anew on each machine"):
        call("key")
    assert capsys.readouterr().out == ""


def saved_at(folder: Path, **about: str) -> Path:
    """A file as somebody could make it who knows how."""
    engine = FakeCarriers()
    told = labels_of(engine.prepare()) | {f"agent-test-snapshot.{fact}": value for fact, value in about.items()}
    folder.mkdir(exist_ok=True)
    write(folder / FILE, told, [b"a tar"])
    return folder / FILE


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"schema": "1"}, "it was made by another version of the runner (schema '1')"),
        ({"created": "1000"}, "it is older than 14 days"),
        ({"repository": "x\x1b[2J"}, "it was made for `x\\x1b[2J`, which repos.yaml does not name"),
    ],
)
def test_a_file_that_cannot_be_of_use_is_told_and_the_others_are_loaded(
    engine: FakeCarriers, call: Call, tmp_path: Path, about: dict[str, str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saved_at(tmp_path / "saved", **about).rename(tmp_path / "saved" / "bad")
    (tmp_path / "saved" / "link").symlink_to("bad")
    (tmp_path / "saved" / ".hidden").touch()
    saved_at(tmp_path / "saved")
    assert call("load", "saved") == 2
    told = capsys.readouterr().out
    assert f"bad: NOT LOADED, {why}\n" in told
    assert "link: NOT LOADED, it is a link\n" in told
    assert "hidden" not in told
    assert list(engine.ready) == [STAGE.key]


def test_a_file_of_more_than_the_repository_keeps_is_not_unpacked(
    engine: FakeCarriers, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved_at(tmp_path / "saved")
    with SavedFile(file) as saved:
        about = saved.about
    write(file, about, [bytes(1_000_000)] * 40)
    (tmp_path / "repos.yaml").write_text(YAML.replace("defaults:\n", "defaults:\n  prepared: {disk: 32m}\n"))
    assert call("load", "saved") == 2
    assert "it has 40 MB, `prepared` in repos.yaml allows 33" in capsys.readouterr().out
    assert (engine.started, engine.volumes) == ([], {})


@pytest.mark.parametrize("fact", ["created", "repository"])
def test_what_a_file_says_of_itself_is_shown_in_a_line_of_its_own_and_shortened(
    engine: FakeCarriers, call: Call, tmp_path: Path, fact: str, capsys: pytest.CaptureFixture[str]
) -> None:
    saved_at(tmp_path / "saved", **{fact: f"\x1b[2J\n::error::{'x' * 100_000}"})
    assert call("load", "saved") == 2
    told = capsys.readouterr().out
    assert (told.count("\n"), "\x1b" in told) == (1, False)
    assert len(told) < 500


def test_a_file_that_says_that_it_is_larger_than_any_may_be_is_not_read_to_its_end(
    engine: FakeCarriers, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # It takes no room on a disk, and would be read for hours.
    with saved_at(tmp_path / "saved").open("r+b") as file:
        file.truncate(1 << 40)
        file.seek(-40, os.SEEK_END)
        file.write((1 << 40).to_bytes(8, "big"))
    monkeypatch.setattr(SavedFile, "check", lambda _saved: pytest.fail("it is read"))
    assert call("load", "saved") == 2
    assert "it has 1099511 MB, `prepared` in repos.yaml allows 10737" in capsys.readouterr().out


def test_what_was_loaded_is_brought_within_the_limits_before_there_is_more(
    engine: FakeCarriers, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "repos.yaml").write_text(YAML.replace("defaults:\n", "defaults:\n  prepared: {number: 1}\n"))
    for number in range(3):
        saved_at(tmp_path / "saved", key=f"{number}" * 32).rename(tmp_path / "saved" / f"{number}")
    assert call("load", "saved") == 0
    told = [line.split(":")[1].split()[0].strip(",") for line in capsys.readouterr().out.splitlines()]
    assert told == ["loaded", "loaded", "removed", "loaded", "removed"]


@pytest.mark.parametrize(("step", "code"), [("unpack", 2), ("seal", 2), ("run", 5)])
def test_of_one_that_cannot_be_unpacked_nothing_is_left(
    engine: FakeCarriers, call: Call, tmp_path: Path, step: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    saved_at(tmp_path / "saved")
    engine.failures[step] = broken("no space left on device")
    assert call("load", "saved") == code
    assert f"{FILE}: NOT LOADED, " in (told := capsys.readouterr().out)
    assert "no space left on device" in told
    assert engine.volumes == {}


def test_what_is_loaded_stays_within_the_limits_of_its_repository(
    engine: FakeCarriers, call: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "repos.yaml").write_text(YAML.replace("defaults:\n", "defaults:\n  prepared: {number: 1}\n"))
    engine.prepare(OTHER)
    saved_at(tmp_path / "saved", seconds="5000")
    assert call("load", "saved") == 0
    assert list(engine.ready) == [STAGE.key]
    assert "(own): removed, beyond `prepared` of evv in repos.yaml" in capsys.readouterr().out


def test_where_the_guard_leaves_something_the_exit_code_says_so(
    engine: FakeCarriers, call: Call, fakes: Fakes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fakes.report = Report(left={"containers": ["x-carrier"]})
    saved_at(tmp_path / "saved")
    assert call("load", "saved") == 8
    assert "LEFT after 0 s: container x-carrier" in capsys.readouterr().out


def test_a_signal_ends_the_work_after_its_teardown(engine: FakeCarriers, call: Call, fakes: Fakes, tmp_path: Path) -> None:
    saved_at(tmp_path / "saved")
    engine.failures["seal"] = Interrupted(15)
    with pytest.raises(Interrupted):
        call("load", "saved")
    assert (fakes.events, fakes.skipped_settling) == (["guard", "arm", "finish"], False)
    assert engine.ready == {}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("load",), "Which folder?"),
        (("save",), "Which folder?"),
        (("save", "saved", "shop"), "No repository 'shop'"),
        (("key", "shop"), "No repository 'shop'"),
        (("load", "saved", "evv"), "takes all that is in one folder"),
        (("load", "nowhere"), "nowhere cannot be read: No such file or directory"),
        (("save", "repos.yaml"), "repos.yaml cannot be written: File exists"),
        (("load", "saved", "--prune"), "--prune removes files when others are saved"),
    ],
)
def test_wrong_arguments_are_told_and_nothing_is_begun(
    engine: FakeCarriers, call: Call, fakes: Fakes, words: tuple[str, ...], why: str
) -> None:
    engine.prepare()
    with pytest.raises(UsageError, match=why):
        call(*words)
    assert (engine.started, fakes.events) == ([], [])


def test_without_an_engine_nothing_is_begun(engine: FakeCarriers, call: Call) -> None:
    engine.answers["version"] = EngineUnavailable("no daemon")
    with pytest.raises(EngineUnavailable):
        call("save", "saved")
