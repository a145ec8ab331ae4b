"""The proof log: blocks of the runner's, Odoo's output between them (the two ends of one that is too long), and a foot."""

import contextlib
import fnmatch
import hashlib
import os
import re
import shutil
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType

from runner.cleanup import keep as keeping
from runner.cleanup.resources import listing_commands
from runner.cleanup.teardown import Report
from runner.config.options import MAX_LOG
from runner.docker.process import SECRET_FILES
from runner.errors import EnvironmentFailed, ReportFailed, UsageError, cause_of
from runner.new_file import replace_whole, unfinished_beside
from runner.reporting.capped_file import CappedFile
from runner.reporting.foot import Foot
from runner.text import aligned, printable

PROOF = "proof_of_execution_tests"
RUNS_FOLDER = ".agent-tests"
KEEP_RUNS = 20
# Written by the guard when all is over.
TEARDOWN_REPORT = "teardown.json"
# Seconds; the largest --test-timeout, and some more.
_LONGEST_RUN = 100_000.0
# Seconds; longer than any client of docker is at work that has such files.
_SECRETS = 600.0
# Bytes of a proof log in which its first block ends.
_HEAD = 20_000
RULE = "=" * 100
# The titles of blocks that have to be found again.
HEAD, SURROUNDINGS, TESTS, JAVASCRIPT = "PROOF OF EXECUTION", "ENVIRONMENT", "TESTS", "JAVASCRIPT TESTS"
SOURCES, FACTS, VERDICT = "SOURCES", "FACTS", "VERDICT"
# How the summary of a call with several modules begins.
SUMMARY = "SUMMARY OF SEVERAL MODULES"
_TIME = "%Y-%m-%d %H:%M:%S UTC"


def run_folder(checkout: Path, project: str, *, again: bool = False) -> Path:
    """Make the folder of one run in the checkout's .agent-tests, of which the last 20 are kept. UsageError if it cannot be.

    `again`: it may be there already.
    """
    runs = checkout / RUNS_FOLDER
    try:
        if runs.is_symlink():
            raise UsageError(f"{runs} is a link. Old logs would be removed where it leads: make it a folder, or remove it.")
        runs.mkdir(exist_ok=True)
        if not os.path.lexists(runs / ".gitignore"):
            replace_whole(runs / ".gitignore", b"*\n")  # as pytest does: the folder is nobody's change
        folder = runs / project
        if not (again and stat.S_ISDIR(_mode_of(folder))):
            folder.mkdir()
        _forget_old_runs(runs)
    except OSError as error:
        raise _no_log(error, checkout) from error
    return folder


def _mode_of(path: Path) -> int:
    """The mode of what is there, of a link its own; 0 where there is nothing."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def must_be_writable(checkout: Path) -> str:
    """Say what to do where a checkout takes no log."""
    return f"The user who runs this must be able to write and remove files in {checkout}."


def _no_log(error: OSError, checkout: Path) -> UsageError:
    return UsageError(f"The log cannot be written: {cause_of(error)}.\n{must_be_writable(checkout)}")


def _forget_old_runs(runs: Path) -> None:
    """Remove all but the last folders, never one that is kept or may still be in use; of all, the secrets of dead runs."""
    ages: list[tuple[float, Path]] = []
    for folder in runs.iterdir():
        with contextlib.suppress(OSError):
            _forget_secrets(folder)
        with contextlib.suppress(OSError):  # another run may be removing the same one
            if folder.is_dir() and not keeping.is_marked(folder):
                ages.append((time.time() - folder.stat().st_mtime, folder))
    for age, folder in sorted(ages)[KEEP_RUNS:]:
        if age > _LONGEST_RUN or (folder / TEARDOWN_REPORT).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _forget_secrets(folder: Path) -> None:
    """Remove the secrets that a run left which was killed together with its guard; never through links."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        for name in fnmatch.filter(os.listdir(descriptor), SECRET_FILES):  # noqa: PTH208 - no path leads there
            if time.time() - os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mtime > _SECRETS:
                os.unlink(name, dir_fd=descriptor)
    finally:
        os.close(descriptor)


def proof_file(checkout: Path, module: str, *, only: bool) -> Path:
    """Say where the proof log of a module goes: with several runs in one call, each has one of its own."""
    return checkout / (f"{PROOF}.log" if only else f"{PROOF}.{module}.log")


def repetitions(checkout: Path, module: str) -> list[Path]:
    """Name the logs that earlier calls with --repeat left of a module. UsageError if the checkout cannot be read."""
    of_module = re.compile(rf"{PROOF}\.{re.escape(module)}(\.\d+\.\d+)?\.\d+\.log", re.ASCII)
    try:
        return sorted(checkout / name for name in os.listdir(checkout) if of_module.fullmatch(name))  # noqa: PTH208
    except OSError as error:
        raise _no_log(error, checkout) from error


@dataclass(frozen=True)
class Block:
    """What a log says between two rules, beside Odoo's output: facts by their names, and lines."""

    title: str
    facts: Mapping[str, str]
    lines: tuple[str, ...] = ()


