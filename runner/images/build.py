"""Build an image: in a container of the run's own, which becomes the image, or by docker's builder from a Dockerfile.

In a container, as that is the same for every engine and builder, and as what pip has to know of a registry of the user's own
then comes on the standard input of one command, into memory: it is in no layer, no history and no command line.
"""

import contextlib
import io
import json
import re
import shlex
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.docker import questions
from runner.docker.endpoint import proxies_of
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.docker.messages import tail
from runner.docker.questions import BUILD_LIMIT, COPY_LIMIT
from runner.errors import EnvironmentFailed
from runner.images.index import Index, index_of
from runner.images.recipe import Recipe
from runner.images.store import labels_of, name_of
from runner.odoo.command import TOOLS_FOLDER

if TYPE_CHECKING:
    from runner.docker.streams import Execution, Streams

# In the container, in memory: nothing of it gets into the image.
_WORK = "/dev/shm/agent-test"  # noqa: S108 - of a container that nobody else has
# What pip installs, apart: the system's package manager lets pip replace nothing of its own, also where that is too old.
_PLACE = "/opt/agent-test"
# Have the system's Python look there first, but for what is its own.
_SEE = """
import os, site, sys
line = (
    "import sys; sys.path.insert(next((at for at, path in enumerate(sys.path) if path.endswith(\\"-packages\\")), "
    f"len(sys.path)), {sys.argv[1]!r})"
)
folder = site.getsitepackages()[0]
os.makedirs(folder, exist_ok=True)
with open(folder + "/agent-test.pth", "w") as file:
    file.write(line + "\\n")
"""
# Odoo is there with all that it needs: what its packaging says of that must not have pip install it anew, for an addon's sake.
_ODOO_ALONE = """
import os, sys
try:
    from importlib.metadata import version
    number = version("odoo")
except ImportError:
    sys.exit()
folder = os.path.join(sys.argv[1], "odoo-" + number + ".dist-info")
os.mkdir(folder)
with open(os.path.join(folder, "METADATA"), "w") as file:
    file.write("Metadata-Version: 2.1\\nName: odoo\\nVersion: " + number + "\\n")
"""
# The arguments are packages. What apt-get has loaded of lists and packages would only make the image larger.
_INSTALL = f"""set -eu
umask 022
mkdir -m 700 {_WORK}
cd {_WORK}
tar -xf -
mkdir home files
tar -xf files.tar -C files
. ./proxies
export HOME={_WORK}/home DEBIAN_FRONTEND=noninteractive
if [ -e all.txt -o -e tools.txt ] && ! python3 -m pip --version >/dev/null 2>&1; then
    set -- "$@" python3-pip
fi
if [ $# -gt 0 ]; then
    command -v apt-get >/dev/null || {{ echo 'the image has no apt-get: use `dockerfile` instead'; exit 1; }}
    apt() {{ apt-get -q -o Acquire::Check-Valid-Until=false -o Acquire::Languages=none -o Dpkg::Use-Pty=0 "$@" </dev/null; }}
    apt update
    apt install -y --no-install-recommends "$@"
    apt clean
    rm -rf /var/lib/apt/lists/*
fi
export PIP_CONFIG_FILE={_WORK}/pip.conf NETRC={_WORK}/netrc PIP_DISABLE_PIP_VERSION_CHECK=1
[ ! -e certificates ] || export PIP_CERT={_WORK}/certificates
pip_install() {{ python=$1; shift; "$python" -m pip install --no-input --no-cache-dir --progress-bar=off "$@" </dev/null; }}
if [ -e all.txt ]; then
    python3 -m venv --system-site-packages --without-pip {_PLACE}
    packages=$({_PLACE}/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    {_PLACE}/bin/python -c '{_ODOO_ALONE}' "$packages"
    pip_install {_PLACE}/bin/python -r all.txt
    rm -rf "$packages"/odoo-*.dist-info
    python3 -c '{_SEE}' "$packages"
    find {_PLACE}/bin -type f -perm -1 ! -name 'activate*' -exec ln -sf -t /usr/local/bin {{}} +
fi
if [ -e tools.txt ]; then
    pip_install python3 --target={TOOLS_FOLDER} -r tools.txt
fi
"""
# docker's client would give the container the proxies of its configuration as variables, which then were the image's.
_WITHOUT_PROXIES = {"DOCKER_CONFIG": "/nonexistent"}
_LIMITS = {"mem_limit": "memory", "memswap_limit": "memory-swap", "pids_limit": "pids-limit", "cpus": "cpus"}
# Bytes: of a line, and of the end of what a build says.
_LONGEST, _MOST_SAID = 65_536, 20_000
# The classic builder shows what comes on the second stream in red.
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
# What the classic builder says of each step that it has done.
_STEP = re.compile(rb"^ ---> ([0-9a-f]{12})\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Build:
    """The building of one image: `name` of its container, which gets these `labels` and `limits` as of a service.

    `record` gets all that is said meanwhile, a line each.
    """

    engine: Engine
    streams: "Streams"
    name: str
    labels: Mapping[str, str]
    limits: Mapping[str, object]
    record: Callable[[bytes], None]

    def make(self, recipe: Recipe, key: str, base: Image, repository: str) -> None:
        """Build the image with this key, which has its name only once it is whole. EnvironmentFailed with what was said last.

        The container is removed once it is not needed, and else by who removes all that has its labels.
        """
        labels = labels_of(key, repository, base.id, self.engine.info.now)
        index = index_of(self.engine.client_environ, proxies_of(self.engine.client_environ))
        if recipe.dockerfile:
            self._by_builder(recipe, name_of(key), labels, index)
        else:
            self._in_container(recipe, base, name_of(key), labels, index)

    def _in_container(self, recipe: Recipe, base: Image, name: str, labels: Mapping[str, str], index: Index) -> None:
        words = (
            *("run", "--detach", "--name", self.name, "--entrypoint=sleep"),
            *(f"--label={label}={value}" for label, value in self.labels.items()),
            *(f"--{_LIMITS[key]}={value}" for key, value in self.limits.items()),
            # No volumes of the image's, which would have none of the labels.
            *(f"--mount=type=tmpfs,target={path}" for path in base.config.get("Volumes") or ()),
            *(base.id, f"{2 * BUILD_LIMIT:.0f}"),
        )
        self.engine.ask(replace(questions.command(*words), variables=_WITHOUT_PROXIES))
        words = ("exec", "--interactive", "--user=0:0", self.name, "sh", "-c", _INSTALL, "sh", *recipe.packages)
        self._follow(self.streams.run(words, iter([_input(recipe, index)]), BUILD_LIMIT), recipe, index.secrets)
        # The labels of the run, of which docker cannot leave out any, must not be those of the image's containers.
        labels = {**dict.fromkeys(self.labels, ""), **labels}
        changes = [
            f"ENTRYPOINT {json.dumps(base.config.get('Entrypoint') or [])}",
            f"CMD {json.dumps(base.config.get('Cmd') or [])}",
            *(f"LABEL {label}={json.dumps(value)}" for label, value in labels.items()),
        ]
        changed = [word for change in changes for word in ("--change", change)]
        self.engine.command("commit", *changed, self.name, name, limit=COPY_LIMIT)
        self.engine.command("container", "rm", "--force", "--volumes", self.name)

    def _by_builder(self, recipe: Recipe, name: str, labels: Mapping[str, str], index: Index) -> None:
        has_buildx = self._has_buildx()
        arguments = {"BASE": recipe.base, **index.proxies}
        words = (
            *("build", "--file", recipe.dockerfile, "--tag", name),
            *(("--load", "--progress=plain") if has_buildx else ("--rm", "--force-rm")),
            *(f"--label={label}={value}" for label, value in labels.items()),
            # By the client's environment: what a proxy's address says is in no command line.
            *(f"--build-arg={argument}" for argument in arguments),
            "-",
        )
        execution = self.streams.run(
            words, iter([recipe.files]), BUILD_LIMIT, DOCKER_BUILDKIT=str(int(has_buildx)), **arguments
        )
        said = bytearray()
        try:
            self._follow(execution, recipe, index.secrets, said)
        except BaseException:
            with contextlib.suppress(EnvironmentFailed):
                self._forget_steps(bytes(said))
            raise

    def _has_buildx(self) -> bool:
        with contextlib.suppress(EnvironmentFailed):
            return bool(self.engine.command("buildx", "version"))
        return False

    def _forget_steps(self, said: bytes) -> None:
        """Remove what the classic builder has made of an image before it failed."""
        steps = _STEP.findall(said)
        dangling = self.engine.command("image", "ls", "--quiet", "--filter", "dangling=true").split()
        if steps and (last := steps[-1].decode()) in dangling:
            self.engine.command("image", "rm", last)

    def _follow(self, execution: "Execution", recipe: Recipe, secrets: Iterable[str], said: bytearray | None = None) -> None:
        said = bytearray() if said is None else said
        self.record(f"Building an image with {recipe.told}, on {recipe.base}\n".encode())
        for line in _lines(execution):
            line = _COLOUR.sub(b"", line)  # noqa: PLW2901
            for secret in secrets:
                line = line.replace(secret.encode(), b"***")  # noqa: PLW2901
            self.record(line)
            said += line
            del said[:-_MOST_SAID]
        if execution.exit_code:
            why = tail(said.decode(errors="replace"))
            raise EnvironmentFailed(
                f"The image with {recipe.told} cannot be built (exit code {execution.exit_code}):\n{why}".rstrip()
            )


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line + b"\n" for line in lines)
        if len(rest) > _LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest + b"\n"


def _input(recipe: Recipe, index: Index) -> bytes:
    """What the container gets, as a tar."""
    files = {**index.files, "files.tar": recipe.files}
    if recipe.requirements:
        files["all.txt"] = "".join(f"-r {shlex.quote(f'files/{name}')}\n" for name in recipe.requirements).encode()
    if recipe.tools:
        files["tools.txt"] = "".join(f"{tool}\n" for tool in recipe.tools).encode()
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()
