"""Which engine docker's client means is settled once, and nothing that the user does meanwhile changes it."""

import json
import pwd
import socket
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from runner.docker import endpoint as endpoint_module
from runner.docker.endpoint import is_local, no_proxy_of, pin, settle
from runner.docker.process import client_environ
from runner.errors import EngineStalled, EngineUnavailable
from tests.unit.processes import PATIENCE
from tests.unit.scripted_docker import ScriptedDocker

# As `docker context inspect` says it.
INSPECTED = {
    "Name": "far",
    "Metadata": {},
    "Endpoints": {"docker": {"Host": "tcp://far:2376", "SkipTLSVerify": False}},
    "TLSMaterial": {},
    "Storage": {"MetadataPath": "/nowhere/meta", "TLSPath": "/nowhere/tls"},
}


def use_context(folder: Path, context: str | None) -> None:
    """What `docker context use` writes; None for the default one."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {}} | ({"currentContext": context} if context else {})))


def pinned_of(environ: dict[str, str]) -> dict[str, str]:
    """The pinned environment, without what Compose is told in every one."""
    return without_compose(pin(environ))


def without_compose(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if value != client_environ({}).get(name)}


def settled(script: ScriptedDocker, inspected: object, **environ: str) -> dict[str, str]:
    """The endpoint where docker says so of a context; without PATH."""
    script.answer({"context inspect": (0, json.dumps(inspected), "")})
    endpoint = without_compose(settle({**script.environ, **environ}).environ)
    del endpoint["PATH"]
    return endpoint


def test_docker_host_comes_before_every_context(tmp_path: Path) -> None:
    use_context(tmp_path, "current")
    environ = {"DOCKER_HOST": "tcp://one", "DOCKER_CONTEXT": "far", "DOCKER_CONFIG": str(tmp_path)}
    assert pinned_of(environ) == environ
    del environ["DOCKER_CONTEXT"]
    assert pinned_of(environ) == environ


def test_docker_context_comes_before_the_current_one(tmp_path: Path) -> None:
    use_context(tmp_path, "current")
    environ = {"DOCKER_CONTEXT": "far", "DOCKER_CONFIG": str(tmp_path)}
    assert pinned_of(environ) == environ


def test_else_it_is_the_current_context_of_the_configuration(tmp_path: Path) -> None:
    use_context(tmp_path / ".docker", "at home")
    use_context(tmp_path / "configured", "configured")
    assert pin({"HOME": str(tmp_path)})["DOCKER_CONTEXT"] == "at home"
    assert pin({"HOME": str(tmp_path), "DOCKER_CONFIG": ""})["DOCKER_CONTEXT"] == "at home"
    assert pin({"HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path / "configured")})["DOCKER_CONTEXT"] == "configured"
    assert pin({"HOME": str(tmp_path), "DOCKER_HOST": "", "DOCKER_CONTEXT": ""})["DOCKER_CONTEXT"] == "at home"


@pytest.mark.parametrize(
    "content", [None, b"", b"no JSON", b"\xff", b"[]", b"null", b"{}", b'{"currentContext": ""}', b"[" * 100_000]
)
def test_without_a_configuration_that_names_one_it_is_the_default(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    assert pin({"DOCKER_CONFIG": str(tmp_path)})["DOCKER_CONTEXT"] == "default"
    assert pin({})["DOCKER_CONTEXT"] == "default"


def test_what_compose_reads_and_the_token_of_another_run_do_not_get_through(script: ScriptedDocker) -> None:
    given = {
        "COMPOSE_FILE": "x",
        "COMPOSE_PROJECT_NAME": "y",
        "AGENT_TEST_TOKEN": "z",
        "DOCKER_HOST": "tcp://one",
        "LANG": "C",
    }
    assert pinned_of(given) == {"DOCKER_HOST": "tcp://one", "LANG": "C"}
    assert settled(script, [INSPECTED], **given) == {"DOCKER_HOST": "tcp://one", "LANG": "C"}
    del given["DOCKER_HOST"]
    assert settled(script, [INSPECTED], **given, DOCKER_CONTEXT="far") == {"DOCKER_HOST": "tcp://far:2376", "LANG": "C"}


def test_without_a_home_it_is_that_of_the_user_s_entry_as_for_docker_s_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_context(tmp_path / ".docker", "at home")
    entry = pwd.struct_passwd(("me", "x", 1, 1, "", str(tmp_path), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: entry)
    assert pin({})["DOCKER_CONTEXT"] == pin({"HOME": ""})["DOCKER_CONTEXT"] == "at home"


def test_a_relative_socket_and_relative_programs_are_those_of_the_user_s_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pinned = pinned_of({"DOCKER_HOST": "unix://engine.sock", "PATH": "bin:/usr/bin:", "HOME": "."})
    assert pinned == {
        "DOCKER_HOST": f"unix://{tmp_path}/engine.sock",
        "PATH": f"{tmp_path}/bin:/usr/bin:{tmp_path}",
        "HOME": str(tmp_path),
    }
    for host in ("unix:///run/docker.sock", "tcp://far:2376", "ssh://me@far", "unix://"):
        assert pin({"DOCKER_HOST": host})["DOCKER_HOST"] == host


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_context_with_a_name_that_no_program_can_be_given_is_an_error_and_no_defect(
    script: ScriptedDocker, name: str
) -> None:
    with pytest.raises(EngineStalled, match="docker cannot be started"):
        settle({**script.environ, "DOCKER_CONTEXT": name})


def test_relative_folders_are_those_of_the_user_s_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    use_context(tmp_path / "configured", "far")
    pinned = pinned_of({"DOCKER_CONFIG": "configured", "DOCKER_CERT_PATH": "certificates"})
    assert pinned == {
        "DOCKER_CONFIG": str(tmp_path / "configured"),
        "DOCKER_CERT_PATH": str(tmp_path / "certificates"),
        "DOCKER_CONTEXT": "far",
    }


def test_a_host_and_the_default_context_stay_as_they_are_and_docker_is_asked_nothing(script: ScriptedDocker) -> None:
    tls = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/certificates"}
    assert settled(script, None, DOCKER_HOST="tcp://one", **tls) == {"DOCKER_HOST": "tcp://one", **tls}
    assert settled(script, None) == {"DOCKER_CONTEXT": "default"}
    assert script.calls == []


@pytest.mark.parametrize(
    ("skip_verify", "variable"), [(False, "DOCKER_TLS_VERIFY"), (True, "DOCKER_TLS")], ids=["verified", "not verified"]
)
def test_a_context_is_replaced_by_its_host_and_its_tls_files(
    script: ScriptedDocker, tmp_path: Path, skip_verify: bool, variable: str
) -> None:
    (tmp_path / "docker").mkdir()
    inspected = INSPECTED | {
        "Endpoints": {"docker": {"Host": "tcp://far:2376", "SkipTLSVerify": skip_verify}},
        "Storage": {"TLSPath": str(tmp_path)},
    }
    endpoint = settled(script, [inspected], DOCKER_CONTEXT="far", DOCKER_TLS_VERIFY="1", DOCKER_TLS="1")
    assert endpoint == {"DOCKER_HOST": "tcp://far:2376", "DOCKER_CERT_PATH": str(tmp_path / "docker"), variable: "1"}
    assert script.calls == ["context inspect far"]


def test_a_context_without_tls_files_is_its_host_alone(script: ScriptedDocker) -> None:
    for storage in ({"TLSPath": "/nowhere"}, {}, None):
        endpoint = settled(script, [INSPECTED | {"Storage": storage}], DOCKER_CONTEXT="far", DOCKER_TLS_VERIFY="1")
        assert endpoint == {"DOCKER_HOST": "tcp://far:2376"}


@pytest.mark.parametrize(("first", "host", "context"), [("far", "tcp://far:2376", ""), (None, "", "default")])
def test_a_switch_of_the_context_afterwards_moves_no_client(
    script: ScriptedDocker, tmp_path: Path, first: str | None, host: str, context: str
) -> None:
    script.answer({"context inspect": (0, json.dumps([INSPECTED]), "")})
    use_context(tmp_path, first)
    endpoint = settle({**script.environ, "DOCKER_CONFIG": str(tmp_path)})
    use_context(tmp_path, "another")
    script.run('echo "$DOCKER_HOST,$DOCKER_CONTEXT"')
    assert endpoint.start("info").output(time.monotonic() + PATIENCE) == f"{host},{context}\n"


def test_a_context_that_does_not_exist_is_no_matter_of_the_daemon(script: ScriptedDocker) -> None:
    said = 'context "far": context not found: open /x/meta.json: no such file or directory\n'
    script.answer({"context inspect": (1, "[]\n", said)})
    with pytest.raises(EngineUnavailable, match=r"Docker does not find its context: context \"far\"(.|\n)*docker context ls"):
        settle({**script.environ, "DOCKER_CONTEXT": "far"})


def test_a_context_that_cannot_be_read_is_named_also_where_docker_says_nothing(script: ScriptedDocker) -> None:
    script.answer({"context inspect": (1, "", "")})
    with pytest.raises(EngineUnavailable, match="context 'far' cannot be read"):
        settle({**script.environ, "DOCKER_CONTEXT": "far"})


@pytest.mark.parametrize(
    "output",
    ["no JSON", "", "[]", "[{}, {}]", "{}", "null", "[7]", '[{"Endpoints": {}}]', '[{"Endpoints": {"docker": null}}]'],
)
def test_a_context_of_which_docker_names_no_engine_is_an_error_with_its_name(script: ScriptedDocker, output: str) -> None:
    script.answer({"context inspect": (0, output, "")})
    with pytest.raises(EngineUnavailable, match=r"context 'far' of docker names no engine.\nSee: docker context inspect far"):
        settle({**script.environ, "DOCKER_CONTEXT": "far"})


def test_a_docker_that_hangs_over_a_context_is_given_up(script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_module, "_LIMIT", 0.05)
    script.run("exec sleep 1000")
    with pytest.raises(EngineStalled, match="`docker context inspect` did not answer"):
        settle({**script.environ, "DOCKER_CONTEXT": "far"})


def test_a_machine_without_docker_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"no `docker` command.*nox -s setup"):
        settle({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("proxies", "said"),
    [
        ({"default": {"httpProxy": "http://proxy", "noProxy": ".corp,10.0.0.0/8"}}, ".corp,10.0.0.0/8"),
        ({"default": {"noProxy": ".corp"}, "tcp://one": {"noProxy": "one"}}, "one"),
        ({"default": {"noProxy": ".corp"}, "tcp://one": {}}, ""),
        ({"default": {"httpProxy": "http://proxy"}}, ""),
        ({}, ""),
        ([], ""),
        ({"default": "odd"}, ""),
    ],
)
def test_what_docker_s_client_keeps_from_a_proxy_is_read_as_it_does(tmp_path: Path, proxies: object, said: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"proxies": proxies}))
    assert no_proxy_of({"DOCKER_CONFIG": str(tmp_path), "DOCKER_HOST": "tcp://one"}) == said
    assert no_proxy_of({"DOCKER_CONFIG": str(tmp_path / "none")}) == ""


@pytest.mark.parametrize(
    ("host", "here"), [("", True), ("unix:///run/x.sock", True), ("tcp://10.0.0.1:2375", False), ("ssh://me@there", False)]
)
def test_an_engine_behind_a_socket_is_of_this_machine(host: str, here: bool) -> None:
    assert is_local({"DOCKER_HOST": host} if host else {}) == here


@pytest.mark.parametrize("by_context", [False, True], ids=["DOCKER_HOST", "context"])
def test_a_socket_that_is_none_is_named_before_docker_is_asked(
    script: ScriptedDocker, tmp_path: Path, by_context: bool
) -> None:
    host = f"unix://{tmp_path}/docker.sock"
    script.answer({"context inspect": (0, json.dumps([INSPECTED | {"Endpoints": {"docker": {"Host": host}}}]), "")})
    environ = {**script.environ, **({"DOCKER_CONTEXT": "far"} if by_context else {"DOCKER_HOST": host})}
    assert settle(environ).environ["DOCKER_HOST"] == host  # that there is nothing, docker says itself
    (tmp_path / "docker.sock").mkdir()
    with pytest.raises(EngineUnavailable, match=f"^{tmp_path}/docker.sock is there, but is no socket of an engine"):
        settle(environ)
    (tmp_path / "docker.sock").rmdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "docker.sock"))
        assert settle(environ).environ["DOCKER_HOST"] == host


def test_a_socket_out_of_sight_is_left_to_docker_to_judge(script: ScriptedDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_permission(_path: Path, **_options: object) -> None:
        raise PermissionError

    host = {"DOCKER_HOST": "unix:///run/docker.sock"}
    monkeypatch.setattr(Path, "stat", no_permission)
    assert settle({**script.environ, **host}).environ["DOCKER_HOST"] == host["DOCKER_HOST"]
