"""Prepared databases on real Odoo: the result is the same with and without, and nothing half-made is ever used."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.config import repositories as config

from .command_lines import CommandLines
from .phases import guard_of
from .test_odoo import checkout_of, runner_of
from .tiny_repository import PATIENCE, ROOT, Started, environ_without_starter, judged_in, left

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(600)]

EXAMPLES = [
    ("evv", "evv_core"),
    ("evv", "evv_visits"),
    ("evv", "traction"),
    ("hub", "traction"),
    ("hub", "hub_compliance"),
]
LABEL = "agent-test-snapshot.key"
EVV = "agent-test.repository=evv"


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


def append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def snapshot_volumes() -> set[str]:
    return set(docker("volume", "ls", "--quiet", "--filter", f"label={LABEL}").split())


@pytest.fixture
def evv(tmp_path: Path) -> Iterator[Path]:
    """A checkout of evv in which evv_core is like no other, so that evv_visits needs a snapshot that is not there yet.

    Afterwards nothing of the runs is left but ready snapshots, and those of this checkout are removed.
    """
    before = snapshot_volumes()
    checkout = checkout_of("evv", tmp_path)
    append(checkout / "addons/evv_core/models/__init__.py", f"# {tmp_path}\n")
    yield checkout
    made = snapshot_volumes() - before
    assert left(EVV) == []
    own = {name for name in made if _labels(name).get("agent-test-snapshot.stage") == "own"}
    own |= {_labels(name)["agent-test-snapshot.volume"] for name in own}
    if own:
        docker("volume", "rm", *own)


def _labels(volume: str) -> dict[str, str]:
    return dict(json.loads(docker("volume", "inspect", volume))[0]["Labels"])


def new_snapshots(before: set[str]) -> list[tuple[str, str]]:
    """Markers made since, as (stage, volume)."""
    about = [_labels(name) for name in sorted(snapshot_volumes() - before) if name.endswith("-ready")]
    return [(labels["agent-test-snapshot.stage"], labels["agent-test-snapshot.volume"]) for labels in about]


def report(run: Started, file: Path) -> dict[str, Any]:
    """The JSON report of a run, without what differs from run to run."""
    run.finish()
    content: dict[str, Any] = json.loads(file.read_text())
    content["modules"] = [judged_in(module) for module in content["modules"]]
    return content


@pytest.mark.parametrize(("repository", "module"), EXAMPLES, ids=lambda word: word)
def test_an_example_passes_and_its_report_is_the_same_with_and_without_and_nobody_sees_a_password(
    repository: str, module: str, tmp_path: Path
) -> None:
    ways = {"prepared": (), "plain": ("--no-snapshot",)}
    checkouts = {way: checkout_of(repository, tmp_path / way) for way in ways}
    files = {way: tmp_path / f"{way}.json" for way in ways}
    # Side by side: each keeps one processor busy.
    with CommandLines(tmp_path) as seen:
        runs = {
            way: runner_of(repository, module, checkouts[way], "--json", files[way], *options) for way, options in ways.items()
        }
        reports = {way: report(runs[way], files[way]) for way in ways}
    assert reports["prepared"]["exit_code"] == 0, runs["prepared"].output[-3000:]
    assert reports["prepared"] == reports["plain"]
    logs = {way: (checkouts[way] / "proof_of_execution_tests.log").read_text() for way in ways}
    assert all(f"odoo.addons.{module}.tests" in log and log.count("  (nothing)\n") == 3 for log in logs.values())
    assert "none (--no-snapshot)" in logs["plain"]
    assert module not in logs["prepared"].partition("\nit holds:")[2].splitlines()[0].split()
    assert "without the prepared database" not in runs["prepared"].output
    assert len(seen.passwords) == 2
    assert any(f"--test-tags=/{module}".encode() in line for line in seen.lines)
    told = [*(run.output for run in runs.values()), docker("volume", "ls", "--format", "{{.Labels}}")]
    for text in (*seen.lines, *map(str.encode, told), *(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())):
        assert not [password for password in seen.passwords if password in text], text[:300]
    assert left(f"agent-test.repository={repository}") == []


def closing(output: str) -> list[str]:
    """The verdict, and the tests that failed, as a run or a round of a watch says them last."""
    lines = output[output.rindex("\nevv_visits: ") :].splitlines()
    return [line for line in lines if line.startswith(("evv_visits: ", "  FAIL: ", "  ERROR: "))]


def test_a_watch_has_the_results_of_runs_and_starts_over_with_a_change_of_what_the_database_holds(evv: Path) -> None:
    model = evv / "addons/evv_visits/models/evv_visit.py"
    good = model.read_text()
    watch = runner_of("evv", "evv_visits", evv, "--watch")
    try:
        watch.wait_for("round 1 took")
        green = closing(watch.output)
        assert green[0].startswith("evv_visits: PASSED")
        model.write_text(good.replace('if visit.state != "scheduled":', "if False:"))
        watch.wait_for("round 2 took")
        red = closing(watch.output)
        run = runner_of("evv", "evv_visits", evv)
        assert run.finish() == 1, run.output
        assert closing(run.output) == red
        model.write_text(good)
        watch.wait_for("round 3 took")
        assert closing(watch.output) == green
        append(evv / "addons/evv_core/models/__init__.py", "# again\n")
        watch.wait_for("starting over: what the prepared database holds changed")
        watch.wait_for("round 4 took")
        assert closing(watch.output) == green
    finally:
        watch.send(signal.SIGINT)
        assert watch.finish() == 130


def unfinished(since: set[str]) -> set[str]:
    """The volumes of preparations since then that no marker declares to be ready."""
    ready = {volume for _, volume in new_snapshots(since)}
    return {name for name in snapshot_volumes() - since if not name.endswith("-ready")} - ready


def test_nothing_is_left_of_a_preparation_whose_run_is_killed(evv: Path) -> None:
    before = snapshot_volumes()
    run = runner_of("evv", "evv_visits", evv)
    run.wait_for("prepare own")
    run.send(signal.SIGKILL)
    run.finish()
    assert "own" not in [stage for stage, _ in new_snapshots(before)]
    deadline = time.monotonic() + PATIENCE
    while (left(EVV) or unfinished(before)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert unfinished(before) == set()


def test_a_preparation_whose_guard_is_killed_too_is_never_used_and_goes_with_the_cleanup(evv: Path) -> None:
    before = snapshot_volumes()
    run = runner_of("evv", "evv_visits", evv)
    run.wait_for("prepare own")
    os.kill(guard_of(run.process.pid), signal.SIGKILL)
    run.send(signal.SIGKILL)
    run.finish()
    assert "own" not in [stage for stage, _ in new_snapshots(before)]
    assert unfinished(before) != set()
    cleanup = runner_of("cleanup")
    assert cleanup.finish() == 0, cleanup.output
    assert unfinished(before) == set()


def test_of_two_preparations_at_once_one_is_kept_and_broken_it_is_dropped_and_the_run_green_without(
    evv: Path, tmp_path: Path
) -> None:
    before = snapshot_volumes()
    other, same = checkout_of("evv", tmp_path / "other"), "addons/evv_core/models/__init__.py"
    (other / same).write_text((evv / same).read_text())
    for run in [runner_of("evv", "evv_visits", each) for each in (evv, other)]:
        assert run.finish() == 0, run.output[-3000:]
    (kept,) = [volume for stage, volume in new_snapshots(before) if stage == "own"]
    assert unfinished(before) == set()

    image = config.load(ROOT, os.environ).repositories["evv"].images.postgres
    docker("run", "--rm", "--user=0", f"--volume={kept}:/snapshot", "--entrypoint=rm", image, "/snapshot/complete")
    run = runner_of("evv", "evv_visits", evv)
    assert run.finish() == 0, run.output[-3000:]
    assert "without the prepared database, because it does not start" in run.output
    assert kept not in snapshot_volumes()
    assert "own" not in [stage for stage, _ in new_snapshots(before)]


def test_a_module_that_uses_what_it_does_not_depend_on_is_as_red_as_on_an_empty_database(evv: Path) -> None:
    (evv / "addons/evv_core/models/evv_stray.py").write_text(
        "from odoo import fields, models\n\n\n"
        "class EvvStray(models.TransientModel):\n"
        '    _inherit = "base.document.layout"  # of the module web\n\n'
        "    evv_note = fields.Char()\n"
    )
    append(evv / "addons/evv_core/models/__init__.py", "from . import evv_stray\n")
    run = runner_of("evv", "evv_core", evv)
    assert run.finish() == 7, run.output[-3000:]
    assert "evv_core mentions the model base.document.layout" in run.output


MEASURED = """from odoo.tests import TransactionCase


