"""What is copied to an engine, and what the compose file then says."""

import contextlib
import os
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from runner.config.repositories import RepoConfig
from runner.docker.whereabouts import Whereabouts
from runner.environment.copies import Choice, Copies
from runner.errors import ConfigError, EnvironmentFailed
from tests.unit.fake_environment import FakeStreams
from tests.unit.fake_volumes import FakeVolumes
from tests.unit.repositories import repository

FAR, HERE = Whereabouts("far"), Whereabouts()


@pytest.fixture
def evv(tmp_path: Path) -> RepoConfig:
    """A repository with two folders of addons, files and folders beside them."""
    made = repository(tmp_path, addons=("addons", "more"))
    for file in ("addons/core/__manifest__.py", "more/x", "odoo.conf", "data/below/y", "init.sh", "word"):
        (made.path / file).parent.mkdir(parents=True, exist_ok=True)
        (made.path / file).write_text(f"{file}\n")
    (made.path / "init.sh").chmod(0o755)
    return made


def bind(source: object, target: str, **more: object) -> dict[str, Any]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": True, "bind": {}, **more}


def model_of(*mounts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"services": {"db": {}, "odoo": {"volumes": list(mounts)}}, **more}


def with_sources(evv: RepoConfig, sources: str) -> RepoConfig:
    return evv.model_copy(update={"sources": sources})


def test_what_is_installed_first_is_copied_as_the_addons_are(evv: RepoConfig) -> None:
    more = {evv.path / "earlier": "/mnt/agent-test-earlier-1"}
    choices = [Choice(evv, HERE, more=more), Choice(evv, HERE, more=more, closed=True), Choice(evv, FAR, more=more)]
    copied = [(choice.is_copied(str(evv.path / "earlier")), choice.is_copied(str(evv.addons[0]))) for choice in choices]
    assert copied == [(False, False), (True, True), (True, True)]


@pytest.mark.parametrize(
    ("sources", "where", "more", "copied", "foreign"),
    [
        ("auto", HERE, {}, "", ""),
        ("auto", HERE, {"closed": True}, "addons more", ""),
        ("auto", HERE, {"all_are": True}, "addons more odoo.conf", "/usr/share"),
        ("auto", FAR, {}, "addons more odoo.conf", "/usr/share"),
        ("copy", HERE, {}, "addons more odoo.conf", "/usr/share"),
        ("mount", FAR, {"closed": True, "all_are": True}, "", "addons more odoo.conf /usr/share"),
    ],
)
def test_what_the_engine_has_not_surely_is_copied_but_what_each_machine_has_of_its_own(
    evv: RepoConfig, sources: str, where: Whereabouts, more: dict[str, Any], copied: str, foreign: str
) -> None:
    choice = Choice(with_sources(evv, sources), where, **more)
    paths = [str(evv.path / name) for name in ("addons", "more", "odoo.conf")] + ["/usr/share"]
    assert [path for path in paths if choice.is_copied(path)] == [str(evv.path / name) for name in copied.split()]
    assert [path for path in paths if choice.is_foreign(path)] == [str(evv.path / name) for name in foreign.split()]


def test_around_a_container_what_the_engine_s_machine_has_at_the_same_path_is_mounted(evv: RepoConfig) -> None:
    addons, more = map(str, evv.addons)
    paths = [addons, more, str(evv.path / "odoo.conf")]
    for elsewhere, copied in (({more: more}, [False, False, True]), ({more: "/home/me/more"}, [True] * 3)):
        choice = Choice(evv, Whereabouts("", {addons: addons, **elsewhere}))
        assert [choice.is_copied(path) for path in paths] == copied


