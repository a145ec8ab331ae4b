"""Snapshots as the volumes of a fake engine."""

import time
from typing import Any

import pytest

from runner.cleanup.life import deadline_label
from runner.cleanup.owner import this_process
from runner.cleanup.resources import MAKER_LABEL, PUBLISHED_LABEL
from runner.config.model import Prepared
from runner.snapshots.snapshot import Snapshot, Stage
from runner.snapshots.store import KEY_LABEL, MAX_DAYS, Store, beyond_limits, from_elsewhere, labels_of
from tests.unit.fake_volumes import FakeVolumes

PROJECT, OTHER = "evv-agent-test-evv_core-1", "evv-agent-test-evv_core-2"
STAGE = Stage("core", ("base", "hr"), "0123456789abcdef0123", "key-of-base")
MARKER = "agent-test-snapshot-0123456789abcdef-ready"
ALIVE = this_process().labels()
DEAD = ALIVE | {"agent-test.owner-start": "1"}
FAR = ALIVE | {"agent-test.owner-host": "elsewhere", "agent-test.owner-boot": "of-elsewhere"}
BESIDE = DEAD | {"agent-test.owner-pidns": "4026531999"}
EARLIER = DEAD | {"agent-test.owner-boot": "before-a-restart"}


@pytest.fixture
def engine() -> FakeVolumes:
    return FakeVolumes()


def published(engine: FakeVolumes, stage: Stage = STAGE) -> Store:
    store = Store(engine)
    volume = store.begin(stage, PROJECT, ALIVE)
    store.publish(stage, volume, "evv", ["web", "base"], 90, 12.4)
    assert store.volumes().ready[stage.key].volume == volume
    return store


def test_what_is_begun_has_the_owner_and_the_deadline_of_its_run(engine: FakeVolumes) -> None:
    whose = ALIVE | due(9000)
    name = Store(engine).begin(STAGE, PROJECT, whose | {"agent-test.repository": "evv"})
    assert engine.volumes[name] == {KEY_LABEL: STAGE.key, MAKER_LABEL: PROJECT} | whose


def test_what_is_begun_is_not_ready(engine: FakeVolumes) -> None:
    store = Store(engine)
    name = store.begin(STAGE, PROJECT, ALIVE)
    found = store.volumes()
    assert (found.ready, found.dead, found.preparing) == ({}, [], [name])


def test_what_is_published_is_ready_and_says_what_it_holds(engine: FakeVolumes) -> None:
    found = published(engine).volumes()
    snapshot = found.ready[STAGE.key]
    assert (found.dead, found.preparing) == ([], [])
    assert snapshot.volume in engine.volumes
    assert (snapshot.stage, snapshot.repository, snapshot.modules) == ("core", "evv", ("base", "web"))
    assert (snapshot.megabytes, snapshot.seconds) == (90, 12)


def test_of_two_that_prepare_the_same_the_first_wins_and_the_other_s_belongs_to_its_run_still(engine: FakeVolumes) -> None:
    first, second = Store(engine), Store(engine)
    ours, theirs = first.begin(STAGE, PROJECT, ALIVE), second.begin(STAGE, OTHER, ALIVE)
    second.publish(STAGE, theirs, "evv", ["base"], 90, 12.4)
    first.publish(STAGE, ours, "evv", ["base"], 90, 12.4)
    assert first.volumes().ready[STAGE.key].volume == theirs
    labels = engine.volumes.values()
    assert {each[MAKER_LABEL] for each in labels if MAKER_LABEL in each} == {PROJECT, OTHER}
    assert {each[PUBLISHED_LABEL] for each in labels if PUBLISHED_LABEL in each} == {theirs}


def due(seconds: float) -> dict[str, str]:
    return deadline_label(time.time() + seconds)


