"""Where pip and apt find packages, by this user's own settings: for one build, and for nothing that stays in the image.

pip's settings are read here, as pip does it: no program of this machine is asked, and only what says where packages are
counts.
"""

import configparser
import contextlib
import netrc
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_SETTINGS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "retries")
_OF_INDEXES = ("index-url", "extra-index-url")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
_OF_THE_MACHINE = Path("/etc/pip.conf")
# Sections of pip's files that count for `pip install`, the last one most.
_SECTIONS = ("global", "install")
# Bytes; the certificates of all authorities are some 250 KB.
_LONGEST = 5_000_000


@dataclass(frozen=True)
class Index:
    """What a build needs of this user's settings, as files by name; `secrets` is what nobody may see of them.

    `proxies`: as variables.
    """

    files: Mapping[str, bytes]
    proxies: Mapping[str, str]
    secrets: tuple[str, ...]


def index_of(environ: Mapping[str, str], proxies: Mapping[str, str]) -> Index:
    """Read the settings of this user. `proxies`: what docker's client gives to containers, by the names of variables."""
    home = Path(environ.get("HOME") or "/")
    pip = dict(_pip_settings(environ, home))
    # What is on this machine is not in a container.
    urls = {key: [url for url in pip.get(key, "").split() if not url.startswith("file:")] for key in _OF_INDEXES}
    # A list may have several lines, which would be those of other settings.
    settings = {key: " ".join(pip.get(key, "").split()) for key in _SETTINGS}
    settings |= {key: " ".join(named) for key, named in urls.items()}
    proxies = {name: proxies.get(name) or environ.get(name) or environ.get(name.upper()) or "" for name in _PROXIES}
    proxies = {name: value for name, value in proxies.items() if value}
    logins = dict(_logins([url for named in urls.values() for url in named], environ, home))
    files = {
        "pip.conf": "".join(["[global]\n", *(f"{key} = {value}\n" for key, value in settings.items() if value)]).encode(),
        "netrc": "".join(f"machine {host}\nlogin {user}\npassword {word}\n" for host, (user, word) in logins.items()).encode(),
        "proxies": "".join(f"export {name}={shlex.quote(value)}\n" for name, value in proxies.items()).encode(),
    }
    if certificates := _content(Path(pip.get("cert") or environ.get("REQUESTS_CA_BUNDLE") or "/nonexistent")):
        files["certificates"] = certificates
    hidden = [_userinfo(url) for url in (*settings.values(), *proxies.values()) for url in url.split()]
    words = {part for parts in (*hidden, *logins.values()) for part in parts if part}
    return Index(files, proxies, tuple(sorted(words, key=len, reverse=True)))


def _pip_settings(environ: Mapping[str, str], home: Path) -> Iterator[tuple[str, str]]:
    """The settings that count for `pip install`, from the weakest to the strongest."""
    named = environ.get("PIP_CONFIG_FILE", "")
    if named != os.devnull:
        shared = (Path(folder, "pip/pip.conf") for folder in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"))
        own = Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf")
        for file in (*shared, _OF_THE_MACHINE, home / ".pip/pip.conf", own, *([Path(named)] if named else [])):
            parser = configparser.RawConfigParser(strict=False)
            with contextlib.suppress(configparser.Error):  # pip itself says what is wrong with it
                parser.read_string(_content(file).decode(errors="replace"))
            for section in _SECTIONS:
                if parser.has_section(section):
                    yield from parser.items(section)
    for name, value in environ.items():
        if name.startswith("PIP_") and value:
            yield name.removeprefix("PIP_").lower().replace("_", "-"), value


def _logins(urls: list[str], environ: Mapping[str, str], home: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """What ~/.netrc has for the hosts of these indexes, and for no others."""
    try:
        known = netrc.netrc(str(environ.get("NETRC") or home / ".netrc"))
    except (OSError, netrc.NetrcParseError, UnicodeError):  # without one, or as pip, which goes on without
        return
    for host in {_hostname(url) for url in urls}:
        if host and (found := known.hosts.get(host)):
            yield host, (found[0], found[2] or "")


def _hostname(url: str) -> str | None:
    with contextlib.suppress(ValueError):  # of which pip says what is wrong with it
        return urlsplit(url).hostname
    return None


def _userinfo(url: str) -> tuple[str, ...]:
    """What is secret in a URL, as it is written and as it is meant: a password, or a token in the place of a user's name."""
    # Not by urlsplit, which knows no parts of a URL that is none, as of a proxy without `http://`.
    place = re.split(r"[/?#]", url.partition("://")[2] or url, maxsplit=1)[0]
    user, colon, password = place.rpartition("@")[0].partition(":")
    secret = password if colon else user
    return secret, unquote(secret)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(_LONGEST)
    except OSError:
        return b""
