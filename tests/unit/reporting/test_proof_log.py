"""The proof is this run's, whole, and never an earlier one's."""

import errno
import hashlib
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup.teardown import Report
from runner.errors import EnvironmentFailed, Interrupted, ReportFailed, UsageError
from runner.reporting import proof_log as reports
from runner.reporting.proof_log import ProofLog, now, proof_file, remove_proof_of, run_folder, seconds_since, teardown_proof
from tests.unit.processes import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


@pytest.fixture
def proof(tmp_path: Path) -> Path:
    return tmp_path / "proof_of_execution_tests.log"


def test_the_proof_of_an_earlier_run_is_gone_as_soon_as_a_run_begins(folder: Path, proof: Path) -> None:
    proof.write_text("PASSED, yesterday")
    with ProofLog(folder, proof):
        assert not proof.exists()


def test_a_run_that_dies_leaves_no_proof_but_its_log(folder: Path, proof: Path) -> None:
    proof.write_text("PASSED, yesterday")
    with pytest.raises(ZeroDivisionError), ProofLog(folder, proof) as log:
        log.raw(b"so far\n")
        raise ZeroDivisionError
    assert not proof.exists()
    assert (folder / "tests.log").read_bytes() == b"so far\n"


def test_the_published_proof_is_the_whole_log_byte_by_byte(folder: Path, proof: Path) -> None:
    with ProofLog(folder, proof) as log:
        log.raw(b"caf\xe9 \x00\xff\r\n")
        log.raw(b"no line end")
        log.block(reports.VERDICT, {"verdict": "PASSED"})
        log.publish()
    whole = (folder / "tests.log").read_bytes()
    assert whole.startswith(b"caf\xe9 \x00\xff\r\nno line end")
    assert proof.read_bytes().startswith(whole)


def test_the_last_lines_say_where_the_blocks_are_and_have_the_digest_of_all_above(folder: Path, proof: Path) -> None:
    with ProofLog(folder, proof) as log:
        log.block(reports.HEAD, {"module": "evv_core"})
        log.raw(b"Odoo")
        log.block(reports.VERDICT, {"verdict": "PASSED"})
        log.publish()
    content = proof.read_bytes()
    *_, blocks, last = content.splitlines(keepends=True)
    assert last == f"sha256: {hashlib.sha256(content.removesuffix(last)).hexdigest()}\n".encode()
    first, second = (tuple(map(int, place.split(b"+"))) for place in blocks.removeprefix(b"blocks: ").split())
    assert content[first[0] : sum(first)].splitlines()[1] == b"PROOF OF EXECUTION"
    assert content[sum(first) : second[0]] == b"Odoo"
    assert content[second[0] : sum(second)].splitlines()[1] == b"VERDICT"
    assert content[sum(second) :] == blocks + last


def test_an_earlier_signature_is_gone_as_soon_as_a_run_begins(folder: Path, proof: Path) -> None:
    signature = reports.signature_of(proof)
    signature.write_text("of yesterday")
    with ProofLog(folder, proof):
        assert not signature.exists()
    proof.write_bytes(b"=====\nPROOF OF EXECUTION\nmodule:   evv_core\n")
    signature.write_text("of yesterday")
    assert remove_proof_of("evv_core", proof)
    assert not signature.exists()


@pytest.mark.parametrize(
    ("content", "is_removed"),
    [
        (b"=====\nPROOF OF EXECUTION\nrun:      p\nmodule:   evv_core\n", True),
        (b"=====\nPROOF OF EXECUTION\nrun:      p\nmodule:   evv_core_more\n", False),
        (b"SUMMARY OF SEVERAL MODULES\nevv_core  PASSED\n", False),
        (b"x" * 30_000 + b"\nmodule:   evv_core\n", False),
        (b"", False),
    ],
)
def test_a_proof_is_removed_for_a_module_only_if_it_is_of_that_one(proof: Path, content: bytes, is_removed: bool) -> None:
    proof.write_bytes(content)
    assert remove_proof_of("evv_core", proof) is is_removed
    assert proof.exists() is not is_removed


def test_what_is_no_proof_is_neither_read_nor_removed(proof: Path, tmp_path: Path) -> None:
    assert not remove_proof_of("evv_core", proof)
    os.mkfifo(proof)
    assert not remove_proof_of("evv_core", proof)
    proof.unlink()
    (tmp_path / "mine").write_text("module: evv_core\n")
    proof.symlink_to(tmp_path / "mine")
    assert not remove_proof_of("evv_core", proof)
    proof.unlink()
    proof.mkdir()
    assert not remove_proof_of("evv_core", proof)


