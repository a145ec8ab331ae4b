"""Containers of somebody else on the network of a run, or with its volume: never stopped, never removed, always named."""

import json
from collections.abc import Iterator

import pytest

from .tiny_repository import RUNNING, TinyRepository, left

ENDS_AT_A_WORD = f"""starting test_one
record INFO odoo.tiny '{RUNNING}'
until [ -e /mnt/extra-addons/go ]; do sleep 0.1; done
result 0 0 1
"""


@pytest.fixture
def other(tiny: TinyRepository) -> Iterator[str]:
    """A container of a person, its name."""
    name = "a-person-s-own"
    tiny.docker("run", "-d", "--name", name, "-v", "/usr:/usr:ro", "agent-test-tiny", "sleep", "infinity")
    try:
        yield name
    finally:
        tiny.docker("rm", "-fv", name)


def test_somebody_else_s_container_on_the_run_s_network_is_disconnected_and_runs_on(tiny: TinyRepository, other: str) -> None:
    tiny.module("good", ENDS_AT_A_WORD)
    run = tiny.start("run", "tiny", "good")
    run.wait_for(RUNNING)
    (network,) = [name for name in left() if name.endswith("_default")]
    tiny.docker("network", "connect", network, other)
    (tiny.addons / "go").touch()
    assert run.finish() == 0, run.output
    told = f"not of this run, disconnected: container {other} from network {network}"
    assert told in run.output
    assert told in tiny.proof.read_text()
    assert left() == []
    (inspected,) = json.loads(tiny.docker("container", "inspect", other))
    assert inspected["State"]["Running"]
    assert network not in inspected["NetworkSettings"]["Networks"]