class TestDemo(TransactionCase):
    def test_without_demo_data(self):
        self.assertFalse(self.env.ref("base.module_base").demo)
"""


@pytest.fixture
def configured(tmp_path: Path) -> Iterator[Path]:
    """A folder with two repositories of one module that must have no demo data, `plain` and `planted`, each with its own file.

    Odoo's configuration of both is a config of Compose's; `planted` has its addons among Python's packages as well.
    """
    before = snapshot_volumes()
    images = config.load(ROOT, os.environ).repositories["evv"].images
    repositories = {}
    for name in ("plain", "planted"):
        module = tmp_path / name / "addons" / "measured"
        (module / "tests").mkdir(parents=True)
        (module / "__init__.py").touch()
        (module / "__manifest__.py").write_text("{'name': 'Measured', 'depends': ['base'], 'license': 'LGPL-3'}")
        (module / "tests" / "__init__.py").write_text("from . import test_demo\n")
        (module / "tests" / "test_demo.py").write_text(MEASURED)
        (tmp_path / name / "odoo.conf").write_text(f"[options]\n; {tmp_path}\n")
        volume = "      - odoo-data:/var/lib/odoo\n"
        second = "      - ./addons:/usr/local/lib/python3/dist-packages:ro\n" if name == "planted" else ""
        text = (ROOT / "docker-compose.agent.yml").read_text()
        assert volume in text
        text = text.replace(volume, f"{volume}{second}    configs: [{{source: conf, target: /etc/odoo/odoo.conf}}]\n")
        (tmp_path / name / "compose.yml").write_text(f"{text}configs:\n  conf: {{file: ./odoo.conf}}\n")
        about = {"prefix": f"{name}-agent-test", "path": name, "addons": ["addons"], "compose_file": "compose.yml"}
        repositories[name] = about | {"ports": "18080-18089", "images": images.model_dump()}
    (tmp_path / "repos.yaml").write_text(yaml.safe_dump({"repositories": repositories}))
    yield tmp_path
    made = snapshot_volumes() - before
    own = {name for name in made if _labels(name).get("agent-test-snapshot.repository") in repositories}
    own |= {_labels(name)["agent-test-snapshot.volume"] for name in own}
    if own:
        docker("volume", "rm", *own)
    assert [left(f"agent-test.repository={name}") for name in repositories] == [[], []]


def test_neither_a_changed_configuration_nor_a_planted_file_makes_another_run_s_verdict(configured: Path) -> None:
    before = snapshot_volumes()

    def run(repository: str) -> Started:
        command = [sys.executable, "-m", "runner", "run", repository, "measured"]
        return Started(command, configured, environ_without_starter() | {"PYTHONPATH": str(ROOT)}, patience=500)

    planted, plain = run("planted"), run("plain")
    assert (planted.finish(), plain.finish()) == (0, 0), planted.output + plain.output
    assert "prepare base" in plain.output
    assert len(plain.output.encode()) <= 1024, plain.output
    assert " INFO " not in plain.output
    assert (
        "no prepared database: services.odoo.volumes: /usr/local/lib/python3/dist-packages holds the module" in planted.output
    )
    made = [_labels(name).get("agent-test-snapshot.repository") for name in snapshot_volumes() - before]
    assert ("plain" in made, "planted" in made) == (True, False)

    with (configured / "plain" / "odoo.conf").open("a") as stream:
        stream.write("with_demo = True\n")
    changed = run("plain")
    assert changed.finish() == 1, changed.output
    assert "FAIL: TestDemo.test_without_demo_data" in changed.output
    assert "prepare base" in changed.output


def test_what_is_red_only_on_a_prepared_database_passes_and_the_next_run_begins_with_an_empty_one(evv: Path) -> None:
    tests = evv / "addons/evv_core/tests"
    (tests / "test_first.py").write_text(
        "from odoo.tests import TransactionCase\n\n\n"
        "class TestFirst(TransactionCase):\n"
        "    def test_that_evv_core_comes_before_web(self):\n"
        '        self.assertNotIn("base.document.layout", self.env)\n'
    )
    append(tests / "__init__.py", "from . import test_first\n")
    run = runner_of("evv", "evv_core", evv)
    assert run.finish() == 0, run.output[-3000:]
    failed = "FAIL: TestFirst.test_that_evv_core_comes_before_web"
    assert f"note: it was FAILED on the prepared database ({failed}), and PASSED on an empty one" in run.output
    proof = evv / "proof_of_execution_tests.log"
    assert failed in proof.read_text().partition("NOT COUNTED")[0]
    # The log of both: the verdict is made again of the one that counts, and of these sources alone.
    verified = runner_of("verify", proof, "--path", evv)
    assert verified.finish() == 0, verified.output
    append(tests / "test_first.py", "# later\n")
    verified = runner_of("verify", proof, "--path", evv)
    assert verified.finish() == 1
    assert "evv_core/tests/test_first.py has other content" in verified.output
    (tests / "test_first.py").write_text((tests / "test_first.py").read_text().removesuffix("# later\n"))
    again = runner_of("evv", "evv_core", evv)
    assert again.finish() == 0, again.output[-3000:]
    assert "no prepared database: an earlier run with these sources found: it was FAILED on it" in again.output
    assert "NOT COUNTED" not in (evv / "proof_of_execution_tests.log").read_text()
