"""A `docker` that keeps its containers, networks and volumes as files, and misbehaves where it is told to."""

import os
import shlex
import shutil
from pathlib import Path

from runner.docker.listing import CONTAINERS
from runner.docker.process import Endpoint

# In a shell, not in Python: it is started dozens of times in a test. The folder is written into it, not passed in the
# environment, so that it works for whoever starts it.
_SCRIPT = """#!/bin/sh
state=FOLDER
edit() { sed "$1" "$2" >"$state/edited-$$" && mv "$state/edited-$$" "$2"; }  # `sed -i` is not the same everywhere
echo "$*" >>"$state/calls"
env >"$state/environ"
case "$1" in
ps | rm | container) kind=containers ;;
network | volume) kind="$1s" ;;
info) kind=info ;;
*) echo "docker: '$1' is not expected" >&2; exit 64 ;;
esac
if [ -e "$state/hang" ]; then exec sleep 1000; fi
if [ -s "$state/hangs-$kind" ] && [ "$1" != ps ] && [ "$2" != ls ]; then
    edit 1d "$state/hangs-$kind"
    exec sleep 1000
fi
case "$1 $2" in
'network inspect')
    cd "$state/uses/$3" 2>/dev/null || { echo "Error: No such network: $3" >&2; exit 1; }
    for name in *; do here="$here\\"id-$name\\": {\\"Name\\": \\"$name\\"},"; done
    echo "[{\\"Name\\": \\"$3\\", \\"Containers\\": {${here%,}}}]"
    exit 0
    ;;
'network disconnect')
    used="$state/uses/$4/$5"
    [ -e "$used" ] || { echo "Error response from daemon: container $5 is not connected to network $4" >&2; exit 1; }
    if [ -s "$used" ]; then edit 1d "$used"; else rm "$used"; fi
    exit 0
    ;;
'ps -aq')
    for word in "$@"; do
        case "$word" in volume=*) ls "$state/uses/${word#volume=}" 2>/dev/null ;; esac
    done
    exit 0
    ;;
'container inspect')
    for volume in "$state"/uses/*; do
        [ ! -e "$volume/$3" ] || mounts="$mounts{\\"Type\\": \\"volume\\", \\"Name\\": \\"${volume##*/}\\"},"
    done
    goes=false
    [ ! -e "$state/goes/$3" ] || goes=true
    about="\\"Name\\": \\"/$3\\", \\"State\\": {\\"Status\\": \\"running\\"}, \\"Mounts\\": [${mounts%,}]"
    echo "[{$about, \\"HostConfig\\": {\\"AutoRemove\\": $goes}}]"
    exit 0
    ;;
'ps -a' | 'network ls' | 'volume ls' | 'info --format')
    if [ -e "$state/$kind-next" ]; then
        read -r next <"$state/$kind-next"
        edit 1d "$state/$kind-next"
        [ -s "$state/$kind-next" ] || rm "$state/$kind-next"
        case "$next" in
        fine) ;;
        hang) exec sleep 1000 ;;
        'print '*) echo "${next#print }"; exit 0 ;;
        *) echo "$next" >&2; exit 1 ;;
        esac
    fi
    if [ $kind = info ]; then cat "$state/id"; exit 0; fi
    projects=*
    for word in "$@"; do
        case "$word" in
        label=com.docker.compose.project=*) projects=${word##*=} ;;
        label=agent-test.guard-of=*) projects=guard-of-${word##*=} ;;
        esac
    done
    # Only what the whole engine has is listed without a project.
    [ "$projects" != '*' ] || [ "$kind" = volumes ] || [ -e "$state/shows-all" ] || exit 65
    for file in "$state"/projects/$projects/$kind/*; do
        [ -e "$file" ] || continue
        project=${file#"$state/projects/"}
        case "$*" in
        *Label*) printf '["%s","","%s","","","",""]\\n' "${file##*/}" "${project%%/*}" ;;
        *json*) printf '["%s",""]\\n' "${file##*/}" ;;
        *) echo "${file##*/}" ;;
        esac
    done
    case "$*" in *Label*) cat "$state/snapshots" 2>/dev/null ;; esac
    # What a client asked for that was killed: the daemon finishes it after it has said that there is nothing.
    for late in "$state"/late/$projects/$kind; do
        [ -d "$late" ] || continue
        here="$state/projects/${late#"$state/late/"}"
        mkdir -p "$here"
        mv "$late"/* "$here"
        rm -r "$late"
    done
    exit 0
    ;;
esac
failed=0
for name in "$@"; do
    case "$name" in rm | network | volume | -*) continue ;; esac
    if [ -e "$state/resists/$name" ]; then
        echo "Error response from daemon: $name is still in use" >&2
        failed=1
    elif [ -n "$(ls "$state/uses/$name" 2>/dev/null)" ]; then
        echo "Error response from daemon: $name is in use by others" >&2
        failed=1
    elif grep -q "^.\\"$name\\"," "$state/snapshots" 2>/dev/null; then
        edit "/^.\\"$name\\",/d" "$state/snapshots"
    elif ! rm "$state"/projects/*/"$kind/$name" 2>/dev/null; then
        echo "Error: No such $kind: $name" >&2
        failed=1
    fi
done
exit $failed
"""


