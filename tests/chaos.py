"""`nox -s chaos -- ROUNDS [SEED]`: end runs of real Odoo at random moments in random ways, look for what is left.

Not a test of CI: it takes some ten seconds a round, and finds what nobody thought of. A seed repeats moments and ways.
"""

import contextlib
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from runner import config
from runner.ports import can_bind

from .docker.phases import STARTER
from .docker.tiny_repository import ROOT, Started, dangling_volumes, environ_without_starter, left

# A whole run takes about 20 s here: kills come before, in and after every phase of it.
LONGEST = 22.0
GONE_WITHIN = 30.0
# A repository and ports of its own: other runs on the machine go on meanwhile.
PORTS = range(18300, 18311)
LABEL = "agent-test.repository=chaos"

Way = Callable[[Started, int], None]


def _runner(signum: signal.Signals) -> Way:
    return lambda _starter, pid: os.kill(pid, signum)


def _group(signum: signal.Signals, times: int = 1) -> Way:
    def send(starter: Started, _pid: int) -> None:
        for _ in range(times):
            starter.send_group(signum)

    return send


def _starter(signum: signal.Signals) -> Way:
    return lambda starter, _pid: starter.send(signum)


WAYS: dict[str, Way] = {
    "SIGKILL to the runner": _runner(signal.SIGKILL),
    "SIGKILL to the group": _group(signal.SIGKILL),
    "SIGKILL to the starter": _starter(signal.SIGKILL),
    "SIGTERM to the starter": _starter(signal.SIGTERM),
    "SIGTERM to the runner": _runner(signal.SIGTERM),
    "SIGHUP to the group": _group(signal.SIGHUP),
    "Ctrl+C": _group(signal.SIGINT),
    "Ctrl+C twice": _group(signal.SIGINT, 2),
    "Ctrl+C four times": _group(signal.SIGINT, 4),
}


def _configure(folder: Path) -> None:
    """Put a copy of the example evv into `folder`, as the repository `chaos`, with the images of this machine."""
    ignored = shutil.ignore_patterns(".agent-tests", "*.log", "__pycache__")
    shutil.copytree(ROOT / "examples/evv", folder / "chaos", ignore=ignored)
    settings = config.load(ROOT, os.environ).repositories["evv"]
    entry: dict[str, object] = {
        "prefix": "chaos-agent-test",
        "path": "chaos",
        "addons": ["addons"],
        "ports": f"{PORTS[0]}-{PORTS[-1]}",
    }
    entry |= {"compose_file": str(settings.compose_file), "images": settings.images.model_dump()}
    (folder / "repos.yaml").write_text(yaml.safe_dump({"repositories": {"chaos": entry}}))


def play(folder: Path, chance: random.Random) -> tuple[str, float, list[str]]:
    """One round: what was done and when, the seconds from then until nothing was left, and what is left after 30 s."""
    dangling = dangling_volumes()
    way, delay = chance.choice(list(WAYS)), chance.uniform(0, LONGEST)
    program = STARTER.format(arguments=["run", "chaos", "evv_core"])
    environ = {**environ_without_starter(), "PYTHONPATH": str(ROOT)}
    starter = Started([sys.executable, "-c", program], folder, environ)
    starter.wait_for("runner pid")
    threading.Event().wait(delay)
    with contextlib.suppress(ProcessLookupError):  # it had ended before
        WAYS[way](starter, int(starter.output.split()[2]))
    struck = time.monotonic()
    while (remains := left(LABEL)) and time.monotonic() - struck < GONE_WITHIN:
        time.sleep(0.05)
    seconds = time.monotonic() - struck
    starter.finish()
    remains += sorted(dangling_volumes() - dangling)
    remains += [f"port {port}" for port in PORTS if not can_bind(port)]
    return f"{way} after {delay:.1f} s", seconds, remains


def main(rounds: int, seed: int) -> int:
    """Play; the exit code is 1 if anything was left in any round."""
    chance = random.Random(seed)
    leaks = 0
    times: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        _configure(Path(name))
        for number in range(1, rounds + 1):
            what, seconds, remains = play(Path(name), chance)
            times.append(seconds)
            leaks += bool(remains)
            print(
                f"{number:4} {what:<40} gone after {seconds:4.1f} s  {'LEFT: ' + ' '.join(remains) if remains else ''}",
                flush=True,
            )
            if remains:
                command = [sys.executable, "-m", "runner", "cleanup", "--all"]
                subprocess.run(command, cwd=name, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    gone = f"gone after {statistics.median(times):.1f} s (median), {max(times):.1f} s (longest)"
    print(f"seed {seed}: {leaks} leaks in {rounds} rounds; {gone}")
    return bool(leaks)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3 or not all(word.isdigit() for word in sys.argv[1:]):
        sys.exit("Usage: nox -s chaos -- ROUNDS [SEED]")
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else random.SystemRandom().randrange(10**6)))