class RunLog:
    """Written while a run goes on, into a file of its own: what happened, and proof of nothing.

    UsageError if the file is not possible at all; EnvironmentFailed if it cannot be written any more, as on a full disk.
    """

    def __init__(self, file: Path, limit: int = MAX_LOG) -> None:
        """`limit`: bytes that it may have; output beyond is left out in the middle, with a word of how much that is."""
        self.file = file
        self._limit = limit
        self._stream: CappedFile | None = None
        self._failure: OSError | None = None

    def __enter__(self) -> "RunLog":
        try:
            self._stream = CappedFile(self.file, self._limit)
        except OSError as error:
            raise _no_log(error, self.file.parent) from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._stream:
                self._stream.close()
        except OSError as problem:
            # Else it is told already, or what ended the run is another error.
            if not error and not self._failure:
                raise self._failed(problem) from problem

    def _failed(self, error: OSError) -> EnvironmentFailed:
        self._failure = error
        return EnvironmentFailed(f"The log {self.file} cannot be written any more: {cause_of(error)}.")

    def raw(self, data: bytes) -> None:
        """Append output as it is."""
        assert self._stream
        try:
            self._stream.output(data)
        except OSError as error:
            raise self._failed(error) from error

    def block(self, title: str, facts: Mapping[str, str], *more: list[str]) -> None:
        """Append a framed block: facts, each on a line, then the texts of `more`, which may quote what others wrote."""
        assert self._stream
        lines = [RULE, title, *aligned(facts), *(line for part in more for text in part for line in _told(text)), RULE, ""]
        try:
            self._stream.whole("\n".join(lines).encode(errors="backslashreplace"))
        except OSError as error:
            raise self._failed(error) from error


class ProofLog(RunLog):
    """Written into the run's folder while the run goes on; it replaces the proof in the checkout only when it is whole.

    The proof of an earlier run is removed first, so that an old one is never taken for this run's.
    """

    def __init__(self, folder: Path, proof: Path, limit: int = MAX_LOG, sign_key: Path | None = None) -> None:
        """`sign_key`: the key with which it is signed; what cannot be signed is then no proof."""
        super().__init__(folder / "tests.log", limit)
        self.proof = proof
        self.blocks: list[Block] = []
        self._sign_key = sign_key

    def __enter__(self) -> "ProofLog":
        try:
            for file in with_signature(self.proof):
                file.unlink(missing_ok=True)
        except OSError as error:
            raise _no_log(error, self.proof.parent) from error
        super().__enter__()
        return self

    def block(self, title: str, facts: Mapping[str, str], *more: list[str]) -> None:
        """Append a framed block, as any log does, and keep it in `blocks` for the reports."""
        self.blocks.append(Block(title, facts, tuple(text for part in more for text in part)))
        super().block(title, facts, *more)

    def publish(self) -> None:
        """Put the finished log, with its foot, in the place of the proof, at once and whole. ReportFailed if it cannot be."""
        assert self._stream
        unfinished = unfinished_beside(self.proof)
        try:
            if self._failure:  # there may be room again, but something is missing
                raise self._failure
            with unfinished.open("xb") as copy:
                digest = hashlib.sha256()
                for piece in self._stream.pieces():
                    digest.update(piece)
                    copy.write(piece)
                foot = Foot(tuple(self._stream.parts), tuple(self._stream.left_out))
                copy.write(foot.written(digest))
                self._stream.close()
            if self._sign_key:
                from runner.reporting.signature import sign  # noqa: PLC0415 - most runs want none

                replace_whole(signature_of(self.proof), sign(unfinished, self._sign_key))
            unfinished.replace(self.proof)
        except OSError as error:
            so_far = f" The log as it stands: {self.file}" if self.file.exists() else ""
            raise ReportFailed(
                f"The proof log cannot be written: {cause_of(error)}.\nWithout it nothing is proven.{so_far}"
            ) from error
        finally:
            with contextlib.suppress(OSError):
                unfinished.unlink(missing_ok=True)


def signature_of(proof: Path) -> Path:
    """Say where the signature of a proof log is: beside it."""
    return proof.with_name(f"{proof.name}.sig")


def with_signature(proof: Path) -> tuple[Path, Path]:
    """Name a proof log and its signature, whether they are there or not."""
    return proof, signature_of(proof)


def remove_proof_of(module: str, proof: Path) -> bool:
    """Remove a proof log if it is one of this module alone, and tell whether it was. UsageError if it cannot be removed."""
    try:
        # What else has come to be there is not waited for.
        descriptor = os.open(proof, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:  # there is none, or what no run has written
        return False
    try:
        head = os.read(descriptor, _HEAD) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    finally:
        os.close(descriptor)
    if not re.search(rf"^module: +{re.escape(module)}$".encode(), head, re.MULTILINE):
        return False
    try:
        for file in with_signature(proof):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise _no_log(error, proof.parent) from error
    return True


def _told(text: str) -> list[str]:
    """Part a text into lines of which none but the first can be taken for one of the block's own."""
    first, *others = map(printable, text.splitlines() or [""])
    return [first, *(f"    {line}" for line in others)]


def teardown_proof(project: str, teardown: Report | None) -> list[str]:
    """List what is left after the teardown, each kind with the command that shows it; None: nothing was ever started."""
    if teardown is None:
        return ["teardown: none was needed, nothing had been started"]
    lines = [f"teardown: {'complete' if teardown.complete else 'INCOMPLETE'}, {teardown.seconds:g} s"]
    # What could not be listed is not nothing.
    empty = "  (not known)" if "unknown" in teardown.left else "  (nothing)"
    for kind, command in listing_commands(project).items():
        lines.append(f"$ {command}")
        lines += [f"  {name}" for name in teardown.left.get(kind, [])] or [empty]
    lines += [f"  {name}" for name in teardown.left.get("unknown", [])]
    lines += [f"  not of this run, disconnected: {told}" for told in teardown.disconnected]
    return lines + [f"  error: {error}" for error in (*teardown.errors, *teardown.in_use)]


def now() -> str:
    """Tell the time, in UTC, to the second."""
    return datetime.now(timezone.utc).strftime(_TIME)


def seconds_since(time_told: str) -> float:
    """Tell how long ago `now` said this. ValueError for any other text."""
    told = datetime.strptime(time_told, _TIME).replace(tzinfo=timezone.utc)
    return (datetime.now(timezone.utc) - told).total_seconds()