@pytest.mark.parametrize(
    ("owner", "swept"),
    [
        (DEAD, True),
        (ALIVE, False),
        (FAR, False),
        (BESIDE, False),
        (EARLIER, True),
        (ALIVE | due(-1), False),
        (FAR | due(-1), True),
        (FAR | due(9000), False),
        (BESIDE | due(-1), True),
        (BESIDE | due(9000), False),
        # Of another machine of that name, perhaps.
        (EARLIER | due(9000), False),
        (EARLIER | due(-1), True),
    ],
)
def test_a_preparation_is_swept_once_its_run_is_known_to_be_dead_or_past_its_deadline(
    engine: FakeVolumes, owner: dict[str, str], swept: bool
) -> None:
    engine.volumes["agent-test-snapshot-x"] = {"agent-test-snapshot.key": "x"} | owner
    store = Store(engine)
    assert store.sweep(store.volumes().dead) == (["agent-test-snapshot-x"] if swept else [])
    assert bool(engine.volumes) != swept


def test_a_snapshot_outlives_the_run_that_made_it(engine: FakeVolumes) -> None:
    snapshot = published(engine).volumes().ready[STAGE.key]
    engine.volumes[snapshot.volume] |= DEAD
    found = Store(engine).volumes()
    assert (list(found.ready), found.dead) == ([STAGE.key], [])


@pytest.mark.parametrize("damage", ["volume", "label"])
def test_a_marker_without_its_data_or_of_another_kind_is_not_believed(engine: FakeVolumes, damage: str) -> None:
    snapshot = published(engine).volumes().ready[STAGE.key]
    if damage == "volume":
        del engine.volumes[snapshot.volume]
    else:
        del engine.volumes[MARKER]["agent-test-snapshot.base"]
    found = Store(engine).volumes()
    assert found.ready == {}
    assert MARKER in found.dead


@pytest.mark.parametrize("schema", ["1", None])
def test_what_another_version_prepared_is_dead_with_its_data(engine: FakeVolumes, schema: str | None) -> None:
    store = published(engine)
    snapshot = store.volumes().ready[STAGE.key]
    engine.volumes[snapshot.volume] |= FAR
    about = engine.volumes[MARKER]
    about["agent-test-snapshot.password"] = about.pop("agent-test-snapshot.schema")
    if schema:
        about["agent-test-snapshot.schema"] = schema
    found = store.volumes()
    assert (found.ready, found.preparing, found.odd) == ({}, [], {})
    assert store.sweep(found.dead) == [MARKER, snapshot.volume]


def test_no_label_holds_a_password(engine: FakeVolumes) -> None:
    published(engine)
    assert not [label for labels in engine.volumes.values() for label in labels if "password" in label]


ODD = [("created", "yesterday"), ("created", "nan"), ("created", "inf"), ("megabytes", "many"), ("megabytes", "6e3")]
ODD += [("created", "1e308"), ("created", "-1"), ("megabytes", "-5"), ("megabytes", "9" * 4000)]


@pytest.mark.parametrize(("fact", "value"), ODD)
def test_a_marker_that_is_not_understood_is_named_and_neither_it_nor_its_data_is_touched(
    engine: FakeVolumes, fact: str, value: str
) -> None:
    snapshot = published(engine).volumes().ready[STAGE.key]
    engine.volumes[snapshot.volume] |= DEAD
    engine.volumes[MARKER][f"agent-test-snapshot.{fact}"] = value
    found = Store(engine).volumes()
    assert (found.ready, found.dead, found.preparing) == ({}, [], [])
    assert list(found.odd) == [MARKER]
    assert "is not understood" in found.odd[MARKER]


@pytest.mark.parametrize("value", ["yesterday", "nan", None])
def test_a_refusal_that_is_not_understood_is_named_and_refuses_nothing(engine: FakeVolumes, value: str | None) -> None:
    store = Store(engine)
    store.refuse(STAGE, "why")
    (name,) = engine.volumes
    if value is None:
        del engine.volumes[name]["agent-test-snapshot.created"]
    else:
        engine.volumes[name]["agent-test-snapshot.created"] = value
    found = store.volumes()
    assert (found.refused, found.dead, list(found.odd)) == ({}, [], [name])


@pytest.mark.parametrize("reason", ["why", "\x1b]0;x\x07why", "why\n::error::x", "w" * 5000, "\0", "", "\udc80"])
def test_a_refusal_says_why_and_does_nothing_to_a_terminal(engine: FakeVolumes, reason: str) -> None:
    store = Store(engine)
    store.refuse(STAGE, reason)
    (name,) = engine.volumes
    refusal = store.volumes().refused[STAGE.key]
    assert refusal.volume == name
    assert refusal.reason.isprintable()
    assert 0 < len(refusal.reason) < 300
    engine.volumes[name]["agent-test-snapshot.reason"] = reason  # by somebody else
    assert store.volumes().refused[STAGE.key].reason.isprintable()


