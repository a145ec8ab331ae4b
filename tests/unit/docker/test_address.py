"""Where a published port is reached, from here: as it is, by another host's name, or not without a way there."""

import pytest

from runner.docker.address import Address, address_of
from runner.docker.whereabouts import Whereabouts

HERE, FAR, AROUND = Whereabouts(), Whereabouts("build-host"), Whereabouts(mounts={})


@pytest.mark.parametrize(
    ("whereabouts", "interface", "told"),
    [
        (HERE, "127.0.0.1", "127.0.0.1:8090"),
        (HERE, "", "127.0.0.1:8090"),
        (HERE, "::1", "[::1]:8090"),
        (FAR, "127.0.0.1", "127.0.0.1:8090 on build-host"),
        (FAR, "0.0.0.0", "build-host:8090"),
        (Whereabouts("fe80::1"), "", "[fe80::1]:8090"),
        (FAR, "10.0.0.7", "10.0.0.7:8090 on build-host"),
        (AROUND, "127.0.0.1", "127.0.0.1:8090 on the engine's machine, outside of this container"),
    ],
)
def test_an_address_says_where_it_holds(whereabouts: Whereabouts, interface: str, told: str) -> None:
    assert str(address_of(whereabouts, 8090, interface)) == told


def test_the_way_to_another_machine_s_loopback_is_a_tunnel() -> None:
    assert address_of(FAR, 8090, "127.0.0.1").way == "ssh -L 8090:127.0.0.1:8090 build-host, then http://127.0.0.1:8090"
    assert address_of(FAR, 8090, "") == Address("build-host:8090")
