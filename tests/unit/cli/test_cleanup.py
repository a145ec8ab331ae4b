"""`cleanup`, with an engine that holds what a test puts there."""

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from runner.cleanup import keep as keeping
from runner.cleanup import orphans, strays
from runner.cleanup.owner import Owner, this_process
from runner.cleanup.teardown import Report
from runner.cli import cleanup as cleanup_command
from runner.cli.arguments import parse
from runner.cli.cleanup import cleanup, remove_images, remove_prepared_databases
from runner.config import repositories as config
from runner.docker import engine as engines
from runner.docker.listing import Resource
from runner.docker.process import Endpoint
from runner.errors import EngineUnavailable, UsageError
from runner.images.store import labels_of, name_of
from runner.snapshots.store import KEY_LABEL
from runner.terminal import Terminal
from tests.unit.cleanup.test_orphans import ALIVE, DEAD, FAR, resource
from tests.unit.fake_engine import failed
from tests.unit.fake_volumes import FakeVolumes, engine_with
from tests.unit.repositories import YAML
from tests.unit.snapshots.test_store import MARKER, STAGE, published

DEAD_SNAPSHOT = {KEY_LABEL: "k"} | this_process().labels() | {"agent-test.owner-start": "1"}


Clean = Callable[..., int]


def project_of(resource: Resource) -> str:
    return resource.labels["com.docker.compose.project"]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Resource]:
    """What the engine holds; `remove` takes it away, except for `stuck`."""
    resources: list[Resource] = []

    def remove_project(endpoint: Endpoint, project: str, *, bound: float, guard: bool) -> Report:
        assert (endpoint, bound) == (engine.endpoint, 7.0)
        if project == "stuck":
            return Report(left={"volumes": ["data"]})
        resources[:] = [resource for resource in resources if project_of(resource) != project]
        return Report(left={})

    engine = engine_with(resources)
    monkeypatch.setattr("runner.docker.engine.Engine", engine)
    monkeypatch.setattr(orphans, "remove_project", remove_project)
    monkeypatch.setattr("runner.cli.cleanup.remove_project", remove_project)
    return resources


@pytest.fixture
def clean(tmp_path: Path) -> Clean:
    def cleaned(*words: str, yaml: str = YAML) -> int:
        (tmp_path / "repos.yaml").write_text(yaml)
        settings = config.load(tmp_path, {})
        return cleanup(parse(["cleanup", *words, "--timeout", "7"]), settings, Terminal())

    return cleaned


def projects(held: list[Resource]) -> list[str]:
    return [project_of(resource) for resource in held]


def test_cleanup_removes_the_dead_of_every_repository_and_nothing_that_lives(held: list[Resource], clean: Clean) -> None:
    held += [resource("dead"), resource("alive", ALIVE), resource("other", repository="hub")]
    assert clean() == 0
    assert projects(held) == ["alive"]


def test_cleanup_of_one_repository_leaves_the_others_alone(held: list[Resource], clean: Clean) -> None:
    held += [resource("dead"), resource("other", repository="hub")]
    assert clean("hub") == 0
    assert projects(held) == ["dead"]