def test_folders_become_volumes_files_configs_and_secrets_variables(evv: RepoConfig) -> None:
    first, second = evv.addons
    (evv.path / "odoo.conf").write_text("é $x\n")
    mounts = [
        bind(first, "/mnt/extra-addons"),
        bind(evv.path / "data", "/data", read_only=False),
        bind(evv.path / "odoo.conf", "/etc/odoo/odoo.conf"),
        bind(evv.path / "init.sh", "/init.sh", read_only=False),
        bind("/usr", "/usr"),
        {"type": "volume", "source": "data", "target": "/var/lib/odoo"},
    ]
    secrets = {"word": {"file": str(evv.path / "word")}, "other": {"environment": "X"}}
    configs = {"c": {"file": str(evv.path / "data/below/y")}}
    rendered = model_of(*mounts, volumes={"data": None}, secrets=secrets, configs=configs)
    override = model_of(bind(second, "/mnt/extra-addons-2"))
    copies = Copies(Choice(evv, FAR), "p", (rendered, override))
    found, variables = copies.applied(rendered)
    odoo = found["services"]["odoo"]

    def volume(number: int, target: str, **more: object) -> dict[str, Any]:
        about = {"type": "volume", "source": f"agent-test-copy-{number}", "target": target, "read_only": True}
        return {**about, "volume": {"nocopy": True}, **more}

    assert odoo["volumes"] == [*mounts[4:], volume(1, "/mnt/extra-addons"), volume(2, "/data", read_only=False)]
    assert odoo["configs"] == [
        {"source": "agent-test-copy-2", "target": "/etc/odoo/odoo.conf"},
        {"source": "agent-test-copy-3", "target": "/init.sh", "mode": 0o777},
    ]
    contents = {name: config["content"] for name, config in found["configs"].items()}
    assert contents == {"c": "data/below/y\n", "agent-test-copy-2": "é $x\n", "agent-test-copy-3": "init.sh\n"}
    assert found["volumes"]["agent-test-copy-1"] == {"name": "p_agent-test-copy-1", "external": True}
    assert found["secrets"] == {"word": {"environment": "AGENT_TEST_SECRET_1"}, "other": {"environment": "X"}}
    assert variables == {"AGENT_TEST_SECRET_1": "word\n"}
    assert copies.applied(override)[0]["services"]["odoo"]["volumes"] == [volume(3, "/mnt/extra-addons-2")]
    assert rendered["services"]["odoo"]["volumes"] == mounts  # which is judged once more before the start
    assert copies.may_be_more is False
    assert copies.have_content
    secret = model_of() | {"secrets": {"word": {"file": str(evv.path / "word")}}}
    assert not Copies(Choice(evv, FAR), "p", (secret,)).have_content


def test_where_all_is_mounted_the_compose_file_stays_as_it_is(evv: RepoConfig) -> None:
    rendered = model_of(bind(evv.addons[0], "/mnt/extra-addons"))
    copies = Copies(Choice(evv, HERE), "p", (rendered,))
    assert copies.applied(rendered) == (rendered, {})
    assert (copies.has_folders, copies.told, copies.may_be_more) == (False, "mounted", True)
    assert not Copies(Choice(with_sources(evv, "mount"), HERE), "p", (rendered,)).may_be_more
    # Whose compose file does not mount the addons gets no others by copies.
    assert not Copies(Choice(evv, HERE), "p", (model_of(),)).may_be_more


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff", "it is no text in UTF-8 of 1000 KB at most"),
        (b"a\0b", "it is no text in UTF-8"),
        (b"x" * 1_000_001, "it is no text in UTF-8"),
    ],
)
def test_a_file_that_does_not_fit_into_a_compose_file_is_refused(evv: RepoConfig, content: bytes, why: str) -> None:
    (evv.path / "odoo.conf").write_bytes(content)
    rendered = model_of(bind(evv.path / "odoo.conf", "/etc/odoo/odoo.conf"))
    with pytest.raises(ConfigError) as caught:
        Copies(Choice(evv, FAR), "p", (rendered,)).applied(rendered)
    said = str(caught.value)
    assert said.startswith(f"services.odoo.volumes: {evv.path}/odoo.conf cannot be copied to the engine, as {why}")
    assert "Nothing was started. Mount the folder that it is in" in said


