"""A container that packs a prepared database into a tar stream, and unpacks one: nothing but its volume is in its reach.

What comes from elsewhere may hold anything. That it is put nowhere else, and makes no device, the kernel sees to: all but the
volume is read-only, and the container's root can do little more than own files.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.docker.listing import PROJECT_LABEL
from runner.docker.questions import command, execution
from runner.errors import EnvironmentFailed
from runner.snapshots.causes import told

if TYPE_CHECKING:
    from runner.docker.streams import Streams

# Where a volume is while it is filled, and where the tar has it.
PLACE = "/agent-test-new"
# In seconds, for some 100 MB that one engine has on its disk, and which a client may take over ssh.
CARRIER_LIMIT = 300.0
_MOST_SAID = 10_000
# To own what is PostgreSQL's, and to get into folders of others.
_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER")
_ERRORS = "/tmp/said"  # noqa: S108 - of a container that nobody else has
_PACK = f"tar --numeric-owner -C / -cf - {PLACE[1:]}/cluster {PLACE[1:]}/filestore 2>{_ERRORS}"
_UNPACK = "tar --numeric-owner -C / -xpf - 2>&1"
# What is no copy of ours.
_CHECK = f"""set -eu
no() {{ echo "it holds $1"; exit 1; }}
cd {PLACE}
odd=$(find . ! -type d \\( ! -type f -o -perm -4000 -o -perm -2000 \\) | head -n 1)
[ -z "$odd" ] || no "what is no plain file: $odd"
[ "$(ls -A | sort | tr '\\n' ' ')" = 'cluster filestore ' ] || no 'more or less than a cluster and a filestore'
[ -s cluster/PG_VERSION ] && [ ! -e cluster/postmaster.pid ] || no 'no stopped cluster of PostgreSQL'
"""
# `complete` last, when all is on disk. A run that starts from it looks for that.
SEAL = f"""chmod 755 {PLACE}
sync -f {PLACE}/cluster
: > {PLACE}/complete
sync -f {PLACE}/complete
du -sm {PLACE} | cut -f1
"""


class Unfit(Exception):
    """Why what comes from elsewhere is not taken for a prepared database."""


class Carrier:
    """The container, while it runs."""

    def __init__(self, engine: Engine, streams: "Streams", name: str) -> None:
        self._engine, self._streams, self._name = engine, streams, name

    def pack(self) -> Iterator[bytes]:
        """Return the tar, as it is made. EnvironmentFailed, after what there is of it, if it cannot be made."""
        packing = self._streams.execute(self._name, ["sh", "-c", _PACK], CARRIER_LIMIT)
        yield from packing
        if packing.exit_code:
            said = self._engine.ask(execution(self._name, ["cat", _ERRORS]))[1]
            raise EnvironmentFailed(f"it cannot be read: {told(said)}")

    def unpack(self, tar: Iterable[bytes]) -> None:
        """Put what is in the tar into the volume. Unfit, with tar's words, if that is no such tar; whatever `tar` raises."""
        words = ("exec", "--interactive", self._name, "sh", "-c", _UNPACK)
        unpacking, said = self._streams.run(words, tar, CARRIER_LIMIT), b""
        for piece in unpacking:
            said = (said + piece)[-_MOST_SAID:]
        if unpacking.exit_code:
            raise Unfit(f"it cannot be unpacked: {told(said.decode(errors='replace'))}")

    def seal(self) -> int:
        """Have all of it on disk, whole, and return its megabytes. Unfit if it is no database of ours."""
        exit_code, said = self._engine.ask(execution(self._name, ["sh", "-c", _CHECK + SEAL]).within(CARRIER_LIMIT))
        if exit_code:
            raise Unfit(told(said))
        return int(said)


@contextlib.contextmanager
def carrier(
    engine: Engine, streams: "Streams", project: str, labels: Mapping[str, str], image: Image, volume: str
) -> Iterator[Carrier]:
    """Have one with this volume for the time of the block; `labels`, and that of `project`, tell whose it is if it is left.

    `image`: any with a shell, tar and find. EnvironmentFailed if the engine fails.
    """
    name = f"{project}-carrier"
    engine.command(
        *("run", "--detach", "--pull=never", f"--name={name}", "--user=0:0", "--network=none", "--read-only"),
        *("--cap-drop=ALL", *(f"--cap-add={capability}" for capability in _CAPABILITIES)),
        *("--security-opt=no-new-privileges", "--memory=1g", "--pids-limit=64", "--no-healthcheck"),
        *(f"--label={key}={value}" for key, value in {**labels, PROJECT_LABEL: project}.items()),
        # No volumes of the image's, which would have none of the labels.
        *(f"--mount=type=tmpfs,target={path},readonly" for path in image.config.get("Volumes") or ()),
        *("--tmpfs=/tmp:size=1m", f"--volume={volume}:{PLACE}:nocopy"),
        *("--entrypoint=tail", image.id or image.digest, "-f", "/dev/null"),
    )
    removal = command("container", "rm", "--force", "--volumes", name)
    try:
        yield Carrier(engine, streams, name)
    except Exception:
        with contextlib.suppress(EnvironmentFailed):  # then the guard does it; what was wrong counts
            engine.ask(removal)
        raise
    engine.ask(removal)
