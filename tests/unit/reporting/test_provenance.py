"""The commit in the log's head, asked of real git."""

import subprocess
from pathlib import Path

import pytest

from runner.reporting.provenance import commit_of


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("1")
    _git(tmp_path, "add", "file")
    _git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def test_a_clean_checkout_is_named_by_its_commit(checkout: Path) -> None:
    assert commit_of(checkout) == f"{_git(checkout, 'rev-parse', 'HEAD').strip()} (clean)"


def test_what_is_not_committed_is_counted(checkout: Path) -> None:
    (checkout / "file").write_text("2")
    (checkout / "new").touch()
    assert commit_of(checkout).endswith(" (2 files differ from it)")


def test_the_proof_of_an_earlier_run_is_no_change(checkout: Path) -> None:
    (checkout / "proof_of_execution_tests.log").touch()
    (checkout / "proof_of_execution_tests.traction.log").touch()
    assert commit_of(checkout).endswith(" (clean)")


def test_a_folder_within_a_checkout_counts_its_own_changes_only(checkout: Path) -> None:
    (checkout / "inner").mkdir()
    (checkout / "new").touch()
    assert commit_of(checkout / "inner").endswith(" (clean)")


def test_a_folder_without_git_says_so(tmp_path: Path) -> None:
    assert commit_of(tmp_path).startswith("unknown (fatal: not a git repository")


def test_a_machine_without_git_says_so(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert commit_of(checkout).startswith("unknown (")
