"""The names read without PyYAML are those that YAML gives."""

import errno
from pathlib import Path

import pytest
import yaml

from runner.config.names import names_in, repository_names
from tests.unit.repositories import YAML

ROOT = Path(__file__).resolve().parents[3]


def test_names_are_read_in_the_order_of_the_file() -> None:
    assert names_in(YAML) == ["evv", "hub"]
    assert names_in("repositories:\n  zeta: {}\n  alpha:\n    prefix: a\n") == ["zeta", "alpha"]


def test_the_shipped_repos_yaml_has_the_names_that_yaml_reads_in_it() -> None:
    text = (ROOT / "repos.yaml").read_text()
    assert names_in(text) == list(yaml.safe_load(text)["repositories"]) != []


def test_keys_of_other_sections_and_deeper_keys_are_no_names() -> None:
    text = "defaults:\n  ports: 1-2\nrepositories:\n  evv:\n    prefix: x\n    images:\n      odoo: y\nother:\n  z: 1\n"
    assert names_in(text) == ["evv"]


@pytest.mark.parametrize(
    "text",
    [
        "# repositories:\nrepositories: # the repositories\n  # old: {}\n  evv: {}  # a name\n\n\n",
        "repositories:\r\n  evv: {}\r\n",
        "\n\nrepositories:\n\n  evv:\n",
    ],
    ids=["comments", "crlf", "blank lines"],
)
def test_comments_line_endings_and_blank_lines_do_not_matter(text: str) -> None:
    assert names_in(text) == ["evv"]


def test_names_of_the_local_file_are_added_without_repetition(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_text(YAML)
    (tmp_path / "repos.local.yaml").write_text("repositories:\n  hub: {path: /elsewhere}\n  third: {prefix: t}\n")
    assert repository_names(tmp_path) == ["evv", "hub", "third"]


def test_a_folder_without_configuration_has_no_names(tmp_path: Path) -> None:
    assert repository_names(tmp_path) == []


def test_bytes_that_are_not_utf8_do_not_break_the_noxfile(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_bytes(b"# caf\xe9\nrepositories:\n  evv: {}\n")
    assert repository_names(tmp_path) == ["evv"]


def test_a_file_at_which_this_user_may_not_look_does_not_break_the_noxfile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_hidden(path: Path, **_options: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / "repos.yaml").write_text(YAML)
    monkeypatch.setattr(Path, "stat", is_hidden)
    assert repository_names(tmp_path) == []