def test_publishing_leaves_no_unfinished_file(folder: Path, proof: Path) -> None:
    with ProofLog(folder, proof) as log:
        log.publish()
    assert sorted(file.name for file in proof.parent.iterdir()) == [proof.name, "run"]


def test_a_proof_that_cannot_be_replaced_is_not_half_written(folder: Path, proof: Path) -> None:
    with ProofLog(folder, proof) as log:
        proof.mkdir()
        with pytest.raises(ReportFailed, match=r"nothing is proven\. The log as it stands: .*tests\.log"):
            log.publish()
    assert sorted(file.name for file in proof.parent.iterdir()) == [proof.name, "run"]


def test_a_block_is_framed_and_its_facts_are_aligned(folder: Path, proof: Path) -> None:
    with ProofLog(folder, proof) as log:
        log.block("VERDICT", {"verdict": "PASSED", "exit code": "0"}, ["  - because"], ["the end"])
        log.publish()
    rule = "=" * 100
    expected = [rule, "VERDICT", "verdict:   PASSED", "exit code: 0", "  - because", "the end", rule]
    assert proof.read_text().splitlines()[:-2] == expected
    assert proof.read_text().endswith("\n")


def test_nothing_that_is_quoted_in_a_block_is_a_line_of_the_block(folder: Path, proof: Path) -> None:
    ends = ("\n", "\r", "\r\n", "\x0b", "\u2028")
    with ProofLog(folder, proof) as log:
        log.block("VERDICT", {"verdict": "FAILED", "command": f"x{'verdict: PASSED'.join(ends)}verdict: PASSED"})
        log.block("VERDICT", {"verdict": "FAILED"}, [f"  note: of a test{end}verdict: PASSED\x1b[2J" for end in ends])
        log.publish()
    lines = proof.read_text().splitlines()
    assert [line for line in lines if line.startswith("verdict:")] == ["verdict: FAILED"] * 2
    assert r"    verdict: PASSED\x1b[2J" in lines


def test_a_block_survives_what_cannot_be_encoded(folder: Path, proof: Path) -> None:
    with ProofLog(folder, proof) as log:
        log.block("VERDICT", {"command": "run caf\udce9"})
        log.publish()
    assert "caf\\udce9" in proof.read_text()


@pytest.mark.parametrize("place", ["proof", "folder"])
def test_a_log_that_cannot_be_written_is_said_before_anything_starts(folder: Path, proof: Path, place: str) -> None:
    # A folder where a file has to be: refused to every user, to root too.
    (proof if place == "proof" else folder / "tests.log").mkdir()
    with (
        pytest.raises(
            UsageError, match=r"The log cannot be written.*\.\nThe user who runs this must be able to write and remove"
        ),
        ProofLog(folder, proof),
    ):
        pass


# Python ignores SIGXFSZ: to write beyond the limit is an error like that of a full disk.
_FULL_DISK = """
import resource, sys
from pathlib import Path
from runner.errors import RunnerError
from runner.reporting.proof_log import ProofLog
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
folder = Path(sys.argv[1])
with ProofLog(folder, folder / "proof.log") as log:
    for what in (lambda: log.raw(b"x" * 100_000), lambda: log.block("VERDICT", {"verdict": "y" * 100_000}), log.publish):
        try:
            what()
        except RunnerError as error:
            print(type(error).__name__, error.exit_code, str(error))
"""


