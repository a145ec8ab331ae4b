"""What is named as a repository's runs and was made by none of them is known, whatever it consists of, and nothing else is."""

import datetime

import pytest

from runner.cleanup import strays
from runner.cleanup.strays import Found, found_in, remove, whose
from runner.cleanup.teardown import Report
from runner.docker.listing import CONTAINERS, GUARD_LABEL, NETWORKS, VOLUMES, Resource
from runner.docker.process import Endpoint
from tests.unit.fake_docker import FakeDocker

PREFIXES = {"evv": "evv-agent-test", "hub": "hub-agent-test", "eu": "evv-agent-test-eu"}
COLUMNS = ("State", "CreatedAt", "Image", "Command")
# The engine's.
NOW = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc).timestamp()
OLD = "evv-agent-test-evv_core-1697234567"


def made(name: str, project: str = "", columns: tuple[str, ...] = (), repository: str = "") -> Resource:
    """`columns`: state, creation, image and command."""
    labels = {"com.docker.compose.project": project, "agent-test.repository": repository}
    return Resource(
        name, {label: value for label, value in labels.items() if value}, (), dict(zip(COLUMNS, columns, strict=False))
    )


def found(*listed: tuple[str, Resource]) -> Found:
    return found_in(listed, PREFIXES, NOW)


def names(*listed: tuple[str, Resource]) -> list[str]:
    return [stray.name for stray in found(*listed).strays]


def test_a_project_of_a_script_of_old_is_one_stray_with_all_its_parts() -> None:
    (stray,) = found(
        (CONTAINERS, made(f"{OLD}_odoo_1", OLD, ("running", "", "odoo:18.0", "odoo"))),
        (CONTAINERS, made(f"{OLD}-db-1", OLD, ("exited", "", "postgres:16", "postgres"))),
        (NETWORKS, made(f"{OLD}_default", OLD)),
        (VOLUMES, made(f"{OLD}_data", OLD)),
        (CONTAINERS, made("unrelated", "another", ("running", "", "odoo:18.0", "odoo"))),
    ).strays
    assert (stray.name, stray.repository, stray.is_project) == (OLD, "evv", True)
    assert stray.resources == {
        CONTAINERS: [f"{OLD}_odoo_1", f"{OLD}-db-1"],
        NETWORKS: [f"{OLD}_default"],
        VOLUMES: [f"{OLD}_data"],
    }
    assert stray.about == "2 containers (1 running), 1 network, 1 volume"


@pytest.mark.parametrize("kind", [CONTAINERS, NETWORKS, VOLUMES])
@pytest.mark.parametrize("project", [OLD, ""])
def test_one_part_alone_is_enough_of_a_project_or_made_by_hand(kind: str, project: str) -> None:
    (stray,) = found((kind, made("evv-agent-test-x", project))).strays
    assert (stray.name, stray.is_project) == (project or "evv-agent-test-x", bool(project))
    assert stray.resources == {kind: ["evv-agent-test-x"]}


def test_what_a_run_has_made_or_has_the_project_of_one_is_none_and_neither_is_a_prepared_database() -> None:
    assert found(
        (CONTAINERS, made(f"{OLD}-odoo-1", OLD, repository="hub")),
        (CONTAINERS, made(f"{OLD}-odoo-run-1", OLD)),  # as of `docker compose -p ... run` by hand: it goes with the rest
        (VOLUMES, made("agent-test-snapshot-core-1")),
    ) == Found([], {})
    assert found_in([(VOLUMES, made("agent-test-snapshot-core-1"))], {"a": "agent-test"}, NOW) == Found([], {})


def test_the_guard_at_the_engine_of_a_run_is_none() -> None:
    made_by_a_run = made(f"{OLD}-guard", repository="evv")
    assert names((CONTAINERS, made_by_a_run._replace(labels={**made_by_a_run.labels, GUARD_LABEL: OLD}))) == []


def test_a_volume_with_a_label_of_ours_and_without_a_project_is_a_stray() -> None:
    assert names((VOLUMES, made("evv-agent-test-x", repository="evv"))) == ["evv-agent-test-x"]


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("evv-agent-test", "evv"),
        ("evv-agent-test-x", "evv"),
        ("evv-agent-test_x", "evv"),
        ("evv-agent-test.x", "evv"),
        ("evv-agent-test-eu", "eu"),
        ("evv-agent-test-eu-x", "eu"),
        ("evv-agent-test-europe", "evv"),
        ("hub-agent-test-x", "hub"),
        ("evv-agent-testing", ""),
        ("my-evv-agent-test-x", ""),
        ("evv", ""),
    ],
)
def test_a_name_is_that_of_the_longest_prefix_with_which_it_begins(name: str, repository: str) -> None:
    assert whose(name, PREFIXES) == repository


