"""An upgrade on the engine: first what the commit has, then the checkout; and nothing is left, however the run ends."""

import signal
import time

import pytest

from tests.unit.upgrade.history import commit, git

from .tiny_repository import PASSES, PATIENCE, RUNNING, WAITS, TinyRepository, left_after_teardown

INSTALLS = "record INFO odoo.modules.loading 'Loading module module (1/1)'\n"
EARLIER = INSTALLS + "record INFO odoo.tiny 'this is the earlier one'\nresult 0 0 0\n"


def with_history(tiny: TinyRepository, behaviour: str) -> None:
    """A module that is EARLIER at v1."""
    tiny.module("module", EARLIER)
    git(tiny.checkout, "init", "-q")
    commit(tiny.checkout, "v1")
    (tiny.addons / "module/behaviour.sh").write_text(INSTALLS + behaviour)


@pytest.mark.parametrize("sources", ["mount", "copy"])
def test_the_earlier_module_is_installed_then_that_of_the_checkout_tested(tiny: TinyRepository, sources: str) -> None:
    tiny.configure(sources=sources)
    with_history(tiny, PASSES)
    code, output = tiny.run("run", "tiny", "module", "--upgrade-from", "v1")
    assert code == 0, output
    assert "module: PASSED, updated from v1  2 tests ran" in output
    assert output.count("this is the earlier one") == 1
    assert output.index("this is the earlier one") < output.index("Starting TestTiny.test_one")
    assert list(tiny.checkout.glob(".agent-tests/*/earlier")) == []


def test_killed_in_the_midst_of_an_update_it_leaves_nothing_not_even_the_earlier_sources(tiny: TinyRepository) -> None:
    with_history(tiny, WAITS)
    started = tiny.start("run", "tiny", "module", "--upgrade-from", "v1")
    started.wait_for(RUNNING)
    assert len(list(tiny.checkout.glob(".agent-tests/*/earlier"))) == 1
    started.send(signal.SIGKILL)
    started.finish()
    assert left_after_teardown() == []
    deadline = time.monotonic() + PATIENCE
    while (there := list(tiny.checkout.glob(".agent-tests/*/earlier"))) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert there == []
