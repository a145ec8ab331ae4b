"""What is mounted and not there is named, with where it stands in the compose file."""

from pathlib import Path
from typing import Any

import pytest

from runner.environment.missing import check_present
from runner.errors import ConfigError
from tests.unit.repositories import repository


def refusal(tmp_path: Path, rendered: dict[str, Any], foreign: str = "", **environ: str) -> list[str]:
    try:
        check_present(rendered, repository(tmp_path), environ, lambda path: path == foreign)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def mounting(*sources: Path) -> dict[str, Any]:
    return {"services": {"db": {"volumes": [{"type": "bind", "source": str(source), "target": "/x"} for source in sources]}}}


def test_what_is_there_is_no_matter_whatever_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    rendered = mounting(tmp_path, tmp_path / "file", tmp_path / "link")
    rendered["services"]["db"]["volumes"].append({"type": "volume", "source": "data", "target": "/y"})
    assert refusal(tmp_path, rendered | {"secrets": {"s": {"file": str(tmp_path / "file")}, "t": None}}) == []


def test_every_path_that_is_missing_is_named_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("nowhere")
    rendered = mounting(tmp_path / "gone", tmp_path / "link", tmp_path / "file/below")
    rendered |= {kind: {"x": {"file": str(tmp_path / "gone\nfile")}} for kind in ("configs", "secrets")}
    first, *lines = refusal(tmp_path, rendered)
    assert first == f"{tmp_path}/docker-compose.agent.yml needs what is not there. Nothing was started."
    assert lines == [
        f"  services.db.volumes: {tmp_path}/gone does not exist. Make it, or leave the mount out.",
        f"  services.db.volumes: {tmp_path}/link is a link that leads to nothing. Make it, or leave the mount out.",
        f"  services.db.volumes: {tmp_path}/file/below does not exist. Make it, or leave the mount out.",
        f"  configs.x.file: {tmp_path}/gone\\nfile does not exist. Make it, or leave it out.",
        f"  secrets.x.file: {tmp_path}/gone\\nfile does not exist. Make it, or leave it out.",
    ]
    first, line = refusal(tmp_path, mounting(Path("/" + "a" * 300)))
    assert line.endswith(" is too long for a path. Make it, or leave the mount out.")


def test_another_machine_s_files_are_for_its_engine_to_tell(tmp_path: Path) -> None:
    rendered = mounting(tmp_path / "gone") | {"configs": {"c": {"file": str(tmp_path / "gone")}}}
    assert refusal(tmp_path, rendered, foreign=str(tmp_path / "gone")) == []
    assert len(refusal(tmp_path, rendered)) == 3


def test_where_this_user_may_not_look_the_engine_may(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "stat", refuse)
    assert refusal(tmp_path, mounting(tmp_path / "gone")) == []


def test_a_variable_that_only_an_env_file_sets_is_missing_at_the_start(tmp_path: Path) -> None:
    rendered = {"secrets": {"s": {"environment": "TOKEN"}}}
    assert refusal(tmp_path, rendered, TOKEN="") == []
    assert refusal(tmp_path, rendered)[1].startswith("  secrets.s.environment: TOKEN is not set in this shell")
