"""The runner's end of the guard at the engine: what it starts, when that stands, and why it does not."""

import json
from collections.abc import Callable

import pytest

from runner.cleanup.engine_guard import EngineGuard, NoEngineGuard, is_wanted
from runner.docker.engine import Engine
from runner.docker.inventory import Image
from runner.docker.whereabouts import Whereabouts
from runner.errors import EnvironmentFailed
from tests.unit.scripted_docker import ScriptedDocker

HERE, FAR, AROUND = Whereabouts(), Whereabouts("far"), Whereabouts(mounts={})
IMAGE = Image("odoo@sha256:of-all-platforms", {"Volumes": {"/var/lib/odoo": {}}}, "sha256:odoo")

Start = Callable[..., EngineGuard]


@pytest.fixture
def start(script: ScriptedDocker) -> Start:
    def start(does: str, image: Image | None = IMAGE, **variables: str) -> EngineGuard:
        script.run(does)
        engine = Engine(script.endpoint)
        engine.endpoint = engine.endpoint.__class__({**engine.endpoint.environ, **variables})
        engine.client_environ = {**engine.endpoint.environ, "AGENT_TEST_TOKEN": "t"}
        return EngineGuard(engine, "p", "t", image=image, labels={"agent-test.repository": "evv"}, longest=5.0)

    return start


def why_not(guard: EngineGuard) -> str:
    with pytest.raises(NoEngineGuard) as caught:
        guard.wait_until_ready()
    return str(caught.value)


@pytest.mark.parametrize(
    ("setting", "whereabouts", "expected"),
    [
        ("auto", HERE, False),
        ("auto", FAR, True),
        ("auto", AROUND, True),
        ("local", FAR, False),
        ("local", AROUND, False),
        ("engine", HERE, True),
    ],
)
def test_it_is_wanted_where_the_local_one_may_go_with_the_runner(
    setting: str, whereabouts: Whereabouts, expected: bool
) -> None:
    assert is_wanted(setting, whereabouts) is expected


def test_it_gets_the_socket_and_nothing_else_and_stands_as_soon_as_it_says_so(start: Start, script: ScriptedDocker) -> None:
    guard = start('for word in "$@"; do echo "$word"; done >"$here/words"; env >"$here/env"; echo ready; cat')
    guard.wait_until_ready()
    assert not guard.has_ended
    guard.close()
    assert guard.has_ended
    words = (script.folder / "words").read_text().splitlines()
    options = words[: words.index("sha256:odoo")]
    assert options[:5] == ["run", "--interactive", "--rm", "--name", "p-guard"]
    labels = [word for word in options if word.startswith("--label")]
    assert labels == ["--label=agent-test.repository=evv", "--label=agent-test.guard-of=p"]
    mounts = [word.removeprefix("--mount=") for word in options if word.startswith(("type=", "--mount="))]
    assert mounts == ["type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock", "type=tmpfs,target=/var/lib/odoo"]
    for expected in ("--user=0:0", "--cap-drop=ALL", "--network=none", "--read-only", "--entrypoint=python3"):
        assert expected in options
    assert words[words.index("sha256:odoo") + 1 :][:3] == ["-I", "-S", "-c"]
    told = json.loads(words[-1])
    assert (told["name"], told["project"], told["longest"]) == ("p-guard", "p", 5.0)
    # Not the run's own token: the client must not end before the guard does.
    assert "AGENT_TEST_TOKEN=t-guard" in (script.folder / "env").read_text().splitlines()


def test_it_is_armed_once_it_stands_and_its_standard_input_stays_open(start: Start, script: ScriptedDocker) -> None:
    guard = start('echo ready; read -r line; echo "$line" >"$tell"; cat')
    guard.wait_until_ready()
    assert script.told() == ["arm"]
    assert not guard.has_ended
    guard.close()


@pytest.mark.parametrize(
    ("does", "reason"),
    [
        (
            "echo 'docker: Error response from daemon: bind source path does not exist: /var/run/docker.sock' >&2; echo >&2;"
            " echo \"Run 'docker run --help' for more information\" >&2; exit 125",
            "bind source path does not exist: /var/run/docker.sock",
        ),
        ("echo 'the socket is that of another engine' >&2; exit 1", "the socket is that of another engine"),
        ("printf 'Traceback:\\n  line\\nPermissionError: [Errno 13]\\n' >&2; exit 1", "PermissionError: [Errno 13]"),
        ("echo nonsense; cat", "it said 'nonsense'"),
        ("exit 0", "it said ''"),
    ],
)
def test_why_it_does_not_stand_is_told_in_a_line(start: Start, does: str, reason: str) -> None:
    guard = start(does)
    assert why_not(guard) == reason
    guard.close()


def test_one_that_says_nothing_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.cleanup.engine_guard._READY_TIMEOUT", 0.1)
    guard = start("exec cat")
    assert "did not answer within" in why_not(guard)
    assert guard.has_ended


def test_without_a_socket_or_an_image_nothing_is_started(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    assert why_not(start("exit 99", None)) == "the engine does not have the image of Odoo that repos.yaml names"
    monkeypatch.setattr(Engine, "whereabouts", AROUND)
    guard = start("exit 99")
    assert why_not(guard) == "it is not known which file of the engine's machine is its socket"
    guard.close()


def test_it_is_removed_with_force_and_one_that_is_gone_is_no_error(start: Start, script: ScriptedDocker) -> None:
    guard = start("echo ready; cat")
    script.answer({"container rm": (0, "", "")})
    guard.remove()
    assert "container rm --force --volumes p-guard" in script.calls
    script.answer({"container rm": (1, "", "Error: No such container: p-guard")})
    guard.remove()
    script.answer({"container rm": (1, "", "the engine is stopping")})
    with pytest.raises(EnvironmentFailed, match="the engine is stopping"):
        guard.remove()
    guard.close()
