"""Signals, and the starter's death, turned into one exception in the main thread."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from runner.errors import Interrupted

# Set by the noxfile to its own pid: nox dies from SIGTERM, SIGHUP and SIGKILL without passing them on.
STARTER = "AGENT_TEST_STARTER"
_WATCH_INTERVAL = 0.2
# Seconds: no finalizer takes so long.
_AGAIN = 0.02
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """Raises `Interrupted` for the first signal, once; every later one only calls `on_further` with its number."""

    def __init__(self, on_further: Callable[[int], None]) -> None:
        self.first: int | None = None
        self._shielded = False
        self._on_further = on_further

    def _handle(self, signum: int, _frame: FrameType | None) -> None:
        if self.first is None:
            self.first = signum
            if not self._shielded:
                raise Interrupted(signum)
        self._on_further(signum)

    def _unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Raise again, a moment later, what came in the midst of a finalizer, as there are many while a module is imported.

        Python would print it, and the run would go on.
        """
        if isinstance(unraisable.exc_value, Interrupted):
            self.first = None
            threading.Timer(_AGAIN, os.kill, (os.getpid(), unraisable.exc_value.signum)).start()
        else:
            sys.__unraisablehook__(unraisable)

    def shield(self) -> None:
        """Let no signal interrupt anything from here on; the first one is still remembered in `first`."""
        self._shielded = True

    def lift_shield(self) -> None:
        """Let the first signal interrupt again: another run begins."""
        self._shielded = False

    @contextlib.contextmanager
    def installed(self, environ: Mapping[str, str]) -> Iterator["Signals"]:
        """Handle INT, TERM and HUP within the block, INT also where it is ignored, as in a background job."""
        before = {signum: signal.signal(signum, self._handle) for signum in _SIGNALS if not _survives_hangup(signum)}
        hook, sys.unraisablehook = sys.unraisablehook, self._unraisable
        stop = threading.Event()
        starter = environ.get(STARTER, "")
        if starter.isdigit():
            threading.Thread(target=_watch_starter, args=(int(starter), stop), daemon=True).start()
        try:
            yield self
        finally:
            stop.set()
            sys.unraisablehook = hook
            for signum, handler in before.items():
                # Once interrupted, the program is ending: one more Ctrl+C must not replace its exit code by a traceback.
                signal.signal(signum, handler if self.first is None else _nothing)


def _survives_hangup(signum: int) -> bool:
    """Whether it is SIGHUP, and whoever started this process had it ignored: that is what `nohup` is for."""
    return signum == signal.SIGHUP and signal.getsignal(signum) is signal.SIG_IGN


def _nothing(_signum: int, _frame: FrameType | None) -> None:
    """Do as with SIG_IGN, which, unlike this, would be inherited."""


def _watch_starter(starter: int, stop: threading.Event) -> None:
    while os.getppid() == starter:
        if stop.wait(_WATCH_INTERVAL):
            return
    os.kill(os.getpid(), signal.SIGTERM)
