"""How an image is built, by a docker that writes down what it is asked."""

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from runner.docker.inventory import Image
from runner.errors import EnvironmentFailed
from runner.images.build import Build
from runner.images.recipe import Recipe
from runner.images.store import name_of
from tests.unit.fake_engine import FakeEngine, failed, info
from tests.unit.fake_environment import FakeStreams

CONFIG: dict[str, Any] = {"Entrypoint": ["/entry.sh"], "Cmd": None, "Volumes": {"/var/lib/odoo": {}}}
BASE = Image("odoo@sha256:d", CONFIG, "sha256:base")
PIP = Recipe("odoo:18.0", b"files", requirements=("a b.txt",), packages=("git",))
DOCKERFILE = Recipe("odoo:18.0", b"context", dockerfile="Dockerfile")


class Docker:
    """An engine and streams, and a build with them."""

    def __init__(self, home: Path, **environ: str) -> None:
        anything = dict.fromkeys(("run", "commit", "container rm", "buildx version", "image ls", "image rm"), "")
        self.engine = FakeEngine({"info": info, **anything})
        self.engine.client_environ |= {
            "HOME": str(home),
            "XDG_CONFIG_DIRS": str(home),
            "PIP_CONFIG_FILE": "/dev/null",
            **environ,
        }
        self.streams = FakeStreams()
        self.record: list[bytes] = []

    def make(self, recipe: Recipe) -> None:
        labels = {"com.docker.compose.project": "p", "agent-test.repository": "evv"}
        limits: dict[str, Any] = {"mem_limit": "1000", "pids_limit": 7}
        Build(self.engine, self.streams, "p-image", labels, limits, self.record.append).make(
            recipe, recipe.key(BASE.id), BASE, "evv"
        )

    def asked(self, beginning: str) -> str:
        (words,) = [words for words in self.engine.asked if words.startswith(beginning)]
        return words

    @property
    def fed(self) -> dict[str, bytes]:
        with tarfile.open(fileobj=io.BytesIO(self.streams.fed[0][1])) as archive:
            return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


def test_the_container_belongs_to_the_run_and_has_its_limits_and_no_volumes(docker: Docker) -> None:
    docker.make(PIP)
    started = docker.asked("run ")
    assert "--label=com.docker.compose.project=p --label=agent-test.repository=evv" in started
    assert "--memory=1000 --pids-limit=7" in started
    assert "--mount=type=tmpfs,target=/var/lib/odoo" in started
    assert started.endswith("sha256:base 7200")
    # Nothing of docker's configuration, as a proxy's password, becomes a variable of the image.
    assert docker.engine.environs[started]["DOCKER_CONFIG"] == "/nonexistent"
    assert docker.asked("container rm") == "container rm --force --volumes p-image"


def test_the_image_starts_what_its_base_does_and_is_not_of_the_run(docker: Docker) -> None:
    docker.make(PIP)
    commit = docker.asked("commit ")
    assert '--change ENTRYPOINT ["/entry.sh"] --change CMD []' in commit
    assert '--change LABEL com.docker.compose.project="" --change LABEL agent-test.repository=""' in commit
    assert '--change LABEL agent-test.image.made-for="evv"' in commit
    assert commit.endswith(f"p-image {name_of(PIP.key('sha256:base'))}")


def test_pip_gets_its_files_and_the_way_to_its_index_on_standard_input_alone(tmp_path: Path) -> None:
    docker = Docker(tmp_path, PIP_INDEX_URL="https://me:s3cret@firm/simple", HTTPS_PROXY="http://u:pr0xy@p:1")
    docker.make(PIP)
    assert docker.fed["all.txt"] == b"-r 'files/a b.txt'\n"
    assert docker.fed["files.tar"] == b"files"
    assert b"s3cret" in docker.fed["pip.conf"] and b"pr0xy" in docker.fed["proxies"]
    ((words, _, variables),) = docker.streams.fed
    assert words[-1] == "git"
    assert not [text for text in (*docker.engine.asked, *words, *variables.values()) if "s3cret" in text or "pr0xy" in text]


