"""The passwords of an environment to look at: made at random, and kept beside the checkout for nobody but this user.

The containers and the engine get only what is stored of a password, from which nobody gets it back.
"""

import base64
import hashlib
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path

from runner.errors import EnvironmentFailed, cause_of
from runner.new_file import write_new

_FILE = "login.json"
# Bytes; of ours.
_LONGEST = 4096
# As many as passlib takes by itself; what was made at random need not be hard to try.
_ROUNDS = 25000


@dataclass(frozen=True)
class Login:
    """The passwords: of the administrator, and the master password. `id`: by which the data knows the first one.

    `port`: on which Odoo was at last; None where that is not known.
    """

    id: str = ""
    password: str = field(default="", repr=False)
    master: str = field(default="", repr=False)
    port: int | None = None

    @property
    def stored(self) -> str:
        """What Odoo keeps of the administrator's password."""
        return _stored(self.password)

    @property
    def stored_master(self) -> str:
        """What Odoo reads of the master password."""
        return _stored(self.master)


def new_login(port: int | None = None) -> Login:
    """Make passwords."""
    return Login(secrets.token_hex(8), secrets.token_urlsafe(12), secrets.token_urlsafe(12), port)


def file_in(folder: Path) -> Path:
    """Return the file in which the passwords are kept."""
    return folder / _FILE


def read_login(folder: Path) -> Login | None:
    """Return what is kept in this folder; None where nothing is that this program has written and nobody else can read."""
    try:
        descriptor = os.open(file_in(folder), os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
            return None
        try:
            content = json.loads(stream.read(_LONGEST))
            login = Login(**content)
        except (ValueError, TypeError, RecursionError):
            return None
    texts = (login.id, login.password, login.master)
    is_ours = all(isinstance(text, str) and text and text.isprintable() for text in texts)
    return login if is_ours and (login.port is None or isinstance(login.port, int)) else None


def write_login(folder: Path, login: Login) -> None:
    """Keep the passwords, for this user alone. EnvironmentFailed if that cannot be done."""
    try:
        write_new(file_in(folder), f"{json.dumps(asdict(login), indent=1)}\n".encode(), mode=0o600)
    except OSError as error:
        raise EnvironmentFailed(f"The passwords cannot be kept: {cause_of(error)}.") from error


def _stored(password: str) -> str:
    """What passlib stores for `pbkdf2_sha512`, as Odoo 12 to 19 read it."""
    salt = secrets.token_bytes(16)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS)
    salt_text, digest_text = (base64.b64encode(part).decode().rstrip("=").replace("+", ".") for part in (salt, digest))
    return f"$pbkdf2-sha512${_ROUNDS}${salt_text}${digest_text}"
