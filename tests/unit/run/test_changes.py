"""What counts as a change of sources, and that none is lost, on a real file system."""

import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runner.errors import EnvironmentFailed, Interrupted
from runner.run import changes as changes_module
from runner.run.changes import Changes
from runner.signals import Signals
from tests.unit.processes import PATIENCE

# In seconds, in which nothing may be found.
QUIET = 0.4


class Place:
    """A folder of sources, and a file beside it, that are followed."""

    def __init__(self, folder: Path, changes: Changes) -> None:
        self.folder, self.file = folder / "module", folder / "repos.yaml"
        (self.folder / "models").mkdir(parents=True)
        self.model = self.folder / "models/client.py"
        for file in (self.model, self.file):
            file.write_text("one\n")
        self.changes = changes
        self.follow()

    def follow(self) -> None:
        self.changes.follow([self.folder], [self.file, self.folder])

    def found(self, limit: float = PATIENCE) -> list[Path]:
        return self.changes.wait(limit)


@pytest.fixture
def place(tmp_path: Path, signals: Signals) -> Iterator[Place]:
    changes = Changes(signals)
    yield Place(tmp_path, changes)
    changes.close()


def written(file: Path) -> Path:
    file.write_text("two\n")
    return file


def replaced(file: Path) -> Path:
    """Save a file as many editors do."""
    return written(file.with_name(f".#{file.name}")).rename(file)


def removed(file: Path) -> Path:
    file.unlink()
    return file


def in_a_new_folder(folder: Path) -> Path:
    folder.mkdir()
    written(folder / "wizard.py")
    return folder


WAYS: dict[str, Callable[[Place], Path]] = {
    "written": lambda place: written(place.model),
    "replaced": lambda place: replaced(place.model),
    "removed": lambda place: removed(place.model),
    "new": lambda place: written(place.folder / "new.py"),
    "in a new folder": lambda place: in_a_new_folder(place.folder / "wizards"),
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_way_a_source_is_saved_it_is_found(place: Place, way: str) -> None:
    changed = WAYS[way](place)
    assert changed in place.found()


@pytest.mark.parametrize(
    "saved", ["__pycache__/client.pyc", "client.pyc", "client.py~", ".client.py.swp", ".#client.py", ".git/index"]
)
def test_what_python_editors_and_git_keep_beside_sources_is_no_change(place: Place, saved: str) -> None:
    (place.folder / saved).parent.mkdir(exist_ok=True)
    (place.folder / saved).write_text("two\n")
    assert place.found(QUIET) == []


def test_what_is_only_read_is_no_change(place: Place) -> None:
    place.model.read_text()
    assert place.found(QUIET) == []


def test_what_was_saved_while_nobody_waited_is_found_later(place: Place) -> None:
    place.model.write_text("two\n")
    time.sleep(QUIET)
    assert place.found() == [place.model]
    assert place.found(QUIET) == []


def test_what_is_saved_together_comes_together(place: Place) -> None:
    def save() -> None:
        for number in range(5):
            (place.folder / f"{number}.py").write_text("two\n")
            time.sleep(0.02)

    thread = threading.Thread(target=save)
    thread.start()
    assert len(place.found()) == 5
    thread.join()


@pytest.mark.parametrize("change", [replaced, written, removed])
def test_a_file_that_is_followed_alone_is_found_when_it_is_another_one(place: Place, change: Callable[[Path], object]) -> None:
    change(place.file)
    assert place.found() == [place.file]
    if not place.file.exists():
        written(place.file)
        assert place.found() == [place.file]


def test_what_lies_beside_it_is_not(place: Place) -> None:
    (place.file.parent / "proof_of_execution_tests.log").write_text("two\n")
    (place.file.parent / ".agent-tests").mkdir()
    assert place.found(QUIET) == []


def test_a_file_that_changes_before_it_is_followed_anew_is_not_lost(place: Place) -> None:
    place.file.write_text("another\n")
    place.follow()
    assert place.found() == [place.file]


def test_a_folder_that_goes_and_comes_back_is_followed_again(place: Place) -> None:
    shutil.rmtree(place.folder)
    assert place.folder in place.found()
    place.follow()
    place.folder.mkdir()
    assert place.folder in place.found()
    place.follow()
    shutil.rmtree(place.folder)
    place.folder.mkdir()  # mostly as the same file to the system
    assert place.folder in place.found()
    place.follow()
    assert written(place.folder / "new.py") in place.found()


def test_a_folder_that_comes_back_as_the_same_one_to_the_system_is_followed_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "_identity", Path.exists)
    place.follow()
    shutil.rmtree(place.folder)
    place.folder.mkdir()
    assert place.found() != []
    place.follow()
    assert written(place.folder / "new.py") in place.found()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_acted_on_at_once_while_nothing_changes(place: Place, signum: signal.Signals) -> None:
    timer = threading.Timer(QUIET, signal.raise_signal, [signum])
    timer.start()
    began = time.monotonic()
    with pytest.raises(Interrupted) as interrupt:
        place.found()
    assert interrupt.value.signum == signum
    assert time.monotonic() - began < PATIENCE / 2


def test_a_system_that_follows_no_more_files_is_an_error_with_what_to_do(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_left(*_paths: object, **_options: object) -> Iterator[object]:
        raise OSError("OS file watch limit reached")
        yield

    monkeypatch.setattr(changes_module, "watch", none_left)
    with pytest.raises(EnvironmentFailed, match=r"OS file watch limit reached.*WATCHFILES_FORCE_POLLING=1"):
        place.changes.follow([place.folder / "models"], [])


def test_a_folder_of_which_the_system_tells_nothing_is_not_followed(place: Place) -> None:
    place.changes.follow([place.folder.with_name("m" * 300)], [])
    assert place.found(QUIET) == []


def test_links_in_a_circle_that_cannot_be_looked_through_are_told(
    tmp_path: Path, signals: Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFILES_FORCE_POLLING", "1")
    place = Place(tmp_path, Changes(signals))
    (place.folder / "loop").symlink_to(place.folder)
    with pytest.raises(EnvironmentFailed, match="File system loop found"):
        place.found()
    place.changes.close()