def test_pip_is_told_of_tools_in_a_file_of_their_own(docker: Docker) -> None:
    docker.make(Recipe("odoo:18.0", b"", tools=("coverage~=7.0", "debugpy~=1.8.0")))
    assert docker.fed["tools.txt"] == b"coverage~=7.0\ndebugpy~=1.8.0\n"
    assert "all.txt" not in docker.fed
    docker.streams.fed.clear()
    docker.make(PIP)
    assert "tools.txt" not in docker.fed


def test_what_is_secret_is_in_no_record_and_no_error(tmp_path: Path) -> None:
    docker = Docker(tmp_path, PIP_INDEX_URL="https://me:s3cret@firm/simple")
    docker.streams.says = (b"\x1b[91mnot found at s3cret\x1b[0m\nthe end", 1)
    with pytest.raises(
        EnvironmentFailed, match=r"with a b.txt, git cannot be built \(exit code 1\):\nnot found at \*\*\*\nthe end"
    ):
        docker.make(PIP)
    assert docker.record[1:] == [b"not found at ***\n", b"the end\n"]


def test_a_build_that_fails_becomes_no_image(docker: Docker) -> None:
    docker.streams.says = (b"", 1)
    with pytest.raises(EnvironmentFailed):
        docker.make(PIP)
    assert [words.split()[0] for words in docker.engine.asked] == ["info", "run"]


def test_the_builder_gets_the_folder_the_base_and_the_proxies_by_its_environment(tmp_path: Path) -> None:
    docker = Docker(tmp_path, http_proxy="http://u:pr0xy@p:1")
    docker.engine.answers["buildx version"] = "github.com/docker/buildx 0.13"
    docker.make(DOCKERFILE)
    ((words, context, variables),) = docker.streams.fed
    assert context == b"context"
    assert words[:5] == ("build", "--file", "Dockerfile", "--tag", name_of(DOCKERFILE.key("sha256:base")))
    assert words[-3:] == ("--build-arg=BASE", "--build-arg=http_proxy", "-")
    assert variables == {"DOCKER_BUILDKIT": "1", "BASE": "odoo:18.0", "http_proxy": "http://u:pr0xy@p:1"}


def test_without_buildx_the_classic_builder_leaves_no_containers_nor_what_it_has_made_before_it_failed(docker: Docker) -> None:
    docker.engine.answers |= {"buildx version": failed("unknown command"), "image ls": "0123456789ab\nother\n"}
    docker.streams.says = (b"Step 1\n ---> aaaaaaaaaaaa\nStep 2\n ---> 0123456789ab\n ---> Running in bbbbbbbbbbbb\nno", 1)
    with pytest.raises(EnvironmentFailed, match=r"no$"):
        docker.make(DOCKERFILE)
    ((words, _, variables),) = docker.streams.fed
    assert "--force-rm" in words and variables["DOCKER_BUILDKIT"] == "0"
    assert docker.asked("image rm") == "image rm 0123456789ab"


def test_a_step_that_is_somebody_s_image_stays(docker: Docker) -> None:
    docker.engine.answers["image ls"] = "other\n"
    docker.streams.says = (b" ---> 0123456789ab\nno", 1)
    with pytest.raises(EnvironmentFailed):
        docker.make(DOCKERFILE)
    assert not [words for words in docker.engine.asked if words.startswith("image rm")]


def test_a_line_without_an_end_is_recorded_in_parts(docker: Docker) -> None:
    docker.streams.says = (b"x" * 200_000, 0)
    docker.make(PIP)
    assert docker.record[0] == b"Building an image with a b.txt, git, on odoo:18.0\n"
    assert b"".join(docker.record[1:]) == b"x" * 200_000
