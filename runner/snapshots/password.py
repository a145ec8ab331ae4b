"""The password of a prepared database: that of the run which starts from it, not of the one that made it.

PostgreSQL is given what it stores of a password, from which nobody gets the password back: so neither a log of the statement
nor the compose file of the run holds a secret, and no character of it can end the statement.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

from runner.odoo.command import SERVICE
from runner.snapshots.snapshot import DB_SERVICE

# PostgreSQL's own number.
_ITERATIONS = 4096


def statements(rendered: Mapping[str, Any], password: str) -> str:
    """Return the SQL, a statement a line, that gives the run's password to all who have one from it by the compose file.

    Empty if nobody has, as where the compose file names another password itself.
    """
    services = rendered["services"]
    known = (
        *_users(services.get(DB_SERVICE) or {}, "POSTGRES_USER", "postgres", "POSTGRES_PASSWORD", password),
        *_users(services.get(SERVICE) or {}, "USER", "odoo", "PASSWORD", password),
    )
    return "\n".join(f"ALTER ROLE {_quoted(user)} PASSWORD '{_stored(password)}';" for user in dict.fromkeys(known))


def _users(service: Mapping[str, Any], user: str, default: str, secret: str, password: str) -> Iterator[str]:
    variables = {key: str(value or "") for key, value in (service.get("environment") or {}).items()}
    if (variables.get(secret) or variables.get("PGPASSWORD")) == password:
        yield variables.get(user) or default


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _stored(password: str) -> str:
    """What PostgreSQL 10 and newer store for `scram-sha-256` (RFC 5802), which a rule `md5` of pg_hba.conf accepts as well."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt_text, client_text, server_text = (base64.b64encode(part).decode() for part in (salt, client, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt_text}${client_text}:{server_text}"