FOLDER = {"type": "volume", "source": "data", "target": "/etc/odoo/data"}


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"read_only": True}, "its service is `read_only`"),
        ({"tmpfs": "/etc/odoo:size=1m"}, "what is mounted at /etc/odoo lies over /etc/odoo/data/x"),
        ({"tmpfs": ["/tmp", "/etc"]}, "what is mounted at /etc lies over"),
        ({"volumes": [{"type": "tmpfs", "target": "/etc"}]}, "what is mounted at /etc lies over"),
        ({"volumes": [FOLDER | {"read_only": True}]}, "what is mounted at /etc/odoo/data lies over"),
        ({"volumes": [bind("/usr", "/etc/odoo", read_only=False)]}, "what is mounted at /etc/odoo lies over"),
        ({"tmpfs": ["/etc", "/etc/odoo/dat"], "volumes": [FOLDER]}, ""),
    ],
)
@pytest.mark.parametrize("kind", ["configs", "secrets", "volumes"])
def test_a_file_is_refused_where_compose_cannot_put_it_or_nobody_would_see_it(
    evv: RepoConfig, kind: str, more: dict[str, Any], why: str
) -> None:
    rendered = model_of()
    odoo = rendered["services"]["odoo"]
    odoo |= {**more, "volumes": list(more.get("volumes") or ())}
    target = "/etc/odoo/data/x"
    if kind == "volumes":
        # The copy of a folder around it counts as it is mounted, not as it was.
        odoo["volumes"] = [bind(evv.path / "word", target), *odoo["volumes"]]
    else:
        rendered[kind] = {"c": {"file": str(evv.path / "word")}}
        odoo[kind] = [{"source": "c", "target": target}]
    copies = Copies(Choice(evv, FAR), "p", (rendered,))
    if not why:
        copies.applied(rendered)
        return
    with pytest.raises(ConfigError, match=f"/word cannot be copied to the engine, as {why}"):
        copies.applied(rendered)


def test_a_file_in_a_folder_is_refused_where_the_folder_s_copy_is_read_only(evv: RepoConfig) -> None:
    for read_only in (False, True):
        rendered = model_of(bind(evv.path / "word", "/srv/x"), bind(evv.path / "data", "/srv", read_only=read_only))
        refused = pytest.raises(ConfigError, match="what is mounted at /srv lies over /srv/x")
        with refused if read_only else contextlib.nullcontext():
            Copies(Choice(evv, FAR), "p", (rendered,)).applied(rendered)


def test_a_secret_without_a_target_is_below_run_secrets(evv: RepoConfig) -> None:
    rendered = model_of(secrets={"c": {"file": str(evv.path / "word")}})
    rendered["services"]["odoo"] |= {"secrets": [{"source": "c"}], "tmpfs": ["/run"]}
    with pytest.raises(ConfigError, match="what is mounted at /run lies over /run/secrets/c"):
        Copies(Choice(evv, FAR), "p", (rendered,)).applied(rendered)


def test_secrets_that_are_too_long_together_are_refused(evv: RepoConfig) -> None:
    (evv.path / "word").write_text("x" * 60_000)
    rendered = model_of(secrets={name: {"file": str(evv.path / "word")} for name in ("a", "b")})
    with pytest.raises(ConfigError, match=r"secrets\.b: .* as all secrets have more than 100 KB"):
        Copies(Choice(evv, FAR), "p", (rendered,)).applied(rendered)


@pytest.mark.parametrize("kind", ["configs", "secrets"])
def test_a_config_that_is_no_file_is_refused(evv: RepoConfig, kind: str) -> None:
    os.mkfifo(evv.path / "pipe")
    for name, why in (("data", r"it cannot be read \(Is a directory\)"), ("pipe", "it is no regular file")):
        rendered = model_of(**{kind: {"c": {"file": str(evv.path / name)}}})
        with pytest.raises(ConfigError, match=f"{kind}.c: .*/{name} cannot be copied to the engine, as {why}"):
            Copies(Choice(evv, FAR), "p", (rendered,)).applied(rendered)


