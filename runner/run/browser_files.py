"""The screenshots and screencasts that Odoo makes of browsers when tests fail, brought out of the container."""

import collections
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed
from runner.odoo.command import browser_files_command

FOLDER = "browser"
# Of all files, and of their number: a screenshot has about 100 KB. And seconds until they are here.
_MOST, _LARGEST, _MOST_FILES, _LIMIT = 100_000_000, 20_000_000, 100, 60.0
# Headers beside a file's own, and folders.
_NO_FILES = (tarfile.DIRTYPE, tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
# Whoever wrote the module may have put anything there.
_PLAIN = re.compile(r"agent_test/screen(?:shots|casts)/([A-Za-z0-9][\w.-]{0,200}\.(?:png|jpe?g|webm|mp4))", re.ASCII)


def fetch_browser_files(environment: Environment) -> dict[str, Path]:
    """Copy them into the run's folder, by their names. Only regular files, by plain names, of a bounded size and number.

    What is not fetched is told in a line, and no failure of the run.
    """
    folder, terminal = environment.context.folder / FOLDER, environment.context.terminal
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that does not count
    files: dict[str, Path] = {}
    others = 0
    try:
        folder.mkdir()
        execution = environment.execute(browser_files_command(), _LIMIT)
        try:
            archive = _Archive(iter(execution))
            while any(header := b"".join(archive.read(tarfile.BLOCKSIZE))):
                member = tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape")
                content = archive.read(member.size)
                name = _PLAIN.fullmatch(member.name)
                if name and member.isreg() and member.size <= _LARGEST and len(files) < _MOST_FILES:
                    file = folder / name[1]
                    with file.open("xb") as copy:
                        copy.writelines(content)
                    files[name[1]] = file
                else:
                    collections.deque(content, maxlen=0)
                    others += member.type not in _NO_FILES
                collections.deque(archive.read(-member.size % tarfile.BLOCKSIZE), maxlen=0)
        finally:
            execution.end()
    except (OSError, tarfile.TarError, EnvironmentFailed) as error:
        terminal.line(f"  not all screenshots could be fetched: {error}")
    if others:
        terminal.line(f"  {others} more files beside the screenshots were left: too large, too many, or of another kind")
    return files


class _Archive:
    """What a command prints, as far as it goes: not read by tarfile, which keeps all headers, of whatever length."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest, self._room = pieces, b"", _MOST

    def read(self, size: int) -> Iterator[bytes]:
        """Return the next bytes, in pieces. TarError where there are not so many, or too many came before."""
        while size > 0:
            if not self._rest and self._room > 0:
                self._rest = next(self._pieces, b"")[: self._room]
                self._room -= len(self._rest)
            if not self._rest:
                raise tarfile.ReadError("there are too many of them, or their archive ends too early")
            piece, self._rest = self._rest[:size], self._rest[size:]
            size -= len(piece)
            yield piece
