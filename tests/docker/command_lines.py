"""What any user of this machine can see of a run: all command lines, and the passwords that must not be in them."""

import os
import threading
from pathlib import Path
from types import TracebackType

# In seconds: Odoo's processes live much longer.
_INTERVAL = 0.2


class CommandLines:
    """All command lines of the machine, also of the containers, while the block lasts.

    `passwords`: those of the runs whose addons are below `folder`, as Compose's clients have them in their environment.
    """

    def __init__(self, folder: Path) -> None:
        self.lines: set[bytes] = set()
        self.passwords: set[bytes] = set()
        self._addons = b"ODOO_ADDONS=" + os.fsencode(folder)
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "CommandLines":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._has_ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._has_ended.wait(_INTERVAL):
            for process in Path("/proc").glob("[0-9]*"):
                line = _read(process / "cmdline")
                self.lines.add(line)
                environ = _read(process / "environ").split(b"\0") if b"compose" in line else []
                if any(entry.startswith(self._addons) for entry in environ):
                    self.passwords |= {entry[12:] for entry in environ if entry.startswith(b"DB_PASSWORD=")}


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # it has ended, or is another user's
        return b""