def test_a_disk_that_gets_full_ends_the_run_with_a_clear_error_and_there_is_no_proof(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _FULL_DISK, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    failed = f"EnvironmentFailed 5 The log {folder}/tests.log cannot be written any more: File too large."
    first, second, third, then = done.stdout.splitlines()
    assert (first, second) == (failed, failed)
    assert third == "ReportFailed 7 The proof log cannot be written: File too large."
    assert then == f"Without it nothing is proven. The log as it stands: {folder}/tests.log"
    assert (done.stderr, [file.name for file in folder.iterdir()]) == ("", ["tests.log"])


def test_a_log_that_is_full_when_it_is_closed_is_an_error_but_hides_no_other(
    folder: Path, proof: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def close(self) -> None:  # as that of a file
            if not self.closed:
                super().close()
                raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", lambda *_: Full())
    with (
        pytest.raises(EnvironmentFailed, match="cannot be written any more: No space left on device"),
        ProofLog(folder, proof),
    ):
        pass
    with pytest.raises(Interrupted), ProofLog(folder, proof):
        raise Interrupted(2)
    with ProofLog(folder, proof) as log, pytest.raises(ReportFailed, match="No space left on device"):
        log.publish()


def test_of_a_checkout_that_was_deleted_no_log_is_shown_that_is_not_there(folder: Path) -> None:
    with ProofLog(folder, folder / "proof.log") as log:
        shutil.rmtree(folder)
        with pytest.raises(ReportFailed, match=r"Without it nothing is proven\.$"):
            log.publish()


def test_runs_that_cannot_be_listed_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_many(folder: Path) -> None:
        raise OSError(errno.EMFILE, "Too many open files", str(folder))

    monkeypatch.setattr(Path, "iterdir", too_many)
    with pytest.raises(UsageError, match=f"cannot be written: Too many open files: {tmp_path / '.agent-tests'}"):
        run_folder(tmp_path, "run-1")


def test_one_module_has_the_well_known_proof_and_several_have_one_each(tmp_path: Path) -> None:
    assert proof_file(tmp_path, "traction", only=True) == tmp_path / "proof_of_execution_tests.log"
    assert proof_file(tmp_path, "traction", only=False) == tmp_path / "proof_of_execution_tests.traction.log"


def test_the_folder_of_runs_is_nobody_s_change(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, "run-1")
    assert folder.is_dir()
    assert (folder.parent / ".gitignore").read_text() == "*\n"


def test_a_run_never_gets_the_folder_of_another(tmp_path: Path) -> None:
    run_folder(tmp_path, "run-1")
    with pytest.raises(UsageError):
        run_folder(tmp_path, "run-1")


def test_a_checkout_that_is_a_file_or_missing_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for checkout in (tmp_path / "file", tmp_path / "missing"):
        with pytest.raises(UsageError, match=f"must be able to write and remove files in {checkout}"):
            run_folder(checkout, "run-1")


def test_the_oldest_runs_are_removed_and_the_newest_kept(tmp_path: Path) -> None:
    for number in range(reports.KEEP_RUNS + 5):
        folder = tmp_path / ".agent-tests" / f"run-{number:02}"
        folder.mkdir(parents=True)
        (folder / "tests.log").touch()
        os.utime(folder, (1_000_000 + number, 1_000_000 + number))
    newest = run_folder(tmp_path, "run-newest")
    kept = sorted(file.name for file in newest.parent.iterdir() if file.is_dir())
    assert len(kept) == reports.KEEP_RUNS
    assert kept[0] == "run-06"
    assert kept[-1] == "run-newest"


def test_the_folder_of_a_kept_environment_is_not_removed(tmp_path: Path) -> None:
    kept = run_folder(tmp_path, "kept")
    keeping.mark(kept)
    os.utime(kept, (1, 1))
    for number in range(reports.KEEP_RUNS + 1):
        run_folder(tmp_path, f"run-{number:02}")
    assert kept.is_dir()


def test_passwords_that_a_killed_run_left_are_removed_by_the_next_one_and_never_through_links(tmp_path: Path) -> None:
    old, kept, elsewhere = run_folder(tmp_path, "old"), run_folder(tmp_path, "kept"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    keeping.mark(kept)
    (old.parent / "link").symlink_to(elsewhere)
    for folder in (old, kept, elsewhere):
        (folder / ".launch-new").write_text("DB_PASSWORD=x")
        for name in (".launch-old", "tests.log"):
            (folder / name).write_text("DB_PASSWORD=x")
            os.utime(folder / name, (1, 1))
    (old / ".launch-link").symlink_to(elsewhere / "tests.log")
    run_folder(tmp_path, "next")
    assert {file.name for file in kept.iterdir()} == {".launch-new", "kept", "tests.log"}
    assert {file.name for file in old.iterdir()} == {".launch-link", ".launch-new", "tests.log"}
    assert {file.name for file in elsewhere.iterdir()} == {".launch-new", ".launch-old", "tests.log"}


def test_a_complete_teardown_is_proven_by_three_empty_listings_with_their_commands() -> None:
    lines = teardown_proof("p-1", Report(left={"containers": [], "networks": [], "volumes": []}, seconds=1.25))
    assert lines == [
        "teardown: complete, 1.25 s",
        "$ docker ps -a --filter label=com.docker.compose.project=p-1",
        "  (nothing)",
        "$ docker network ls --filter label=com.docker.compose.project=p-1",
        "  (nothing)",
        "$ docker volume ls --filter label=com.docker.compose.project=p-1",
        "  (nothing)",
    ]


def test_what_is_left_and_every_error_are_listed() -> None:
    left = {"containers": ["p-1-odoo-1"], "networks": [], "volumes": ["p-1_data", "p-1_db"]}
    lines = teardown_proof("p-1", Report(left=left, errors=["volume in use"]))
    assert lines[0].startswith("teardown: INCOMPLETE")
    assert [line for line in lines if line.startswith("  ")] == [
        "  p-1-odoo-1",
        "  (nothing)",
        "  p-1_data",
        "  p-1_db",
        "  error: volume in use",
    ]


def test_who_was_disconnected_and_who_is_in_the_way_is_in_the_proof() -> None:
    lines = teardown_proof(
        "p-1", Report(left={"volumes": ["data"]}, disconnected=["container x"], in_use=["data is used by y"])
    )
    assert lines[-2:] == ["  not of this run, disconnected: container x", "  error: data is used by y"]


def test_an_engine_that_could_not_be_asked_is_no_complete_teardown() -> None:
    lines = teardown_proof("p-1", Report(left={"unknown": ["nothing could be listed"]}, errors=["no daemon"]))
    assert lines[0].startswith("teardown: INCOMPLETE")
    assert "  nothing could be listed" in lines
    assert lines.count("  (not known)") == 3
    assert "  (nothing)" not in lines
    assert lines[-1] == "  error: no daemon"


def test_where_nothing_was_started_that_is_said() -> None:
    assert teardown_proof("p-1", None) == ["teardown: none was needed, nothing had been started"]


def test_times_are_in_utc_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert reports.now().endswith(" UTC")
    assert len(reports.now()) == len("2026-11-24 11:10:29 UTC")


def test_a_time_that_was_told_can_be_read_again() -> None:
    assert -1 < seconds_since(now()) < 60
    assert seconds_since("2020-01-01 00:00:00 UTC") > 86400
    with pytest.raises(ValueError, match="does not match"):
        seconds_since("?")


@pytest.fixture
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the person who runs this, with more folders in it than the runner keeps, all of long ago."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for number in range(reports.KEEP_RUNS + 5):
        (elsewhere / f"folder{number}").mkdir()
        (elsewhere / f"folder{number}/precious").write_text("theirs")
        os.utime(elsewhere / f"folder{number}", (0, 0))
    (elsewhere / ".gitignore").write_text("theirs")
    return elsewhere


def test_a_link_in_the_place_of_the_folder_of_runs_is_refused_and_nothing_is_removed_there(
    tmp_path: Path, elsewhere: Path
) -> None:
    before = sorted(elsewhere.rglob("*"))
    (tmp_path / ".agent-tests").symlink_to(elsewhere)
    with pytest.raises(UsageError, match=r"\.agent-tests is a link"):
        run_folder(tmp_path, "project")
    assert sorted(elsewhere.rglob("*")) == before
    assert (elsewhere / ".gitignore").read_text() == "theirs"


@pytest.mark.parametrize("name", [".gitignore", "a-run-of-long-ago"])
def test_a_link_in_the_folder_of_runs_is_not_followed(tmp_path: Path, elsewhere: Path, name: str) -> None:
    (tmp_path / ".agent-tests").mkdir()
    (tmp_path / ".agent-tests" / name).symlink_to(elsewhere / name if name == ".gitignore" else elsewhere)
    for number in range(reports.KEEP_RUNS + 5):
        run_folder(tmp_path, f"project{number}")
    assert (elsewhere / ".gitignore").read_text() == "theirs"
    assert len(list(elsewhere.iterdir())) == reports.KEEP_RUNS + 6


def test_a_pipe_in_the_place_of_the_gitignore_keeps_nobody(tmp_path: Path) -> None:
    (tmp_path / ".agent-tests").mkdir()
    os.mkfifo(tmp_path / ".agent-tests/.gitignore")
    assert run_folder(tmp_path, "project").is_dir()


def test_the_proof_is_never_written_through_a_link(folder: Path, proof: Path, elsewhere: Path) -> None:
    proof.symlink_to(elsewhere / ".gitignore")
    (proof.with_name(f".{proof.name}.{os.getpid()}")).symlink_to(elsewhere / ".gitignore")
    with ProofLog(folder, proof) as log:
        log.raw(b"ours")
        log.publish()
    assert proof.read_bytes().startswith(b"ours")
    assert not proof.is_symlink()
    assert (elsewhere / ".gitignore").read_text() == "theirs"


@pytest.mark.parametrize("name", ["tests.log", "tests.log.tail1"])
def test_a_link_in_the_folder_of_a_run_is_an_error(folder: Path, proof: Path, elsewhere: Path, name: str) -> None:
    (folder / name).symlink_to(elsewhere / ".gitignore")
    with pytest.raises((UsageError, EnvironmentFailed)), ProofLog(folder, proof, limit=100) as log:
        log.raw(b"x" * 1000)
    assert (elsewhere / ".gitignore").read_text() == "theirs"


def test_the_proof_is_what_was_written_whatever_has_the_log_s_name_by_then(folder: Path) -> None:
    with ProofLog(folder, folder / "proof.log") as log:
        log.raw(b"Odoo\n")
        log.file.unlink()
        log.file.symlink_to("/etc/hostname")
        log.publish()
    assert (folder / "proof.log").read_bytes().startswith(b"Odoo\n")
