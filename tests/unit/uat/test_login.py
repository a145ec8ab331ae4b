"""Passwords at random, for this user alone, of which nobody gets more than what is stored of them."""

import base64
import hashlib
import json
import os
from pathlib import Path

import pytest

from runner.errors import EnvironmentFailed
from runner.uat.login import Login, file_in, new_login, read_login, write_login


def test_they_are_kept_for_this_user_alone_and_read_again(tmp_path: Path) -> None:
    login = new_login(8091)
    write_login(tmp_path, login)
    assert file_in(tmp_path).stat().st_mode & 0o777 == 0o600
    assert read_login(tmp_path) == login
    assert login.password not in repr(login)
    assert new_login().password != login.password


def test_what_others_can_read_or_is_no_file_of_ours_is_none(tmp_path: Path) -> None:
    assert read_login(tmp_path) is None
    write_login(tmp_path, new_login())
    file_in(tmp_path).chmod(0o644)
    assert read_login(tmp_path) is None
    file_in(tmp_path).rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").chmod(0o600)
    file_in(tmp_path).symlink_to(tmp_path / "elsewhere")
    assert read_login(tmp_path) is None
    file_in(tmp_path).unlink()
    os.mkfifo(file_in(tmp_path), 0o600)
    assert read_login(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", '{"id": 1}', '{"id": "a", "password": "", "master": "m"}', "[" * 10000])
def test_content_that_nobody_wrote_so_is_none(tmp_path: Path, content: str) -> None:
    file_in(tmp_path).write_text(content)
    file_in(tmp_path).chmod(0o600)
    assert read_login(tmp_path) is None


def test_a_control_character_in_a_password_is_none_of_ours(tmp_path: Path) -> None:
    file_in(tmp_path).write_text(json.dumps({"id": "a", "password": "p\x1b[2J", "master": "m", "port": None}))
    file_in(tmp_path).chmod(0o600)
    assert read_login(tmp_path) is None


def test_where_they_cannot_be_written_that_is_an_error(tmp_path: Path) -> None:
    file_in(tmp_path).mkdir()
    with pytest.raises(EnvironmentFailed, match="passwords cannot be kept"):
        write_login(tmp_path, new_login())


def test_what_is_stored_is_what_passlib_makes_of_it() -> None:
    _, scheme, rounds, salt, digest = Login("i", "secret", "m").stored.split("$")
    assert scheme == "pbkdf2-sha512"

    def decoded(text: str) -> bytes:
        return base64.b64decode(text.replace(".", "+") + "=" * (-len(text) % 4))

    assert decoded(digest) == hashlib.pbkdf2_hmac("sha512", b"secret", decoded(salt), int(rounds))
    assert "'" not in Login("i", "secret", "m").stored_master
