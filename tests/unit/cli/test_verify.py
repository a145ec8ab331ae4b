"""`verify` says a line for each check, and ends with 0 only if something is proven and nothing is wrong."""

from pathlib import Path

import pytest

from runner.cli.arguments import parse
from runner.cli.verify import verify
from runner.config.repositories import Config
from runner.errors import UsageError
from runner.proof.commit_files import write_files
from runner.terminal import Terminal
from tests.unit.odoo_logs import log, problem, result, starting
from tests.unit.proof.conftest import Stage, forge, stage

__all__ = ["stage"]
RED = log(starting("TestClient.test_one"), problem("FAIL", "TestClient.test_one"), result(1)).encode()


def _verify(stage: Stage, *arguments: str) -> int:
    terminal = Terminal()
    settings = Config(repositories={"evv": stage.fakes.repository}, files=())
    code = int(verify(parse(["verify", *arguments]), settings, terminal))
    terminal.finish()
    return code


def test_what_was_checked_is_told_line_by_line(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    proof = stage.run()
    capfd.readouterr()
    assert _verify(stage, str(proof), "--against", "HEAD", "--module", "evv_core") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == f"{proof}:"
    assert lines[-1] == "proven: evv_core"
    assert [line[2:24].split("  ")[0] for line in lines[1:-2]] == ["ok", "not checked", *["ok"] * 7]


def test_one_log_that_is_wrong_among_others_ends_with_1(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    good = stage.run()
    kept = good.rename(good.with_name("kept.log"))
    assert _verify(stage, str(kept)) == 0
    assert _verify(stage, str(kept), str(stage.run(RED, 1))) == 1
    out = capfd.readouterr().out
    assert "  NO           verdict    FAILED, by the log itself\n" in out
    assert out.endswith("proven: evv_core\n")


def test_a_module_without_a_log_is_missed(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    assert _verify(stage, str(stage.run()), "--module", "evv_core", "--module", "traction") == 1
    assert capfd.readouterr().out.endswith("proven: evv_core\nnot proven: traction\n")


def test_a_module_is_missed_although_another_repository_has_one_of_its_name(
    stage: Stage, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _verify(stage, str(stage.run()), "--module", "evv/evv_core", "--module", "hub/evv_core") == 1
    assert capfd.readouterr().out.endswith("proven: evv_core\nnot proven: hub/evv_core\n")


def test_a_commit_is_written_once_for_all_logs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []

    def write(checkout: Path, commit: str, folder: Path) -> None:
        written.append(folder)
        write_files(checkout, commit, folder)

    monkeypatch.setattr("runner.proof.place.write_files", write)
    proof = str(stage.run())
    assert _verify(stage, proof, proof, "--against", "HEAD") == 0
    (folder,) = written
    assert not folder.exists()


def test_a_summary_alone_proves_nothing_and_beside_logs_it_does_no_harm(stage: Stage, tmp_path: Path) -> None:
    summary = tmp_path / "summary.log"
    summary.write_text("SUMMARY OF SEVERAL MODULES\n")
    assert _verify(stage, str(summary)) == 1
    assert _verify(stage, str(summary), str(stage.run())) == 0


def test_what_a_log_holds_does_nothing_but_show(stage: Stage, capfd: pytest.CaptureFixture[str]) -> None:
    proof = stage.run()
    forge(proof, lambda part: part.replace(b"PASSED\n", b"FAILED\x1b[2J\r::error::x\n"))
    assert _verify(stage, str(proof)) == 1
    out = capfd.readouterr().out
    assert r"FAILED\x1b[2J\r::error::x, by the log itself" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--signer", "me"], "give that file by --allowed-signers"),
        (["--allowed-signers", "gone"], "There is no file gone"),
        (["--against", "nowhere"], "--against nowhere: git cannot tell"),
        (["--path", "/nowhere"], "The checkout of evv is not at /nowhere"),
    ],
)
def test_what_is_asked_wrongly_is_one_sentence(stage: Stage, arguments: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _verify(stage, str(stage.run()), *arguments)