def test_a_volume_that_is_a_folder_of_this_machine_is_refused(evv: RepoConfig) -> None:
    options = {"driver_opts": {"type": "none", "o": "bind", "device": str(evv.path / "data")}}
    with pytest.raises(ConfigError, match=r"volumes\.x: .*/data cannot be copied"):
        Copies(Choice(evv, FAR), "p", (model_of(volumes={"x": options, "y": None}),))


def test_what_this_user_cannot_read_is_named_before_anything_is_started(
    evv: RepoConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runner.environment.archive.os.access", lambda path, _mode: not path.endswith("__manifest__.py"))
    with pytest.raises(ConfigError, match=r"cannot read cannot be copied .*/core/__manifest__\.py\. Nothing was started"):
        Copies(Choice(evv, FAR), "p", (model_of(bind(evv.addons[0], "/mnt/extra-addons")),))


def test_what_is_behind_a_closed_folder_is_refused_in_a_sentence(evv: RepoConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    closed, stat = str(evv.path / "closed"), os.stat

    def refuse(path: Any, *args: Any, **more: Any) -> os.stat_result:
        if str(path).startswith(closed):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *args, **more)

    monkeypatch.setattr(os, "stat", refuse)
    rendered = model_of(
        bind(f"{closed}/x", "/x"), volumes={"v": {"driver_opts": {"type": "none", "o": "bind", "device": f"{closed}/y"}}}
    )
    monkeypatch.setattr(os, "open", lambda *_: stat(f"{closed}/x"))
    with pytest.raises(ConfigError, match=r"services\.odoo\.volumes: .*closed/x cannot be copied to the engine"):
        Copies(Choice(evv, FAR), "p", (rendered,)).applied(rendered)


def test_the_volumes_have_the_run_s_labels_before_they_are_filled_and_the_container_goes(evv: RepoConfig) -> None:
    engine, streams = FakeVolumes(), FakeStreams()
    engine.answers |= {"create": "", "rm": ""}
    first, second = evv.addons
    copies = Copies(Choice(evv, FAR), "p", (model_of(bind(first, "/mnt/extra-addons"), bind(second, "/mnt/extra-addons-2")),))
    copies.make(engine, streams, {"agent-test.repository": "evv"}, "odoo:18.0")
    labels = {"agent-test.repository": "evv", "com.docker.compose.project": "p"}
    assert engine.volumes == {"p_agent-test-copy-1": labels, "p_agent-test-copy-2": labels}
    # An image may name no command, without which no container is made.
    assert next(words for words in engine.asked if words.startswith("create ")).endswith(" odoo:18.0 none")
    assert engine.asked[-1] == "rm --force --volumes p-copies"
    assert [len(archive) % 512 for archive in streams.copied] == [0, 0]
    assert copies.told.startswith("copied (2 files, 0.0 MB, ")


def test_an_engine_without_room_is_told_in_a_sentence(evv: RepoConfig) -> None:
    engine, streams = FakeVolumes(), FakeStreams()
    engine.answers |= {"create": "", "rm": ""}
    copies = Copies(Choice(evv, FAR), "p", (model_of(bind(evv.addons[0], "/mnt/extra-addons")),))
    for said, told in (("write /x: no space left on device", "has no room for a copy of"), ("broken", "broken")):

        def fail(_event: str, said: str = said) -> None:
            raise EnvironmentFailed(said)

        streams._happens = fail
        with pytest.raises(EnvironmentFailed, match=told):
            copies.make(engine, streams, {}, "odoo:18.0")


def test_paths_are_compared_as_paths(evv: RepoConfig) -> None:
    assert FAR.at_engine(evv.addons[0]) is None
    assert HERE.at_engine(evv.addons[0]) == PurePosixPath(evv.addons[0])
