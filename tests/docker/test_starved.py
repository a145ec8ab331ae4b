"""A run that lacks room, descriptors, its checkout or its output: a clear error, the right exit code, and nothing left."""

import signal

import pytest

from .tiny_repository import PASSES, RUNNING, WAITS, TinyRepository, left

# More than a file may hold where a test says `ulimit -f 64` (KiB); the log of a run that passes is a tenth of that.
LINES = "for n in $(seq 1 4000); do echo 'a line of a test that prints very many of them' $n; done"
MUCH = f"starting test_one\n{LINES}\nresult 0 0 1\n"


def test_a_log_that_cannot_be_written_any_more_ends_the_run(tiny: TinyRepository) -> None:
    tiny.module("much", MUCH)
    code, output = tiny.shell("ulimit -f 64; python -m runner run tiny much --quiet")
    assert code == 5, output
    assert "tests.log cannot be written any more: File too large" in output
    assert "much: ERROR" in output
    assert "log: " not in output
    assert "Traceback" not in output
    assert left() == []


def test_with_jobs_no_report_claims_a_proof_that_is_not_there(tiny: TinyRepository) -> None:
    tiny.module("much", MUCH)
    tiny.module("passes", PASSES)
    code, output = tiny.shell("ulimit -f 64; python -m runner run tiny much passes --jobs 2")
    assert code == 5, output
    assert f"log: {tiny.checkout}/proof_of_execution_tests.passes.log" in output
    assert "proof_of_execution_tests.much.log" not in output
    assert "not written  proof_of_execution_tests.much.log" in tiny.proof.read_text()
    assert "Traceback" not in output


@pytest.mark.parametrize("descriptors", [8, 14, 20])
def test_too_few_descriptors_are_an_error_of_the_environment(tiny: TinyRepository, descriptors: int) -> None:
    tiny.module("passes", PASSES)
    code, output = tiny.shell(f"ulimit -n {descriptors}; python -m runner run tiny passes --quiet")
    assert code == 5, output
    assert "Too many open files" in output
    assert "Traceback" not in output
    assert left() == []


@pytest.mark.parametrize(("redirections", "code"), [(">&-", 0), (">&- 2>&-", 0), ("<&- >&- 2>&-", 0)])
def test_a_run_goes_on_without_its_output(tiny: TinyRepository, redirections: str, code: int) -> None:
    tiny.module("passes", PASSES)
    exit_code, output = tiny.shell(f"python -m runner run tiny passes {redirections}")
    assert (exit_code, output) == (code, "")
    assert "verdict:   PASSED" in tiny.proof.read_text()


def test_a_list_that_nobody_gets_is_an_error_unless_the_reader_has_enough(tiny: TinyRepository) -> None:
    tiny.module("passes", PASSES)
    code, output = tiny.shell("python -m runner list >/dev/full")
    assert (code, output) == (2, "Error: Standard output cannot be written: No space left on device.\n")
    code, output = tiny.shell("set -o pipefail; python -m runner list | head -n 0")
    assert (code, output) == (0, "")


@pytest.mark.parametrize("signum", [None, signal.SIGINT])
def test_a_checkout_that_is_deleted_meanwhile_leaves_nothing_and_proves_nothing(
    tiny: TinyRepository, signum: signal.Signals | None
) -> None:
    tiny.module("waits", WAITS if signum else WAITS.replace("exec sleep infinity", "sleep 3; result 0 0 1"))
    run = tiny.start("run", "tiny", "waits")
    run.wait_for(RUNNING)
    tiny.delete()
    if signum:
        run.send(signum)
    assert run.finish() == (130 if signum else 7), run.output
    assert "The proof log cannot be written: " in run.output
    assert "log: " not in run.output
    assert "Traceback" not in run.output
    assert left() == []
