"""`nox -s chaos -- ROUNDS [SEED]`: end runs of real Odoo at random moments in random ways, look for what is left.

Not a test of CI: it takes some ten seconds a round, and finds what nobody thought of. A seed repeats kinds, moments and ways.
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

from runner.cleanup.resources import MAKER_LABEL, PUBLISHED_LABEL
from runner.config import repositories as config
from runner.docker.listing import VOLUMES, listing, resources_in
from runner.environment.ports import can_bind

from .docker.phases import STARTER
from .docker.tiny_repository import ROOT, Started, dangling_volumes, environ_without_starter, left

# Of a whole run's time, measured at the beginning: ends come in every phase of it, and after the last.
LATEST = 1.1
GONE_WITHIN = 30.0
# A repository and ports of its own: other runs on the machine go on meanwhile.
PORTS = range(18300, 18311)
LABEL = "agent-test.repository=chaos"
PREFIX = "chaos-agent-test"

# What is played, and what comes before: a first run makes a prepared database, a later one starts from it.
MODULE = "evv_core"
FIRST, LATER, WITHOUT = "first run", "later run", "--no-snapshot"
KINDS = {FIRST: ("run", "chaos", MODULE), LATER: ("run", "chaos", MODULE), WITHOUT: ("run", "chaos", MODULE, "--no-snapshot")}

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
    # Like no other, so that its prepared databases are nobody else's.
    services = yaml.safe_load(settings.compose_file.read_text())
    services["services"]["odoo"]["environment"]["PLAYED_BY"] = "chaos"
    (folder / "compose.yml").write_text(yaml.safe_dump(services))
    entry: dict[str, object] = {
        "prefix": PREFIX,
        "path": "chaos",
        "addons": ["addons"],
        "ports": f"{PORTS[0]}-{PORTS[-1]}",
        "compose_file": str(folder / "compose.yml"),
        "images": settings.images.model_dump(),
    }
    (folder / "repos.yaml").write_text(yaml.safe_dump({"repositories": {"chaos": entry}}))


def _clean(folder: Path, *options: str) -> None:
    command = [sys.executable, "-m", "runner", "cleanup", "chaos", *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)


def _start(folder: Path, kind: str) -> Started:
    if kind == FIRST:
        _clean(folder, "--snapshots")
    program = STARTER.format(arguments=list(KINDS[kind]))
    environ = {**environ_without_starter(), "PYTHONPATH": str(ROOT)}
    return Started([sys.executable, "-c", program], folder, environ, patience=300)


def _whole(folder: Path, kind: str) -> float:
    """The seconds of a run that nobody ends. RuntimeError if it is not green: then there is nothing to be learnt here."""
    starter = _start(folder, kind)
    begun = time.monotonic()
    starter.finish()
    if "runner ended with 0" not in starter.output:
        raise RuntimeError(starter.output)
    return time.monotonic() - begun


def _unfinished() -> list[str]:
    """The volumes of prepared databases of this repository that no marker declares to be ready."""
    labels = (MAKER_LABEL, PUBLISHED_LABEL)
    listed = subprocess.run(["docker", *listing(VOLUMES, labels)], check=True, capture_output=True, text=True)
    volumes = resources_in(listed.stdout, labels)
    ready = {volume.labels.get(PUBLISHED_LABEL) for volume in volumes}
    makers = {volume.name: volume.labels.get(MAKER_LABEL, "") for volume in volumes}
    return [name for name, maker in makers.items() if maker.startswith(PREFIX) and name not in ready]


def play(folder: Path, kind: str, way: Way, delay: float) -> tuple[float, list[str]]:
    """One round: the seconds from its end until nothing was left, and what is left after 30 s."""
    dangling = dangling_volumes()
    starter = _start(folder, kind)
    starter.wait_for("runner pid")
    threading.Event().wait(delay)
    with contextlib.suppress(ProcessLookupError):  # it had ended before
        way(starter, int(starter.output.split()[2]))
    struck = time.monotonic()
    while (remains := left(LABEL) + _unfinished()) and time.monotonic() - struck < GONE_WITHIN:
        time.sleep(0.05)
    seconds = time.monotonic() - struck
    starter.finish()
    remains += sorted(dangling_volumes() - dangling)
    remains += [f"port {port}" for port in PORTS if not can_bind(port)]
    return seconds, remains


def main(rounds: int, seed: int) -> int:
    """Play; the exit code is 1 if anything was left in any round."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup the runs would ignore it
    chance = random.Random(seed)
    leaks = 0
    times: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _configure(folder)
        lengths = {kind: _whole(folder, kind) for kind in KINDS}
        print(", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in lengths.items()), flush=True)
        for number in range(1, rounds + 1):
            kind, way, moment = chance.choice(list(KINDS)), chance.choice(list(WAYS)), chance.uniform(0, LATEST)
            seconds, remains = play(folder, kind, WAYS[way], moment * lengths[kind])
            times.append(seconds)
            leaks += bool(remains)
            what = f"{kind:<13} {way} at {moment:.0%}"
            bad = f"  LEFT: {' '.join(remains)}" if remains else ""
            print(f"{number:4} {what:<48} gone after {seconds:4.1f} s{bad}", flush=True)
            if remains:
                _clean(folder, "--all")
        if appeared := left(LABEL) + _unfinished():  # since the last look of its round
            leaks += 1
            print(f"LEFT in the end: {' '.join(appeared)}")
        _clean(folder, "--snapshots")
    gone = f"gone after {statistics.median(times):.1f} s (median), {max(times):.1f} s (longest)"
    print(f"seed {seed}: {leaks} leaks in {rounds} rounds; {gone}")
    return bool(leaks)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3 or not all(word.isdigit() for word in sys.argv[1:]):
        sys.exit("Usage: nox -s chaos -- ROUNDS [SEED]")
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) == 3 else random.SystemRandom().randrange(10**6)))