def test_what_has_the_name_of_a_repository_is_no_stray_although_its_prefix_is_no_more() -> None:
    assert [whose(name, {"evv": "evv"}) for name in ("evv", "evv-1")] == ["", "evv"]


def test_a_prefix_that_ends_with_a_dash_needs_no_other_one() -> None:
    assert whose("evv-x", {"evv": "evv-"}) == "evv"


@pytest.mark.parametrize(
    "resource",
    [
        made("my-evv-agent-test-x", columns=("exited", "", "debian", "sleep")),
        made("evv-agent-testing", columns=("exited", "", "debian", "sleep")),
        made("x", columns=("exited", "", "evv-agent-test-image", "sleep")),
        made("x", columns=("exited", "", "debian", '"sh evv-agent-test…"')),
        made("evv-agent-test-x", "of-another-project", ("exited", "", "debian", "sleep")),
        made("x", "my-evv-agent-test", ("exited", "", "debian", "sleep")),
    ],
)
def test_what_only_mentions_a_prefix_is_no_stray_and_is_named(resource: Resource) -> None:
    assert found((CONTAINERS, resource)) == Found([], {"evv": [f"container {resource.name}"]})


def test_the_age_is_that_of_the_oldest_part_in_both_spellings_of_docker() -> None:
    container = made("c", OLD, ("running", "2026-01-01 12:00:00 +0200 CEST", "i", "c"))
    network = made("n", OLD, ("", "2026-01-01 09:00:00.731334715 +0000 UTC"))
    (stray,) = found((CONTAINERS, container), (NETWORKS, network)).strays
    assert stray.about == "1 container (1 running), 1 network, 3 hours old"
    newer = made("evv-agent-test-new", columns=("", "2026-01-01 11:00:00 +0000 UTC"))
    unknown = made("evv-agent-test-unknown")
    assert names((VOLUMES, unknown), (NETWORKS, newer), (CONTAINERS, container)) == [OLD, newer.name, unknown.name]


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was to be removed, by project or by name; what is called `stuck` resists."""
    calls: list[object] = []

    def remove_project(_endpoint: Endpoint, project: str, *, bound: float, guard: bool) -> Report:
        calls.append(project)
        return Report(left={"volumes": ["v"] if "stuck" in project else []}, in_use=["used\x1b by x"])

    def remove_named(_endpoint: Endpoint, named: dict[str, list[str]], *, bound: float) -> Report:
        calls.append(named)
        return Report(left={kind: [name for name in names if "stuck" in name] for kind, names in named.items()})

    monkeypatch.setattr(strays, "remove_project", remove_project)
    monkeypatch.setattr(strays, "remove_named", remove_named)
    return calls


def test_projects_go_between_the_containers_and_the_rest_of_what_has_none(removed: list[object]) -> None:
    said: list[str] = []
    listed = [
        (CONTAINERS, made(f"{OLD}-odoo-1", OLD)),
        (CONTAINERS, made("evv-agent-test-c")),
        (NETWORKS, made("evv-agent-test-n\x1b[2J")),
        (VOLUMES, made("evv-agent-test-v")),
        (VOLUMES, made("data", "evv-agent-test-Odd\n")),
    ]
    assert remove(found(*listed).strays, Endpoint({}), said.append, 60)
    assert removed == [
        {CONTAINERS: ["evv-agent-test-c"]},
        OLD,
        {NETWORKS: ["evv-agent-test-n\x1b[2J"], VOLUMES: ["evv-agent-test-v", "data"]},
    ]
    assert said[1:3] == [f"{OLD} (stray): removed in 0 s", "  used\\x1b by x"]
    assert "\x1b" not in "".join(said)


@pytest.mark.parametrize("listed", [(VOLUMES, made("evv-agent-test-stuck")), (VOLUMES, made("v", "evv-agent-test-stuck"))])
def test_what_resists_is_not_called_removed(removed: list[object], listed: tuple[str, Resource]) -> None:
    said: list[str] = []
    assert not remove(found(listed).strays, Endpoint({}), said.append, 60)
    assert "(stray): LEFT after" in said[0]


def test_a_guard_at_the_engine_that_lacks_the_labels_of_a_run_is_removed_and_not_only_called_so(docker: FakeDocker) -> None:
    docker.create_guard(OLD, "guard")
    (stray,) = found((CONTAINERS, Resource("guard", {GUARD_LABEL: OLD}))).strays
    said: list[str] = []
    assert remove([stray], docker.endpoint, said.append, 60)
    assert docker.names(f"guard-of-{OLD}") == []
    assert said[0].startswith(f"{OLD} (stray): removed")


def test_nothing_to_remove_asks_the_engine_nothing(removed: list[object]) -> None:
    assert remove([], Endpoint({}), print, 60)
    assert removed == []