def test_what_a_compose_file_declares_is_no_prepared_database(engine: FakeVolumes) -> None:
    store = published(engine)
    for labels in engine.volumes.values():
        labels["com.docker.compose.project"] = "evil"
    store.refuse(STAGE, "why")
    engine.volumes[f"agent-test-snapshot-{STAGE.key[:16]}-refused"]["com.docker.compose.project"] = "evil"
    found = store.volumes()
    assert (found.ready, found.refused, found.dead, found.preparing, found.odd) == ({}, {}, [], [], {})


def test_a_marker_of_another_name_than_its_key_is_not_believed(engine: FakeVolumes) -> None:
    store = published(engine)
    engine.volumes["agent-test-snapshot-fedcba9876543210-ready"] = engine.volumes.pop(MARKER)
    found = store.volumes()
    assert (found.ready, list(found.odd)) == ({}, ["agent-test-snapshot-fedcba9876543210-ready"])


@pytest.mark.parametrize("value", ["a\tb", "a,b", "a\nb", '"', "{{.}}", "é", "\\"])
def test_labels_of_any_other_kind_disturb_nothing(engine: FakeVolumes, value: str) -> None:
    store = published(engine)
    engine.volumes["theirs"] = {KEY_LABEL: value, MAKER_LABEL: value}
    found = store.volumes()
    assert (list(found.ready), found.preparing, found.odd) == ([STAGE.key], ["theirs"], {})


def test_a_dropped_snapshot_is_gone_with_its_marker_and_one_in_use_is_at_least_not_found(engine: FakeVolumes) -> None:
    store = published(engine)
    snapshot = store.volumes().ready[STAGE.key]
    engine.used.add(snapshot.volume)
    assert not store.drop(snapshot)
    assert store.volumes().ready == {}
    engine.used.clear()
    assert store.drop(snapshot)
    assert engine.volumes == {}


def snapshot(number: int, **about: Any) -> Snapshot:
    facts: dict[str, Any] = {
        "stage": "base",
        "base": "b",
        "repository": "evv",
        "modules": ("base",),
        "megabytes": 1,
        "seconds": 9,
    }
    return Snapshot(**{"key": str(number), "volume": f"v{number}", "created": 1000.0 + number, **facts, **about})


def beyond(ready: list[Snapshot], now: float = 1100.0, number: int = 100, disk: int = 10**10) -> list[str]:
    limits = Prepared.model_construct(number=number, disk=disk)
    return sorted(snapshot.key for snapshot in beyond_limits(ready, limits, now))


def test_limits_are_by_number_and_by_size_and_the_oldest_of_the_same_go_first() -> None:
    many = [snapshot(number) for number in range(5)]
    assert beyond(many, number=5) == []
    assert beyond(many, number=3) == ["0", "1"]
    big = [snapshot(0, megabytes=1), snapshot(1, megabytes=500)]
    assert beyond(big, disk=500_000_000) == ["0"]
    assert beyond(big, disk=501_000_000) == []


def test_one_that_alone_is_beyond_the_limit_takes_no_other_along() -> None:
    assert beyond([snapshot(0), snapshot(1, megabytes=501, seconds=60)], disk=500_000_000) == ["1"]


def test_what_is_made_again_in_the_least_time_goes_first() -> None:
    slow, quick = snapshot(0, seconds=40), snapshot(1, seconds=2)
    assert beyond([slow, quick], number=1) == ["1"]


def test_what_was_slow_to_make_and_is_of_yesterday_goes_before_what_is_of_now() -> None:
    slow, quick = snapshot(0, seconds=40), snapshot(86_400, seconds=2)
    assert beyond([slow, quick], now=87_400.0, number=1) == ["0"]


def test_what_a_clock_that_is_ahead_has_made_is_worth_what_it_took_to_make() -> None:
    far, slow = snapshot(9_000_000_000, seconds=2), snapshot(1, seconds=40)
    assert beyond([far, slow], number=1) == ["9000000000"]


