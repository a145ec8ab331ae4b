"""Sign a proof log, and check its signature, with SSH keys: by `ssh-keygen -Y`, the format that git signs with too.

https://man.openbsd.org/ssh-keygen.1#Y. It never asks for anything: a key with a passphrase has to be in ssh-agent.
"""

import os
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from runner.docker.process import kill_group
from runner.errors import ReportFailed, UsageError, cause_of
from runner.text import printable, shortened

# What the signature is for, so that none of something else with the same key counts; `namespaces=` of allowed signers.
NAMESPACE = "proof-of-execution-tests"
# Seconds; a key in hardware waits for its owner's touch.
_TIMEOUT = 60.0
_LONGEST_SIGNATURE, _LONGEST_ERROR = 100_000, 300
_NO_PROGRAM = "there is no ssh-keygen, which OpenSSH has (Debian: apt install openssh-client)."


class _Failed(Exception):
    """ssh-keygen said no; the text is why."""


class Unsigned(Exception):
    """The signature is missing, or does not hold; the text says why."""


def check_key(key: Path) -> None:
    """Check that one can sign with a key, by signing nothing. UsageError, with what to do, if not."""
    try:
        with tempfile.TemporaryFile() as nothing:
            _sign(nothing, key)
    except _Failed as error:
        raise UsageError(f"--sign-key: {error}") from error


def sign(file: Path, key: Path) -> bytes:
    """Return the signature of a file. ReportFailed if there can be none."""
    try:
        with file.open("rb") as content:
            return _sign(content, key)
    except (_Failed, OSError) as error:
        why = str(error) if isinstance(error, _Failed) else f"{cause_of(error)}."
        raise ReportFailed(
            f"The proof log cannot be signed: {why}\nWithout it nothing is proven, as --sign-key wants."
        ) from error


def _sign(content: IO[bytes], key: Path) -> bytes:
    if not key.is_file():
        raise _Failed(f"there is no file {printable(str(key))}.")
    try:
        return _ssh_keygen(["sign", "-f", str(key.absolute()), "-n", NAMESPACE], content)
    except _Failed as error:
        raise _Failed(
            f"{printable(str(key))} cannot sign: {error} A key with a passphrase has to be in ssh-agent:"
            " `ssh-add KEY`, then --sign-key KEY.pub."
        ) from error


def signer_of(content: IO[bytes], signature: Path, allowed: Path, signer: str = "") -> str:
    """Return who has signed the content, of those in the file `allowed`: `signer`, if one is named. Unsigned if nobody has."""
    try:
        # What else has the name, as a pipe, is not waited for.
        with open(signature, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Unsigned("there is none: it is no regular file")
            text = stream.read(_LONGEST_SIGNATURE)
    except OSError as error:
        raise Unsigned(f"there is none: {cause_of(error)}") from error
    with tempfile.NamedTemporaryFile() as copy:
        copy.write(text)
        copy.flush()
        names = [signer] if signer else _principals(copy.name, allowed)
        for name in names:
            words = ["verify", "-f", str(allowed), "-I", name, "-n", NAMESPACE, "-s", copy.name]
            try:
                os.lseek(content.fileno(), 0, os.SEEK_SET)
                _ssh_keygen(words, content)
            except _Failed as error:
                last = str(error)
            else:
                return name
    raise Unsigned(f"it does not hold for {', '.join(map(printable, names))}: {last}")


def _principals(signature: str, allowed: Path) -> list[str]:
    try:
        answer = _ssh_keygen(["find-principals", "-s", signature, "-f", str(allowed)], None)
    except _Failed as error:
        raise Unsigned(f"it is of nobody in {printable(str(allowed))}: {error}") from error
    return answer.decode(errors="replace").splitlines() or [""]


def _ssh_keygen(words: Sequence[str], content: IO[bytes] | None) -> bytes:
    environ = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_ASKPASS")}
    environ |= {"LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    try:
        # In a session of its own it has no terminal to ask for a passphrase at.
        program = subprocess.Popen(
            ["ssh-keygen", "-Y", *words],
            env=environ,
            stdin=content or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise _Failed(_NO_PROGRAM) from error
    except OSError as error:
        raise _Failed(f"ssh-keygen cannot be started: {cause_of(error)}.") from error
    with program:
        try:
            answer, errors = program.communicate(timeout=_TIMEOUT)
        except BaseException as error:
            kill_group(program.pid)
            if isinstance(error, subprocess.TimeoutExpired):
                raise _Failed(f"ssh-keygen did not answer within {_TIMEOUT:.0f} s.") from error
            raise
    if program.returncode:
        said = " ".join((errors.decode(errors="replace").strip() or answer.decode(errors="replace")).split())
        raise _Failed(f"{shortened(printable(said.removesuffix('.')), _LONGEST_ERROR) or f'exit code {program.returncode}'}.")
    return answer
