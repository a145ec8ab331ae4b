"""The container that packs and unpacks: what is in its reach, and what becomes of what it refuses."""

from contextlib import AbstractContextManager

import pytest

from runner.docker.inventory import image_from
from runner.errors import EnvironmentFailed
from runner.snapshots.carrier import Carrier, Unfit, carrier
from tests.unit.fake_carriers import FakeCarriers, FakeCarrierStreams, broken

LABELS = {"agent-test.owner-pid": "7"}


@pytest.fixture
def engine() -> FakeCarriers:
    engine = FakeCarriers()
    engine.contents["a-volume"] = b"a tar"
    return engine


def opened(engine: FakeCarriers) -> AbstractContextManager[Carrier]:
    assert engine.images
    image = image_from(engine.images.images["sha256:db"])
    return carrier(engine, FakeCarrierStreams(engine), "a-project", LABELS, image, "a-volume")


def test_it_has_one_volume_no_network_and_no_power_and_the_labels_by_which_it_is_found(engine: FakeCarriers) -> None:
    with opened(engine):
        words = engine.container
        assert {"--network=none", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"} <= set(words)
        assert [word for word in words if word.startswith("--cap-add")] == [
            "--cap-add=CHOWN",
            "--cap-add=DAC_OVERRIDE",
            "--cap-add=FOWNER",
        ]
        assert {"--pids-limit=64", "--memory=1g", "--pull=never", "--name=a-project-carrier"} <= set(words)
        assert {"--label=agent-test.owner-pid=7", "--label=com.docker.compose.project=a-project"} <= set(words)
        assert [word for word in words if "volume" in word] == ["--volume=a-volume:/agent-test-new:nocopy"]
        # One that the image declares would be a volume without labels.
        assert "--mount=type=tmpfs,target=/var/lib/postgresql/data,readonly" in words
    assert engine.container == ()


def test_it_is_removed_whatever_fails_in_it(engine: FakeCarriers) -> None:
    with pytest.raises(ZeroDivisionError), opened(engine):
        raise ZeroDivisionError
    engine.failures["seal"] = broken("it holds what is no plain file: ./x")
    with pytest.raises(Unfit, match="no plain file"), opened(engine) as given:
        given.seal()
    assert engine.container == ()


def test_what_tar_says_where_it_cannot_read_is_told_after_what_it_gave(engine: FakeCarriers) -> None:
    with opened(engine) as given:
        engine.failures["pack"] = broken("", 2)
        pieces = given.pack()
        assert next(pieces) == b"a tar"
        with pytest.raises(EnvironmentFailed, match="it cannot be read: tar: cluster: Cannot open"):
            next(pieces)


def test_what_tar_does_not_take_is_unfit_in_its_words_in_a_line(engine: FakeCarriers) -> None:
    with opened(engine) as given:
        engine.failures["unpack"] = broken("tar: /etc/x:\x1b[31m Read-only file system\nmore", 2)
        with pytest.raises(Unfit) as caught:
            given.unpack([b"a tar"])
        assert str(caught.value) == "it cannot be unpacked: tar: /etc/x:\\x1b[31m Read-only file system"