def test_a_stage_goes_after_those_that_are_built_on_it() -> None:
    old_base = snapshot(0, seconds=0)
    cores = [snapshot(90_000 + number, stage="core", modules=("base", f"m{number}"), seconds=30) for number in range(3)]
    own = snapshot(90_009, stage="own", modules=("base", "m0", "x"), seconds=90)
    other = snapshot(90_010, base="other", modules=("base",), seconds=60)
    ready = [own, old_base, other, *cores]
    assert beyond(ready, now=91_010.0, number=3) == ["90001", "90002", "90010"]
    assert beyond(ready, now=91_010.0, number=1) == ["90000", "90001", "90002", "90009", "90010"]


def test_what_a_container_uses_and_what_is_another_repository_s_is_never_too_much(engine: FakeVolumes) -> None:
    store = published(engine)
    found = store.volumes().ready[STAGE.key]
    none = Prepared.model_construct(number=0)
    said: list[str] = []
    engine.used.add(found.volume)
    store.keep_within_limits("evv", none, said.append)
    engine.used.clear()
    store.keep_within_limits("hub", none, said.append)
    assert STAGE.key in store.volumes().ready
    store.keep_within_limits("evv", none, said.append)
    assert engine.volumes == {}
    assert said == [f"{found.volume} (core): removed, beyond `prepared` of evv in repos.yaml"]


@pytest.mark.parametrize(("days", "is_ready"), [(MAX_DAYS - 1, True), (MAX_DAYS + 1, False)])
def test_what_is_too_old_is_not_ready_and_makes_room_for_a_new_one(engine: FakeVolumes, days: int, is_ready: bool) -> None:
    store = published(engine)
    engine.volumes[MARKER]["agent-test-snapshot.created"] = str(time.time() - days * 86400)
    found = store.volumes()
    assert bool(found.ready) == is_ready
    store.sweep(found.dead)
    assert bool(engine.volumes) == is_ready


def told(**other: str) -> dict[str, str]:
    """What is known of one that was made a minute ago elsewhere."""
    modules = ("base", "web")
    made = Snapshot("a" * 32, "b" * 32, "core", "there", "evv", modules, time.time() - 60, 90, 12)
    return labels_of(made) | {f"agent-test-snapshot.{fact}": value for fact, value in other.items()}


def test_what_is_told_of_one_elsewhere_is_read_again_without_a_volume() -> None:
    snapshot = from_elsewhere(told(), time.time())
    assert (snapshot.key, snapshot.base, snapshot.stage, snapshot.repository) == ("a" * 32, "b" * 32, "core", "evv")
    assert (snapshot.modules, snapshot.megabytes, snapshot.seconds, snapshot.volume) == (("base", "web"), 90, 12, "")


def test_one_from_a_clock_that_is_fast_is_of_now() -> None:
    assert from_elsewhere(told(created="9000000000"), 1000.0).created == 1000.0


@pytest.mark.parametrize(
    ("fact", "value", "why"),
    [
        ("schema", "1", "another version of the runner"),
        ("schema", "", "another version of the runner"),
        ("key", "../../etc", "its key or its stage is none"),
        ("base", "a" * 31, "its key or its stage is none"),
        ("stage", "tests", "its key or its stage is none"),
        ("modules", "base --help", "names modules that no module can be called"),
        ("created", "1000", "older than 14 days"),
        ("created", "nan", "is no time"),
        ("megabytes", "1e9", "invalid literal"),
        ("megabytes", "-5", "is no size"),
        ("seconds", "99999999999", "is no size"),
    ],
)
def test_what_is_told_of_one_elsewhere_is_not_believed(fact: str, value: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        from_elsewhere(told(**{fact: value}), time.time())


@pytest.mark.parametrize("fact", ["key", "base", "stage", "repository", "modules", "created", "megabytes", "seconds"])
def test_one_of_which_not_all_is_told_is_none(fact: str) -> None:
    about = told()
    del about[f"agent-test-snapshot.{fact}"]
    with pytest.raises(ValueError, match="does not say what it holds"):
        from_elsewhere(about, time.time())
