"""`nox -s setup` ends with a message and a code that tells the machine's fault from the configuration's."""

from pathlib import Path

import pytest

from runner.setup import __main__ as entry
from runner.setup.shell import ProvisionError
from tests.unit.repositories import YAML


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(entry, "ensure_engine", lambda: None)
    monkeypatch.setattr(entry, "ensure_images", lambda _settings, _folder: None)
    (tmp_path / "repos.yaml").write_text(YAML)
    return tmp_path


def test_a_machine_that_is_ready_is_0(folder: Path) -> None:
    assert entry.main() == 0


def test_a_wrong_configuration_is_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "repos.yaml").unlink()
    assert entry.main() == 2
    assert capsys.readouterr().err == f"Error: There is no repos.yaml in {folder}. Run from the folder that holds it.\n"


def test_a_machine_that_cannot_be_made_ready_is_3(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise ProvisionError("There is no Docker engine on this machine.")

    monkeypatch.setattr(entry, "ensure_engine", fails)
    assert entry.main() == 3
    assert capsys.readouterr().err == "Error: There is no Docker engine on this machine.\n"