def test_with_nothing_to_do_that_is_said(held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean() == 0
    assert "Nothing is left of dead runs of evv, hub." in capsys.readouterr().out


@pytest.fixture
def stray(held: list[Resource], monkeypatch: pytest.MonkeyPatch) -> str:
    """A leftover of an old script, its project."""

    def remove_project(_endpoint: Endpoint, project: str, *, bound: float, guard: bool) -> Report:
        held[:] = [resource for resource in held if project_of(resource) != project]
        return Report(left={})

    monkeypatch.setattr(strays, "remove_project", remove_project)
    project = "evv-agent-test-evv_core-1697234567"
    columns = {"State": "running", "Image": "odoo:18.0", "Command": "odoo"}
    held.append(Resource(f"{project}_odoo_1", {"com.docker.compose.project": project}, (), columns))
    return project


def test_a_stray_is_named_and_nothing_is_said_to_be_left(
    held: list[Resource], clean: Clean, stray: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert clean() == 0
    assert projects(held) == [stray]
    why = "it is a stray, which no run has made: 1 container (1 running)"
    told = f"{stray}: left alone, {why}. To remove it, name it, or add --all"
    assert capsys.readouterr().out.splitlines() == [told]
    assert clean("evv") == 0
    assert told in capsys.readouterr().out
    assert clean("hub", "--all") == 0
    assert projects(held) == [stray]
    assert "Nothing is left of dead runs of hub." in capsys.readouterr().out


def test_the_name_of_a_repository_means_the_repository_whatever_else_is_called_so(
    held: list[Resource], clean: Clean, tmp_path: Path
) -> None:
    held += [Resource("evv-db-1", {"com.docker.compose.project": "evv"}), resource("dead")]
    assert clean("evv", yaml=YAML.replace("evv-agent-test", "evv")) == 0
    assert projects(held) == ["evv"]


@pytest.mark.parametrize("words", [["--all"], ["evv", "--all"], ["evv-agent-test-evv_core-1697234567"]])
def test_a_stray_goes_with_all_or_by_its_name(held: list[Resource], clean: Clean, stray: str, words: list[str]) -> None:
    assert clean(*words, "--dry-run") == 0
    assert projects(held) == [stray]
    assert clean(*words) == 0
    assert held == []


def test_a_name_that_does_more_to_a_terminal_is_shown_and_taken_as_it_is_shown(
    held: list[Resource], clean: Clean, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    removed: list[object] = []

    def remove_named(_endpoint: Endpoint, names: dict[str, list[str]], *, bound: float) -> Report:
        removed.append(names)
        return Report(left={})

    monkeypatch.setattr(strays, "remove_named", remove_named)
    held.append(Resource("evv-agent-test-\x1b[2J", {}))
    assert clean() == 0
    assert "evv-agent-test-\\x1b[2J: left alone" in capsys.readouterr().out
    assert clean("evv-agent-test-\\x1b[2J") == 0
    assert removed == [{"containers": ["evv-agent-test-\x1b[2J"]}]


def test_what_only_mentions_a_prefix_is_named_and_stays(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held.append(Resource("my-own", {}, (), {"State": "running", "Image": "evv-agent-test-image"}))
    assert clean("--all") == 0
    assert len(held) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("container my-own: left alone, evv-agent-test is in the name, image or command")


def test_a_run_that_goes_on_is_named_and_is_nothing_that_is_left(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held.append(resource("alive", ALIVE))
    assert clean() == 0
    assert capsys.readouterr().out.splitlines() == [
        "alive: left alone, it is running",
        "Nothing is left of dead runs of evv, hub.",
    ]


def test_nothing_is_left_is_not_said_while_nobody_can_tell(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held.append(resource("far", FAR))
    assert clean() == 0
    assert "Nothing is left" not in capsys.readouterr().out


def test_an_environment_of_a_repository_that_has_another_name_now_counts_to_that_with_its_prefix(
    held: list[Resource], clean: Clean
) -> None:
    held += [resource("evv-agent-test-m-1", repository="evv-of-old"), resource("far-agent-test-m-1", repository="far")]
    assert clean("hub") == 0
    assert len(held) == 2
    assert clean("evv") == 0
    assert projects(held) == ["far-agent-test-m-1"]


def test_an_environment_is_also_found_by_the_name_that_its_repository_has_itself(held: list[Resource], clean: Clean) -> None:
    held += [resource("evv-agent-test-m-1", repository="evv-of-old"), resource("evv-agent-test-m-2")]
    assert clean("evv-of-old") == 0
    assert projects(held) == ["evv-agent-test-m-2"]


def test_what_is_left_of_a_repository_that_repos_yaml_does_not_name_is_told_with_the_command_that_removes_it(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held += [resource("far-agent-test-m-1", repository="far"), resource("other-m-1", ALIVE, repository="other")]
    assert clean() == 0
    assert capsys.readouterr().out.splitlines() == [
        "Nothing is left of dead runs of evv, hub.",
        "Of far, which repos.yaml does not name, dead runs have left something.",
        "To remove that: nox -s cleanup -- far",
    ]
    assert clean("hub") == 0
    assert "far" not in capsys.readouterr().out
    assert clean("far") == 0
    assert projects(held) == ["other-m-1"]


def test_what_is_kept_or_of_another_host_is_named_and_removed_only_with_all(
    held: list[Resource], clean: Clean, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keeping.mark(tmp_path)
    held += [resource("kept", folder=tmp_path), resource("far", FAR), resource("alive", ALIVE, seconds_left=-1)]
    held += [resource("soon", FAR, seconds_left=8900), resource("over", FAR, seconds_left=-1)]
    assert clean() == 0
    told = capsys.readouterr().out
    assert "kept: left alone, it is kept. To remove it, name it, or add --all" in told
    where = "left alone, it is of another host or container (elsewhere), where its run may be going on."
    assert f"far: {where} If it is not, remove it: name it, or add --all" in told
    assert f"soon: {where} In 2 hours that is over in any case, and the next run or cleanup removes it." in told
    assert "over (past its deadline): removed" in told
    assert projects(held) == ["kept", "far", "alive", "soon"]
    assert clean("--all") == 0
    assert projects(held) == ["alive", "soon"]  # which may live as well
    assert clean("soon") == 0
    assert projects(held) == ["alive"]


def test_one_environment_can_be_named_also_a_kept_one(held: list[Resource], clean: Clean, tmp_path: Path) -> None:
    keeping.mark(tmp_path)
    held += [resource("kept", folder=tmp_path), resource("dead")]
    assert clean("kept") == 0
    assert projects(held) == ["dead"]


def test_a_run_that_lives_is_not_removed_by_name_either(held: list[Resource], clean: Clean) -> None:
    held += [resource("alive", ALIVE)]
    with pytest.raises(UsageError, match=f"belongs to a run that is going on.*kill {ALIVE.pid}"):
        clean("alive")
    assert projects(held) == ["alive"]


def test_a_wrong_name_is_answered_before_anything_is_removed(held: list[Resource], clean: Clean) -> None:
    held += [resource("dead")]
    with pytest.raises(UsageError, match=r"No repository 'evw'.*Perhaps you meant 'evv'"):
        clean("dead", "evw")
    with pytest.raises(UsageError, match=r"There is no environment evv-agent-test-x \(any more\)"):
        clean("evv-agent-test-x")
    assert projects(held) == ["dead"]


def test_a_dry_run_says_what_would_go_and_removes_nothing(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held += [resource("dead"), resource("alive", ALIVE)]
    assert clean("--dry-run") == 0
    assert "dead (dead): would be removed" in capsys.readouterr().out
    assert len(held) == 2


def test_what_resists_ends_with_8(held: list[Resource], clean: Clean) -> None:
    held += [resource("stuck"), resource("dead")]
    assert clean() == 8
    assert projects(held) == ["stuck"]


def test_prepared_databases_go_only_if_that_is_asked_for(
    held: list[Resource], clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], bool, bool]] = []

    def remove(_store: object, _terminal: Terminal, repositories: list[str], *, everything: bool, dry_run: bool) -> bool:
        asked.append((repositories, everything, dry_run))
        return not everything

    monkeypatch.setattr(cleanup_command, "remove_prepared_databases", remove)
    assert [clean(), clean("hub", "--snapshots"), clean("--snapshots", "--dry-run")] == [0, 8, 8]
    assert asked == [(["evv", "hub"], False, False), (["hub"], True, False), (["evv", "hub"], True, True)]


def test_by_default_only_what_is_dead_is_removed_and_else_those_of_the_repositories_that_are_named() -> None:
    engine = FakeVolumes()
    store = published(engine)
    ready = set(engine.volumes)
    engine.volumes["agent-test-snapshot-dead"] = DEAD_SNAPSHOT
    assert remove_prepared_databases(store, Terminal(), ["evv"], everything=False, dry_run=False)
    assert set(engine.volumes) == ready
    assert remove_prepared_databases(store, Terminal(), ["hub"], everything=True, dry_run=False)
    assert set(engine.volumes) == ready
    assert remove_prepared_databases(store, Terminal(), ["evv"], everything=True, dry_run=True)
    assert set(engine.volumes) == ready
    assert remove_prepared_databases(store, Terminal(), ["evv"], everything=True, dry_run=False)
    assert engine.volumes == {}


def test_what_a_run_uses_is_said_to_be_left(capsys: pytest.CaptureFixture[str]) -> None:
    engine = FakeVolumes()
    store = published(engine)
    engine.used = {next(iter(engine.volumes))}
    assert not remove_prepared_databases(store, Terminal(), ["evv"], everything=True, dry_run=False)
    assert "LEFT, perhaps a run uses it" in capsys.readouterr().out


@pytest.mark.parametrize(("fact", "value"), [("created", "yesterday"), ("megabytes", "many")])
def test_a_prepared_database_that_is_not_understood_is_named_and_left_alone_and_the_rest_goes(
    capsys: pytest.CaptureFixture[str], fact: str, value: str
) -> None:
    engine = FakeVolumes()
    published(engine, replace(STAGE, key="another-key-of-16-or-more"))
    store = published(engine)
    engine.volumes[MARKER][f"agent-test-snapshot.{fact}"] = value
    engine.volumes["agent-test-snapshot-dead"] = DEAD_SNAPSHOT
    assert remove_prepared_databases(store, Terminal(), ["evv"], everything=True, dry_run=False)
    assert len(engine.volumes) == 2  # the marker and its data
    left_alone = capsys.readouterr().out.splitlines()[0]
    assert left_alone.startswith(f"{MARKER}: left alone, a label of it is not understood (")
    assert left_alone.endswith(f"To remove it: docker volume rm {MARKER}")


def test_an_engine_that_does_not_answer_is_not_asked_for_more(
    held: list[Resource], clean: Clean, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_with(held)
    engine.answers["version"] = failed("Cannot connect to the Docker daemon")
    monkeypatch.setattr("runner.docker.engine.Engine", engine)
    with pytest.raises(EngineUnavailable, match="The Docker daemon does not answer"):
        clean()
    assert [words.split()[0] for words in engine.asked] == ["version"]


def test_images_go_only_if_that_is_asked_for_or_they_are_too_old(capsys: pytest.CaptureFixture[str]) -> None:
    engine = engine_with([])
    assert engine.images
    for key, repository, created in (("new", "evv", time.time()), ("far", "hub", time.time()), ("old", "hub", 1.0)):
        engine.images.add(f"sha256:{key}", name_of(key), Labels=labels_of(key, repository, "", created))
    clean_images = partial(remove_images, engine, Terminal(), ["evv"])
    assert clean_images(everything=True, dry_run=True)
    assert len(engine.images.images) == 3
    assert clean_images(everything=False, dry_run=False)
    assert [*engine.images.images] == ["sha256:new", "sha256:far"]
    engine.images.used = {name_of("new")}
    assert not clean_images(everything=True, dry_run=False)
    engine.images.used.clear()
    assert clean_images(everything=True, dry_run=False)
    assert [*engine.images.images] == ["sha256:far"]
    assert capsys.readouterr().out.splitlines()[-2:] == [
        f"{name_of('new')}: LEFT, perhaps a run uses it",
        f"{name_of('new')}: removed",
    ]


def test_the_image_of_a_prepared_database_that_a_killed_run_left_goes(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    images = engines.Engine.images  # type: ignore[attr-defined]  # a fake is in its place
    images.add("sha256:pulled", "ghcr.io/org/prepared:k", Labels={KEY_LABEL: "k"})
    images.add("sha256:other", "postgres:16")
    assert clean("--dry-run") == 0
    assert "sha256:pulled (a prepared database, pulled or to be pushed): would be removed" in capsys.readouterr().out
    assert clean() == 0
    assert list(images.images) == ["sha256:other"]
    images.add("sha256:pulled", "ghcr.io/org/prepared:k", Labels={KEY_LABEL: "k"})
    images.used.add("sha256:pulled")
    assert clean() == 8
    assert "LEFT, perhaps a run uses it" in capsys.readouterr().out


def to_look_at(owner: Owner = DEAD) -> Resource:
    """The container of a start, or of an update, of an environment to look at that has not come to its end."""
    labels = {"agent-test-uat.project": "evv-uat-env", "agent-test-uat.repository": "evv", "agent-test-uat.generation": "one"}
    labels |= {"com.docker.compose.project": "evv-uat-env", **owner.labels()}
    return Resource("evv-uat-env-odoo-1", labels, (8090,), {"State": "running"})


def test_of_an_environment_to_look_at_only_what_a_killed_command_left_is_removed(
    held: list[Resource], clean: Clean, capsys: pytest.CaptureFixture[str]
) -> None:
    held.append(to_look_at(ALIVE))
    assert clean("--all") == 0
    assert projects(held) == ["evv-uat-env"]
    held[:] = [to_look_at()]
    assert clean("hub") == 0
    capsys.readouterr()
    assert clean("--dry-run") == 0
    assert projects(held) == ["evv-uat-env"]
    (told,) = capsys.readouterr().out.splitlines()
    assert told == "evv-uat-env (half-started; the data that it had stays): would be removed"
    assert clean() == 0
    assert held == []


def test_an_environment_to_look_at_is_removed_by_no_name(held: list[Resource], clean: Clean) -> None:
    held.append(to_look_at())
    with pytest.raises(UsageError, match="nox -s uat -- evv reset"):
        clean("evv-uat-env")
    assert projects(held) == ["evv-uat-env"]
