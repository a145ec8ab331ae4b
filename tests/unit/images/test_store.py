"""Which images an engine has of repositories' own, and which of them go."""

import time

import pytest

from runner.images.store import MAX_DAYS, MAX_MEGABYTES, MAX_NUMBER, keep_within_limits, labels_of, name_of, own_images
from tests.unit.fake_engine import FakeEngine, info
from tests.unit.fake_images import FakeImages

DAY = 86400


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine({"info": info})


@pytest.fixture
def images(engine: FakeEngine) -> FakeImages:
    return FakeImages(engine)


def add(images: FakeImages, key: str, days_old: float = 0, *, tags: tuple[str, ...] | None = None, size: int = 0) -> None:
    labels = labels_of(key, "evv", "sha256:base", time.time() - days_old * DAY)
    images.add(f"sha256:{key}", *((name_of(key),) if tags is None else tags), size=size, Labels=labels)


def test_they_are_listed_the_newest_first_with_what_they_have_beyond_their_base(
    engine: FakeEngine, images: FakeImages
) -> None:
    images.add("sha256:base", "odoo:18.0", size=2_000_000_000)
    add(images, "old", 3, size=2_400_000_000)
    add(images, "new", 1, size=2_010_000_000)
    found = [(image.name, image.made_for, image.megabytes) for image in own_images(engine)]
    assert found == [("agent-test-image:new", "evv", 10), ("agent-test-image:old", "evv", 400)]


def test_without_its_base_the_size_is_that_of_all_of_it(engine: FakeEngine, images: FakeImages) -> None:
    add(images, "k", size=5_000_000)
    assert [image.megabytes for image in own_images(engine)] == [5]


def test_one_of_podman_s_is_known_by_its_name_too(engine: FakeEngine, images: FakeImages) -> None:
    add(images, "k", tags=(f"localhost/{name_of('k')}",))
    assert [image.name for image in own_images(engine)] == [name_of("k")]


def test_what_somebody_has_made_of_one_is_not_ours(engine: FakeEngine, images: FakeImages) -> None:
    add(images, "k", tags=("mine:latest",))
    assert own_images(engine) == []


def test_what_is_too_old_too_many_or_replaced_goes(engine: FakeEngine, images: FakeImages) -> None:
    add(images, "too-old", MAX_DAYS + 1)
    add(images, "replaced", 0.5, tags=())
    for number in range(MAX_NUMBER + 1):
        add(images, f"n{number}", 1 + number / 100)
    said: list[str] = []
    keep_within_limits(engine, said.append)
    left = [image.id for image in own_images(engine)]
    assert left == [f"sha256:n{number}" for number in range(MAX_NUMBER)]
    assert len(said) == 3 and said[0].startswith("sha256:replaced: removed")


def test_what_takes_too_much_goes_the_oldest_first(engine: FakeEngine, images: FakeImages) -> None:
    for days, key in enumerate(("newest", "older", "oldest")):
        add(images, key, days, size=MAX_MEGABYTES * 400_000)
    keep_within_limits(engine, lambda _line: None)
    assert [image.id for image in own_images(engine)] == ["sha256:newest", "sha256:older"]


def test_one_that_a_run_is_about_to_use_stays_however_large_it_is(engine: FakeEngine, images: FakeImages) -> None:
    add(images, "huge", size=(MAX_MEGABYTES + 1) * 1_000_000)
    keep_within_limits(engine, pytest.fail, spared="sha256:huge")
    assert [image.id for image in own_images(engine)] == ["sha256:huge"]


def test_what_a_container_has_stays(engine: FakeEngine, images: FakeImages) -> None:
    add(images, "too-old", MAX_DAYS + 1)
    images.used.add(name_of("too-old"))
    keep_within_limits(engine, pytest.fail)
    assert [image.name for image in own_images(engine)] == [name_of("too-old")]


def test_one_whose_label_is_no_time_is_too_old(engine: FakeEngine, images: FakeImages) -> None:
    images.add("sha256:k", name_of("k"), Labels=labels_of("k", "evv", "", 0) | {"agent-test.image.created": "²"})
    keep_within_limits(engine, lambda _line: None)
    assert own_images(engine) == []
