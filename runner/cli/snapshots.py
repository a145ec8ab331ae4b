"""`snapshots`: prepared databases as files, for machines that go away, and the key by which a CI's cache finds them."""

import argparse
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from runner.config.repositories import Config, RepoConfig
from runner.docker.engine import Engine, connect
from runner.environment.errand import Errand, errand
from runner.environment.prepared_keys import prepared_keys
from runner.errors import EnvironmentFailed, ExitCode, UsageError, cause_of
from runner.run.selection import modules_with_tests
from runner.signals import Signals
from runner.snapshots.carrier import CARRIER_LIMIT, Unfit
from runner.snapshots.causes import told
from runner.snapshots.saved_file import SavedFile, is_ours, name_of, write
from runner.snapshots.snapshot import Snapshot
from runner.snapshots.store import Store, from_elsewhere, labels_of
from runner.terminal import Terminal
from runner.text import printable

_WHAT = "snapshots"


class _OnStandardError(Terminal):
    """Standard output has the key, and nothing else."""

    def line(self, text: str = "") -> None:
        self.error(text)


def snapshots(given: argparse.Namespace, settings: Config, terminal: Terminal, *, signals: Signals) -> ExitCode:
    """Save prepared databases, load them, or print the key of those that are wanted. UsageError for wrong arguments."""
    if given.prune and given.action != "save":
        raise UsageError(f"--prune removes files when others are saved: it means nothing to `{given.action}`.")
    if given.action == "key":
        return _key(_named(given.words, settings), terminal)
    if not given.words:
        raise UsageError(f"Which folder? nox -s snapshots -- {given.action} DIR")
    folder, *names = given.words
    if given.action == "save":
        return _save(Path(folder), _named(names, settings), settings, terminal, signals, prune=given.prune)
    if names:
        raise UsageError(f"`load` takes all that is in one folder (given besides: {printable(' '.join(names))}).")
    return _load(Path(folder), settings, terminal, signals)


def _named(names: Iterable[str], settings: Config) -> list[RepoConfig]:
    return [settings.repository(name) for name in dict.fromkeys(names or settings.repositories)]


def _key(repositories: Sequence[RepoConfig], terminal: Terminal) -> ExitCode:
    built = [each.name for each in repositories if each.has_own_image]
    if built:
        raise EnvironmentFailed(
            f"There is no key for {', '.join(built)}: the image of its own is built anew on each machine, and is another one "
            "there, so that no prepared database serves two of them. Push such an image, and name it under `images`."
        )
    keys = _wanted(connect(os.environ), repositories, _OnStandardError())
    terminal.for_a_program(hashlib.sha256(" ".join(sorted(keys)).encode()).hexdigest()[:32])
    return ExitCode.PASSED


def _wanted(engine: Engine, repositories: Iterable[RepoConfig], terminal: Terminal) -> set[str]:
    from runner.docker.streams import Streams  # noqa: PLC0415 - its import takes long

    streams = Streams(engine, Path())
    return {
        key
        for repository in repositories
        for key in prepared_keys(engine, streams, repository, modules_with_tests(repository).modules, terminal)
    }


def _save(
    folder: Path, repositories: Sequence[RepoConfig], settings: Config, terminal: Terminal, signals: Signals, *, prune: bool
) -> ExitCode:
    engine = connect(os.environ)
    # By the sources before anything is written: what they need may be a pull, or an image that is not built yet.
    wanted = _wanted(engine, repositories, terminal) if prune else set()
    names = {repository.name for repository in repositories}
    store = Store(engine)
    ready = store.volumes().ready.values()
    chosen = [snapshot for snapshot in ready if (snapshot.key in wanted if prune else snapshot.repository in names)]
    files = {folder / name_of(snapshot.stage, snapshot.key): snapshot for snapshot in chosen}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{printable(str(folder))} cannot be written: {cause_of(error)}.") from error
    missing = {file: each for file, each in files.items() if not _can_be_loaded(file, each.key, settings, store.now)}
    code = ExitCode.PASSED
    if missing:
        with errand(_host(repositories), _WHAT, os.environ, terminal, signals) as work:
            for file, snapshot in missing.items():
                try:
                    with work.carrier(snapshot.volume) as carrier:
                        size = write(file, labels_of(snapshot), carrier.pack())
                except EnvironmentFailed as error:
                    terminal.line(f"{snapshot.volume} ({snapshot.stage}): NOT SAVED, {error}")
                    code = ExitCode.ENVIRONMENT
                else:
                    terminal.line(f"{file.name}: saved, {snapshot.megabytes} MB in {size / 1e6:.1f} MB")
        code = code if work.report.complete else ExitCode.LEFT_BEHIND
    for file in files.keys() - missing.keys():
        terminal.line(f"{file.name}: there already")
    if not files:
        terminal.line(f"There is no prepared database of {', '.join(sorted(names))} to save.")
    if prune:
        _prune(folder, {file.name for file in files}, terminal)
    return code