class FakeDocker:
    """The state of the fake engine, and what can be done to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        program = self.bin / "docker"
        program.write_text(_SCRIPT.replace("FOLDER", shlex.quote(str(folder))))
        program.chmod(0o755)
        self.be_engine("the-engine-of-the-test")

    @property
    def endpoint(self) -> Endpoint:
        """What a client needs to reach this engine, wherever `docker` in PATH is."""
        return Endpoint({"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "DOCKER_HOST": "unix:///of/the/test"})

    def be_engine(self, engine_id: str) -> None:
        """From here on be the engine with this ID."""
        (self.folder / "id").write_text(f'"{engine_id}"\n')

    def create(self, project: str, kind: str, name: str) -> None:
        """Put a resource there."""
        self._touch(self.folder / "projects" / project / kind / name)

    def create_guard(self, project: str, name: str) -> None:
        """Put the project's guard at the engine there."""
        self.create(f"guard-of-{project}", CONTAINERS, name)

    def create_after_a_listing(self, project: str, kind: str, name: str) -> None:
        """A resource that appears right after the next listing of its kind."""
        self._touch(self.folder / "late" / project / kind / name)

    def begin_snapshot(self, project: str, name: str, generation: str = "") -> None:
        """The volume of a prepared database that the project's run is making; with a generation, one of data that lasts."""
        with (self.folder / "snapshots").open("a") as file:
            makers = ("", project) if generation else (project, "")
            file.write(f'["{name}","","","{makers[0]}","","{makers[1]}","{generation}"]\n')

    def publish_snapshot(self, name: str) -> None:
        """Its marker, or that of a generation."""
        with (self.folder / "snapshots").open("a") as file:
            file.write(f'["{name}-ready","","","","{name}","",""]\n')

    @property
    def snapshots(self) -> list[str]:
        """The volumes of prepared databases."""
        return [line.split('"')[1] for line in (self.folder / "snapshots").read_text().splitlines()]

    def resist(self, name: str) -> None:
        """Refuse to remove this resource."""
        self._touch(self.folder / "resists" / name)

    def use(self, name: str, container: str, *, goes: bool = False, reconnects: int = 0) -> None:
        """Have somebody else's container on a network, or with a volume; `goes`: the engine removes it when it ends.

        `reconnects`: how often it is there again at once when it is disconnected.
        """
        self._touch(self.folder / "uses" / name / container)
        (self.folder / "uses" / name / container).write_text("again\n" * reconnects)
        if goes:
            self._touch(self.folder / "goes" / container)

    def end_use(self, name: str, container: str) -> None:
        """The container is gone."""
        (self.folder / "uses" / name / container).unlink()

    def hang_in_removals(self, kind: str, times: int) -> None:
        """Answer the next removals of this kind never."""
        (self.folder / f"hangs-{kind}").write_text("once\n" * times)

    def show_all(self) -> None:
        """List also what is asked for without its project."""
        self._touch(self.folder / "shows-all")

    def fail(self, kind: str, *messages: str) -> None:
        """Fail the next listings of this kind (`info`: the next questions for the ID), each with its message.

        Not a message, but a listing of its own kind: `fine`, `hang` (no answer), `print WORDS` (in the place of the answer).
        """
        (self.folder / f"{kind}-next").write_text("".join(f"{message}\n" for message in messages))

    def hang(self) -> None:
        """Answer nothing from here on."""
        self._touch(self.folder / "hang")

    def recover(self) -> None:
        """Answer again, and remove what resisted."""
        (self.folder / "hang").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "resists", ignore_errors=True)

    def empty(self, project: str) -> None:
        """Have nothing of a project any more."""
        shutil.rmtree(self.folder / "projects" / project)

    def names(self, project: str) -> list[str]:
        """All that is left of a project, as `kind/name`."""
        here = self.folder / "projects" / project
        return sorted(str(file.relative_to(here)) for file in here.glob("*/*"))

    @property
    def calls(self) -> list[str]:
        """The arguments of every call so far."""
        calls = self.folder / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    @property
    def environ(self) -> list[str]:
        """The environment of the last call, as NAME=value."""
        return (self.folder / "environ").read_text().splitlines()

    def _touch(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
