"""A watch on the engine: what it tests again and when it starts over, and that nothing is left, however it ends."""

import shutil
import signal

import pytest

from .tiny_repository import FAILS, PASSES, RUNNING, WAITS, TinyRepository, left, left_after_teardown

WAITING = "waiting for changes (Ctrl+C ends)"


class Watch:
    """A watch of a tiny module, which waits for its first change."""

    def __init__(self, tiny: TinyRepository, behaviour: str = PASSES) -> None:
        self._tiny = tiny
        tiny.module("module", behaviour)
        self.behaviour = tiny.addons / "module" / "behaviour.sh"
        self.started = tiny.start("run", "tiny", "module", "--watch")
        self.rounds = 0
        self.wait()

    def wait(self) -> str:
        """Return when the next round has ended; what was said since the one before."""
        self.rounds += 1
        self.started.wait_for(f"round {self.rounds} took ")
        return self.started.output.partition(f"] round {self.rounds}")[2]

    def saves(self, behaviour: str) -> None:
        new = self.behaviour.with_name("behaviour.tmp~")
        new.write_text(behaviour)
        new.rename(self.behaviour)

    @property
    def project(self) -> str:
        """The environment of which it spoke last."""
        return self.started.output.rpartition("\ntiny / module: ")[2].splitlines()[0]

    def ends(self, signum: signal.Signals) -> int:
        self.started.send(signum)
        return self.started.finish()


def test_each_change_is_tested_in_one_environment_and_ctrl_c_leaves_nothing(tiny: TinyRepository) -> None:
    tiny.proof.parent.mkdir(exist_ok=True)
    watch = Watch(tiny)
    project = watch.project
    assert "module: PASSED  2 tests ran" in watch.started.output
    watch.saves(FAILS)
    said = watch.wait()
    assert "module: FAILED  1 test ran, 1 failed" in said
    assert "since round 1: newly failing: TestTiny.test_one" in said
    watch.saves(PASSES)
    assert "since round 2: newly passing: TestTiny.test_one" in watch.wait()
    assert watch.project == project
    assert watch.ends(signal.SIGINT) == 130
    assert left() == []
    assert not tiny.proof.exists()
    assert "module: INTERRUPTED  3 rounds of tests, nothing proven" in watch.started.output


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_any_signal_ends_it_while_it_waits(tiny: TinyRepository, signum: signal.Signals, code: int) -> None:
    watch = Watch(tiny)
    assert watch.ends(signum) == code
    assert left() == []


def test_ctrl_c_in_the_midst_of_a_later_round_leaves_nothing(tiny: TinyRepository) -> None:
    watch = Watch(tiny)
    watch.saves(WAITS)
    watch.started.wait_for(RUNNING)
    assert watch.ends(signal.SIGINT) == 130
    assert left() == []


def test_killed_while_it_waits_it_leaves_nothing(tiny: TinyRepository) -> None:
    watch = Watch(tiny)
    assert watch.ends(signal.SIGKILL) == -signal.SIGKILL
    assert left_after_teardown() == []


def test_a_change_during_a_round_is_tested_after_it(tiny: TinyRepository) -> None:
    # It ends only when something else was saved.
    waits = f"record INFO odoo.tiny '{RUNNING}'\nuntil [ -e /mnt/extra-addons/module/go ]; do sleep 0.1; done\n"
    watch = Watch(tiny)
    watch.saves(waits + PASSES)
    watch.started.wait_for(RUNNING)
    (watch.behaviour.with_name("go")).touch()
    watch.wait()
    assert "module/go" in watch.wait()
    assert watch.ends(signal.SIGINT) == 130


def test_another_compose_file_takes_the_environment_down_and_another_one_up(tiny: TinyRepository) -> None:
    watch = Watch(tiny)
    first = watch.project
    compose = tiny.checkout / "compose.yml"
    good = compose.read_text()
    compose.write_text("services: [")
    watch.started.wait_for("nothing stands; waiting for changes")
    assert left() == []
    compose.write_text(good)
    watch.wait()
    assert watch.project != first
    assert left(f"com.docker.compose.project={first}") == []
    assert left(f"com.docker.compose.project={watch.project}") != []
    assert watch.ends(signal.SIGINT) == 130


def test_where_the_sources_are_copied_a_change_starts_over(tiny: TinyRepository) -> None:
    tiny.configure(sources="copy")
    watch = Watch(tiny)
    watch.saves(FAILS)
    assert "module: FAILED" in watch.wait()
    assert "starting over: the containers have copies of the sources" in watch.started.output
    assert watch.ends(signal.SIGINT) == 130


def test_a_module_that_goes_and_comes_back_is_tested_again(tiny: TinyRepository) -> None:
    watch = Watch(tiny)
    module, away = tiny.addons / "module", tiny.checkout / "away"
    shutil.move(module, away)
    watch.started.wait_for("module is not in its repository any more; waiting for changes")
    shutil.move(away, module)
    watch.wait()
    assert watch.ends(signal.SIGINT) == 130


def test_a_container_that_died_meanwhile_ends_it_with_5(tiny: TinyRepository) -> None:
    watch = Watch(tiny)
    tiny.docker("kill", f"{watch.project}-db-1")
    watch.saves(FAILS)
    assert watch.started.finish() == 5, watch.started.output
    assert left() == []
