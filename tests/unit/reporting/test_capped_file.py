"""A log is bounded on the disk: of an output that is too long its ends are kept, with the number of bytes between them."""

import re
from pathlib import Path

import pytest

from runner.reporting.capped_file import CappedFile
from runner.reporting.foot import find_foot
from runner.reporting.proof_log import ProofLog

LIMIT = 1000


def _output(size: int) -> bytes:
    """Make output of so many bytes, of which any part can be told from any other."""
    return b"".join(b"%9d\n" % number for number in range(size // 10))


def _write(file: Path, output: bytes, piece: int = 64) -> bytes:
    capped = CappedFile(file, LIMIT)
    capped.whole(b"HEAD\n")
    for at in range(0, len(output), piece):
        capped.output(output[at : at + piece])
    capped.whole(b"FOOT\n")
    capped.close()
    return file.read_bytes()


@pytest.mark.parametrize("size", [0, 10, 240, 250, 300, 370])
def test_what_is_short_is_kept_as_it_is(tmp_path: Path, size: int) -> None:
    assert _write(tmp_path / "log", _output(size)) == b"HEAD\n" + _output(size) + b"FOOT\n"


@pytest.mark.parametrize("size", [1000, 5000, 100_000])
@pytest.mark.parametrize("piece", [1, 64, 7, 1_000_000])
def test_of_what_is_long_both_ends_are_kept_and_what_is_missing_is_said(tmp_path: Path, size: int, piece: int) -> None:
    output, log = _output(size), _write(tmp_path / "log", _output(size), piece)
    words = re.search(
        rb"\n\[(\d+) bytes of output are left out here: the log is limited to 1000 bytes, see --max-log\]\n", log
    )
    assert words
    head, tail = log[len(b"HEAD\n") : words.start()], log[words.end() : -len(b"FOOT\n")]
    assert output.startswith(head)
    assert output.endswith(tail)
    assert len(head) + int(words[1]) + len(tail) == size
    assert min(len(head), len(tail)) >= 100
    assert len(log) < LIMIT


def test_what_was_written_last_can_be_read_at_once(tmp_path: Path) -> None:
    capped = CappedFile(tmp_path / "log", LIMIT)
    capped.whole(b"HEAD\n")
    assert (tmp_path / "log").read_bytes() == b"HEAD\n"
    capped.output(b"hangs here\n")
    assert (tmp_path / "log").read_bytes() == b"HEAD\nhangs here\n"
    capped.output(_output(LIMIT) + b"hangs there\n")
    assert any(tail.read_bytes().endswith(b"hangs there\n") for tail in tmp_path.glob("log.tail*"))
    capped.close()


def test_the_disk_is_not_filled_while_the_output_comes(tmp_path: Path) -> None:
    capped = CappedFile(tmp_path / "log", LIMIT)
    for _ in range(1000):
        capped.output(_output(100))
        assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= LIMIT
    capped.close()
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


def test_a_second_output_has_room_for_its_ends_too(tmp_path: Path) -> None:
    capped = CappedFile(tmp_path / "log", 10 * LIMIT)
    for name in (b"first", b"second"):
        capped.whole(name + b" begins\n")
        capped.output(name + b" head" + _output(100_000) + name + b" tail")
    capped.close()
    log = (tmp_path / "log").read_bytes()
    for words in (b"first head", b"first tail", b"second head", b"second tail"):
        assert words in log
    assert len(log) < 10 * LIMIT


def test_what_must_be_whole_is_whole_where_there_is_no_room_any_more(tmp_path: Path) -> None:
    capped = CappedFile(tmp_path / "log", LIMIT)
    capped.whole(_output(5000))
    capped.output(_output(5000))
    capped.whole(b"FOOT\n")
    capped.close()
    log = (tmp_path / "log").read_bytes()
    assert log.startswith(_output(5000))
    assert log.endswith(b"FOOT\n")
    assert b" bytes of output are left out here" in log


def test_the_proof_is_bounded_as_the_run_s_own_log_is(tmp_path: Path) -> None:
    proof = tmp_path / "proof.log"
    with ProofLog(tmp_path, proof, 10 * LIMIT) as log:
        log.block("HEAD", {"module": "x"})
        for _ in range(1000):
            log.raw(_output(1000))
        log.block("VERDICT", {"verdict": "PASSED"})
        log.publish()
    assert proof.read_bytes().startswith(log.file.read_bytes())
    found = find_foot(proof.read_bytes(), proof.stat().st_size)
    assert found
    ((_, missing),) = found.foot.left_out
    assert f"\n[{missing} bytes of output are left out".encode() in proof.read_bytes()
    assert proof.stat().st_size < 10 * LIMIT
    assert b"VERDICT" in proof.read_bytes()
