"""A debugger as small as can be: it speaks the debug adapter protocol, as editors do."""

import json
import socket
import time
from types import TracebackType
from typing import Any

_PATIENCE = 120.0


class DebugClient:
    """Connected to a debug adapter, which may be about to start: then what it gets is the end of the connection."""

    def __init__(self, host: str, port: int) -> None:
        self._number = 0
        self._socket = socket.socket()
        self._stream = self._socket.makefile("rb")
        self._events: list[dict[str, Any]] = []
        deadline = time.monotonic() + _PATIENCE
        while True:
            self._close()
            try:
                self._socket = socket.create_connection((host, port), timeout=_PATIENCE)
                self._stream = self._socket.makefile("rb")
                self.ask("initialize", adapterID="debugpy", pathFormat="path")
                return
            except (OSError, EOFError):
                assert time.monotonic() < deadline, "nobody answers"
                time.sleep(0.1)

    def __enter__(self) -> "DebugClient":
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self._close()

    def _close(self) -> None:
        self._stream.close()
        self._socket.close()

    def attach(self, told: dict[str, Any]) -> None:
        """Attach, as is told, and let it go on."""
        number = self._send("attach", **told)
        self.event("initialized")
        self.ask("configurationDone")
        self._answer(number)

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Return the body of the answer to a request."""
        return self._answer(self._send(command, **arguments))

    def event(self, name: str) -> dict[str, Any]:
        """Return the body of the next event of this name."""
        while True:
            message = self._events.pop(0) if self._events else self._read()
            if message.get("event") == name:
                return dict(message.get("body") or {})

    def _send(self, command: str, **arguments: Any) -> int:
        self._number += 1
        request = {"seq": self._number, "type": "request", "command": command, "arguments": arguments}
        content = json.dumps(request).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(content), content))
        return self._number

    def _answer(self, number: int) -> dict[str, Any]:
        while True:
            message = self._read()
            if message.get("request_seq") == number:
                assert message["success"], message
                return dict(message.get("body") or {})
            self._events.append(message)

    def _read(self) -> dict[str, Any]:
        length = 0
        while line := self._stream.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        if not length:
            raise EOFError
        return dict(json.loads(self._stream.read(length)))
