"""A checkout with a history, made with real git."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str, given: bytes = b"") -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    identity += ["-c", "protocol.file.allow=always"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, input=given).stdout.decode().strip()


def commit(folder: Path, tag: str = "") -> str:
    """Commit all that is there; its hash."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "a commit")
    if tag:
        git(folder, "tag", tag)
    return git(folder, "rev-parse", "HEAD")


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def module(addons: Path, name: str, version: str = "1.0", *depends: str) -> Path:
    """A module of that version."""
    write(addons / name / "__manifest__.py", f"{{'name': {name!r}, 'version': {version!r}, 'depends': {list(depends)}}}\n")
    return addons / name