def _can_be_loaded(file: Path, key: str, settings: Config, now: float) -> bool:
    """Whether it need not be written: one that is whole, but too old to be loaded, would stay in a cache for ever."""
    try:
        with SavedFile(file) as saved:
            return _checked(saved, settings, now).key == key
    except Unfit:
        return False


def _prune(folder: Path, wanted: set[str], terminal: Terminal) -> None:
    try:
        for file in sorted(folder.iterdir()):
            if is_ours(file.name) and file.name not in wanted and not _is_being_written(file):
                file.unlink(missing_ok=True)
                terminal.line(f"{file.name}: removed, no run of the sources as they are would start from it")
    except OSError as error:
        raise UsageError(f"{printable(str(folder))} cannot be pruned: {cause_of(error)}.") from error


def _is_being_written(file: Path) -> bool:
    """Whether another save may be at it: what it has not finished is hidden, and grows until its time is over.

    A time far ahead is of a clock that was put back since, and of no file that grows.
    """
    try:
        return file.name.startswith(".") and abs(time.time() - file.lstat().st_mtime) < 2 * CARRIER_LIMIT
    except FileNotFoundError:  # by now it is finished, and has its name
        return True


def _load(folder: Path, settings: Config, terminal: Terminal, signals: Signals) -> ExitCode:
    try:
        files = sorted(file for file in folder.iterdir() if not file.name.startswith("."))
    except OSError as error:
        raise UsageError(f"{printable(str(folder))} cannot be read: {cause_of(error)}.") from error
    if not files:
        terminal.line(f"There is no prepared database in {printable(str(folder))}.")
        return ExitCode.PASSED
    code = ExitCode.PASSED
    with errand(_host(list(settings.repositories.values())), _WHAT, os.environ, terminal, signals) as work:
        store = Store(work.engine)
        ready = dict(store.volumes().ready)
        for file in files:
            try:
                with SavedFile(file) as saved:
                    snapshot = _checked(saved, settings, store.now)
                    if snapshot.key in ready:
                        terminal.line(f"{printable(file.name)}: there already")
                        continue
                    ready[snapshot.key] = _fill(saved, snapshot, store, work)
            except (Unfit, EnvironmentFailed) as error:
                terminal.line(f"{printable(file.name)}: NOT LOADED, {error}")
                code = max(code, ExitCode.USAGE if isinstance(error, Unfit) else ExitCode.ENVIRONMENT)
            else:
                terminal.line(f"{printable(file.name)}: loaded, {ready[snapshot.key].megabytes} MB")
                # Not once all are: together they may be more than the disk takes.
                limits = settings.repositories[snapshot.repository].prepared
                store.keep_within_limits(snapshot.repository, limits, terminal.line)
    return code if work.report.complete else ExitCode.LEFT_BEHIND


def _checked(saved: SavedFile, settings: Config, now: float) -> Snapshot:
    """What is in the file. Unfit if it is not as it was written, or cannot be of use here."""
    # Before it is read: that would take hours.
    _limit(saved, max(repository.prepared.disk for repository in settings.repositories.values()))
    saved.check()
    try:
        snapshot = from_elsewhere(saved.about, now)
    except ValueError as error:
        raise Unfit(told(str(error))) from error
    if snapshot.repository not in settings.repositories:
        raise Unfit(f"it was made for `{told(snapshot.repository)}`, which repos.yaml does not name")
    _limit(saved, settings.repositories[snapshot.repository].prepared.disk)
    return snapshot


def _limit(saved: SavedFile, most: int) -> None:
    if saved.size > most:
        raise Unfit(f"it has {saved.size // 1_000_000} MB, `prepared` in repos.yaml allows {most // 1_000_000}")


def _fill(saved: SavedFile, snapshot: Snapshot, store: Store, work: Errand) -> Snapshot:
    """Make its volume, and declare that ready once it is whole."""
    volume = store.begin(snapshot, work.project, work.labels)
    try:
        with work.carrier(volume) as carrier:
            carrier.unpack(saved.tar())
            megabytes = carrier.seal()
    except Exception:
        store.sweep([volume])
        raise
    filled = replace(snapshot, volume=volume, megabytes=megabytes)
    store.declare(filled)
    return filled


def _host(repositories: Sequence[RepoConfig]) -> RepoConfig:
    """The repository for which the work is done: one with a checkout, which takes its guard's report."""
    return next((repository for repository in repositories if repository.path.is_dir()), repositories[0])
