"""The mark of a kept environment, and the commands that a person is given for it."""

import errno
import os
from pathlib import Path

import pytest

from runner.cleanup.keep import FOLDER_LABEL, Served, how_to_use, is_kept, is_marked, mark, unmark
from runner.docker.address import Address


def test_a_mark_is_found_through_the_labels_until_it_is_removed(tmp_path: Path) -> None:
    labels = {FOLDER_LABEL: str(tmp_path)}
    assert not is_kept(labels)
    mark(tmp_path)
    assert is_marked(tmp_path)
    assert is_kept(labels)
    unmark(labels)
    assert not is_kept(labels)


def test_with_the_mark_the_earlier_sources_go_and_never_without_one(tmp_path: Path) -> None:
    (tmp_path / "earlier/addons").mkdir(parents=True)
    unmark({FOLDER_LABEL: str(tmp_path)})
    assert (tmp_path / "earlier").exists()
    mark(tmp_path)
    unmark({FOLDER_LABEL: str(tmp_path)})
    assert list(tmp_path.iterdir()) == []


def test_without_label_or_folder_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    for labels in ({}, {FOLDER_LABEL: ""}, {FOLDER_LABEL: str(tmp_path / "deleted")}):
        assert not is_kept(labels)
        unmark(labels)


def test_a_label_that_names_no_folder_is_no_mark_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("y" * 5000, str(tmp_path / "file"), "\x1b[2J", "\0"):
        assert not is_kept({FOLDER_LABEL: folder})
        unmark({FOLDER_LABEL: folder})


SERVED = Served("admin / admin", "")


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_where_nobody_here_can_look_it_is_taken_for_kept(monkeypatch: pytest.MonkeyPatch, reason: int) -> None:
    def stat(*_: object, **__: object) -> None:
        raise OSError(reason, "no")

    monkeypatch.setattr(os, "stat", stat)
    assert is_kept({FOLDER_LABEL: "/home/another/.agent-tests/run"})


def test_the_hints_are_the_address_and_the_commands_each_within_80_columns() -> None:
    project = "evv-agent-test-evv_core-20261124-182001-c681c0"
    hints = how_to_use(project, Address("127.0.0.1:8090"), SERVED)
    assert hints == [
        "kept: http://127.0.0.1:8090",
        "  login:    admin / admin",
        f"  enter:    nox -s shell -- {project}",
        "  database: PGPASSWORD=$PASSWORD psql -h $HOST -U $USER agent_test  (in there)",
        f"  logs:     nox -s logs -- {project}",
        f"  remove:   nox -s cleanup -- {project}",
    ]
    assert all(len(line) <= 80 for line in hints)


def test_an_address_at_which_nothing_is_served_is_not_told() -> None:
    far = Address("127.0.0.1:8090", "far", "ssh -L 8090:127.0.0.1:8090 far")
    hints = how_to_use("p", far, Served(why_not="there is none"))
    assert hints[0] == "kept; its database is not served: there is none"
    assert not [line for line in hints if "8090" in line or "login" in line]
    assert "  remove:   nox -s cleanup -- p" in hints


def test_the_mark_is_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    (tmp_path / "kept").symlink_to(tmp_path / "theirs")
    mark(tmp_path)
    assert (tmp_path / "theirs").read_text() == "theirs"
    assert is_marked(tmp_path)
    assert not (tmp_path / "kept").is_symlink()


def test_where_the_engine_is_on_another_machine_the_way_to_the_port_is_told() -> None:
    assert how_to_use("p", Address("127.0.0.1:8090", "far", "ssh -L 8090:127.0.0.1:8090 far"), SERVED)[:2] == [
        "kept: http://127.0.0.1:8090 on far",
        "  open:     ssh -L 8090:127.0.0.1:8090 far",
    ]
