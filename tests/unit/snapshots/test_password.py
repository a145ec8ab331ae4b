"""The statements that give a prepared database the password of the run which starts from it."""

import base64
import hashlib
import hmac
import re
from typing import Any

import pytest

from runner.snapshots.password import statements

DB = {"POSTGRES_USER": "odoo", "POSTGRES_PASSWORD": "secret"}
ODOO = {"USER": "odoo", "PASSWORD": "secret"}


def found(db: dict[str, Any], odoo: dict[str, Any], password: str = "secret") -> list[str]:
    services = {"db": {"environment": db}, "odoo": {"environment": odoo}}
    return statements({"services": services}, password).splitlines()


def users(db: dict[str, Any], odoo: dict[str, Any]) -> list[str]:
    return [statement.split("ALTER ROLE ")[1].split(" PASSWORD ")[0] for statement in found(db, odoo)]


def test_a_client_with_the_password_is_let_in_by_what_is_stored_and_one_with_another_is_not() -> None:
    """As the server checks it (RFC 5802): what the client proves must be what is stored."""
    (statement,) = found(DB, ODOO)
    parts = re.fullmatch(r"ALTER ROLE \"odoo\" PASSWORD 'SCRAM-SHA-256\$(\d+):(\S+)\$(\S+):(\S+)';", statement)
    assert parts
    iterations, salt, stored, server = parts.groups()

    def by(password: bytes) -> tuple[str, str]:
        salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(salt), int(iterations))
        client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
        return base64.b64encode(client).decode(), base64.b64encode(hmac.digest(salted, b"Server Key", "sha256")).decode()

    assert by(b"secret") == (stored, server)
    assert by(b"Secret") != (stored, server)


def test_the_password_is_in_no_statement_and_no_statement_is_like_another() -> None:
    assert "secret" not in "".join(found(DB, ODOO))
    assert found(DB, ODOO) != found(DB, ODOO)


@pytest.mark.parametrize("password", ["it's", "a'; DROP ROLE odoo; --", "\\", "$$", "new\nline", 'quo"te'])
def test_no_character_of_a_password_ends_the_statement(password: str) -> None:
    environ = {"POSTGRES_PASSWORD": password}
    (statement,) = found(environ, {}, password)
    assert re.fullmatch(r"ALTER ROLE \"postgres\" PASSWORD '[\w$:+/=-]+';", statement)


@pytest.mark.parametrize(
    ("db", "odoo", "who"),
    [
        (DB, ODOO, ['"odoo"']),
        ({"POSTGRES_PASSWORD": "secret"}, {"PASSWORD": "secret"}, ['"postgres"', '"odoo"']),
        ({"POSTGRES_PASSWORD": "secret"}, {"PGPASSWORD": "secret", "USER": "me"}, ['"postgres"', '"me"']),
        ({"POSTGRES_PASSWORD": "secret"}, {"USER": "me", "PASSWORD": "their own"}, ['"postgres"']),
        ({**DB, "POSTGRES_USER": 'a"b'}, {}, ['"a""b"']),
        ({"POSTGRES_PASSWORD": "fixed"}, {"PASSWORD": "fixed"}, []),
        ({}, {"PASSWORD": None}, []),
    ],
)
def test_who_has_the_run_s_password_by_the_compose_file_is_given_it(
    db: dict[str, str], odoo: dict[str, str], who: list[str]
) -> None:
    assert users(db, odoo) == who
