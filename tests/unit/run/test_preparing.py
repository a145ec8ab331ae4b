"""Making a prepared database within a run: what is published, and what sends the run back to an empty one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from runner.errors import EnvironmentFailed
from runner.odoo.dependencies import Unfit
from runner.reporting.proof_log import ProofLog
from runner.run.preparing import Preparation, passed_by_chance
from runner.snapshots.snapshot import Stage
from runner.terminal import Terminal

RECORD = "2026-01-01 00:00:00,000 1 {} agent_test odoo.{}: {}\n"
CLEAN = RECORD.format("INFO", "modules.loading", "Modules loaded.")
INSTALLED = "base installed\nweb installed\n"


class FakeStore:
    def __init__(self) -> None:
        self.published: list[Any] = []
        self.refused: list[str] = []

    def begin(self, stage: Stage, project: str) -> str:
        assert project == "p"
        return f"volume-{stage.name}"

    def publish(self, *facts: Any) -> None:
        self.published.append(facts)

    def refuse(self, stage: Stage) -> None:
        self.refused.append(stage.name)

    def keep_within_limits(self, _say: Callable[[str], None]) -> None:
        self.published.append("limits")


class FakePrepared:
    def __init__(self, stages: list[Stage]) -> None:
        self.missing, self.store, self.why_not = stages, FakeStore(), ""
        self.holds: tuple[str, ...] = ()
        self.data_folder, self.image, self.own_is_unchanged = "/data", "postgres:16", True
        self.repository = type("Repository", (), {"name": "evv"})
        self.in_memory = False
        self.automatic: list[str] = []
        self.own_folders: dict[str, Path] = {}

    def folders_in_container(self) -> list[str]:
        return ["/mnt/extra-addons/evv_core"]

    def strangers(self, installed: Any) -> list[str]:
        return sorted(set(installed) & {"evv_visits"})

    def check_automatic(self, _installed: Any) -> None:
        if self.automatic:
            raise Unfit(f"{self.automatic[0]} would not come")

    def about(self) -> dict[str, str]:
        return {"prepared database": self.why_not or "made by this run"}

    def in_a_line(self) -> str:
        return self.why_not or "prepared"


class FakeEnvironment:
    """The environment and its engine; what Odoo and docker do is set by each test."""

    project, odoo_container, password = "p", "p-odoo-1", "secret"
    containers: ClassVar[dict[str, str]] = {"db": "p-db-1", "odoo": "p-odoo-1"}
    labels: ClassVar[dict[str, str]] = {"agent-test.repository": "evv"}

    def __init__(self, *stages: Stage) -> None:
        self.prepared = FakePrepared(list(stages))
        self.engine = self
        self.output, self.exit_code, self.answer, self.query_code = CLEAN, 0, INSTALLED, 0
        self.commands: list[tuple[str, ...]] = []
        self.fails, self.codes = "", dict[str, int]()
        self.why_over = ""

    @property
    def streams(self) -> "FakeEnvironment":
        return self

    def execute(self, _container: str, command: list[str], _limit: float) -> "Execution":
        assert "odoo-prepare" in command
        self.commands.append(("odoo", next(word for word in command if word.startswith("--init="))))
        return Execution(self.output, self.exit_code)

    def query(self, container: str, command: list[str], _limit: float = 60) -> tuple[int, str]:
        if container.startswith("p-snapshot"):
            kind = "store" if "sync" in command[2] else "take"
            self.commands.append((kind, command[-1]))
            code = self.codes.get(kind, 0)
            return code, f"{kind} failed\n" if code else "61\n"
        return self.query_code, self.answer

    def command(self, *arguments: str, limit: float = 60) -> str:
        self.commands.append(arguments)
        if arguments[0] == self.fails:
            raise EnvironmentFailed(f"{arguments[0]} failed")
        return ""

    def begin(self, *_questions: tuple[str, ...]) -> None:
        """The answers are here."""

    def start_over(self, why: str) -> None:
        self.why_over = why
        self.prepared.holds, self.prepared.why_not = (), why


class Execution:
    def __init__(self, output: str, exit_code: int) -> None:
        self._output, self.exit_code = output, exit_code

    def __iter__(self) -> Iterator[bytes]:
        yield from self._output.encode().splitlines(keepends=True)


BASE = Stage("base", ("base",), "key-base", "key-base")
OWN = Stage("own", ("evv_core",), "key-own", "key-base", own=True)


@pytest.fixture
def go(tmp_path: Path) -> Callable[[FakeEnvironment], str]:
    def gone(environment: FakeEnvironment) -> str:
        with ProofLog(tmp_path, tmp_path / "proof.log") as log:
            preparation = Preparation(environment, log, Terminal())  # type: ignore[arg-type]
            preparation.make(5)
            environment.commands.append(("tests",))
            preparation.finish()
            log.publish()
        return (tmp_path / "proof.log").read_text()

    return gone


Go = Callable[[FakeEnvironment], str]


def test_a_stage_is_copied_from_the_stopped_server_and_then_published_with_what_is_installed(go: Go) -> None:
    environment = FakeEnvironment(BASE)
    proof = go(environment)
    assert [words[0] for words in environment.commands] == [
        *("odoo", "run", "stop", "take", "start", "exec", "tests"),
        *("store", "rm"),
    ]
    copy = environment.commands[1]
    for part in ("--volume=volume-base:/agent-test-new", "--volumes-from=p-db-1", "--env=PGDATA=/data"):
        assert part in copy
    # So that the guard, and after it the janitor, find the container that copies.
    assert "--label=com.docker.compose.project=p" in copy
    assert "--label=agent-test.repository=evv" in copy
    assert environment.prepared.store.published == [
        (BASE, "volume-base", "evv", ("base", "web"), 61, "secret"),
        "limits",
    ]
    assert environment.why_over == ""
    titles = (
        "PREPARATION: base\nmodules: base\n",
        "Modules loaded.",
        "PREPARED DATABASE\nprepared database: made by this run\n",
    )
    assert sorted(map(proof.index, titles)) == [proof.index(title) for title in titles]


def test_stages_follow_on_each_other(go: Go) -> None:
    environment = FakeEnvironment(BASE, OWN)
    environment.answer = INSTALLED + "evv_core installed\n"
    go(environment)
    assert [words[1] for words in environment.commands if words[0] == "odoo"] == ["--init=base", "--init=evv_core"]
    assert [each[0].name for each in environment.prepared.store.published[:-1]] == ["base", "own"]


def test_without_a_missing_stage_nothing_is_made_and_nothing_removed(go: Go) -> None:
    environment = FakeEnvironment()
    go(environment)
    assert environment.commands == [("tests",)]
    assert environment.prepared.store.published == []


@pytest.mark.parametrize(
    ("about", "why"),
    [
        ({"exit_code": 255}, "the installation of base was not clean: exit code 255"),
        ({"output": RECORD.format("ERROR", "addons.base", "Something is wrong")}, "was not clean: Something is wrong"),
        (
            {"output": RECORD.format("WARNING", "modules.module", "module hr: not installable, skipped")},
            "hr is not installable",
        ),
        ({"output": RECORD.format("WARNING", "modules.loading", "Module hr demo data failed to install")}, "demo data of hr"),
        ({"answer": "web installed\n"}, "not installed after the preparation: base"),
        ({"answer": INSTALLED + "hr to install\n"}, "not installed after the preparation: hr"),
        ({"query_code": 2}, "not installed after the preparation"),
        ({"answer": INSTALLED + "evv_visits installed\n"}, "evv_visits got into the prepared database"),
        ({"fails": "stop"}, "stop failed"),
        ({"fails": "run"}, "run failed"),
        ({"codes": {"take": 1}}, "it cannot be copied: take failed"),
        ({"fails": "start"}, "start failed"),
        ({"fails": "exec"}, "exec failed"),
    ],
)
def test_what_is_not_as_it_should_be_is_not_published_and_the_run_starts_over(go: Go, about: dict[str, Any], why: str) -> None:
    environment = FakeEnvironment(BASE, OWN)
    vars(environment).update(about)
    proof = go(environment)
    assert why in environment.why_over
    assert environment.prepared.store.published == []
    # Not tried again with the same key: what would most likely end in the same way.
    assert environment.prepared.store.refused == (["base"] if "output" in about or "codes" in about else [])
    assert why in proof


def test_a_copy_that_cannot_be_finished_is_said_and_does_not_matter_to_the_run(
    go: Go, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = FakeEnvironment(BASE)
    environment.codes = {"store": 1}
    go(environment)
    assert environment.why_over == ""
    assert environment.prepared.store.published == []
    assert "not kept for later runs: the copy of base failed: store failed" in capsys.readouterr().out
    assert environment.commands[-1][0] == "store"


def test_a_stage_is_kept_even_if_the_next_one_fails(go: Go) -> None:
    environment = FakeEnvironment(BASE, OWN)  # evv_core is not installed then
    go(environment)
    assert "evv_core" in environment.why_over
    assert [each[0].name for each in environment.prepared.store.published[:-1]] == ["base"]


def test_a_database_in_memory_is_taken_within_it_while_the_server_stands(go: Go) -> None:
    environment = FakeEnvironment(BASE)
    environment.prepared.in_memory = True
    go(environment)
    folders = {words[0]: words[1] for words in environment.commands if words[0] in ("take", "store")}
    assert folders == {"take": "/agent-test-memory/base", "store": "/agent-test-memory/base"}


def test_sources_that_changed_during_the_preparation_are_not_published_under_the_old_key(go: Go) -> None:
    environment = FakeEnvironment(OWN)
    environment.answer = INSTALLED + "evv_core installed\n"
    environment.prepared.own_is_unchanged = False
    go(environment)
    assert "changed meanwhile" in environment.why_over
    assert environment.prepared.store.published == []


def test_a_module_that_would_not_come_by_itself_is_found_once_the_modules_are_known(go: Go) -> None:
    environment = FakeEnvironment(BASE)
    environment.prepared.automatic = ["glue"]
    go(environment)
    assert "glue would not come" in environment.why_over


def sources(tmp_path: Path, text: str) -> dict[str, Path]:
    (tmp_path / "evv_core").mkdir()
    (tmp_path / "evv_core" / "model.py").write_text(text)
    return {"evv_core": tmp_path / "evv_core"}


def test_what_passed_only_by_chance_is_told(tmp_path: Path) -> None:
    environment = FakeEnvironment()
    environment.answer = "evv_core module web\n"
    environment.prepared.own_folders = sources(tmp_path, "ref('web.layout')")
    assert passed_by_chance(environment) == []  # type: ignore[arg-type]
    environment.prepared.holds = ("base", "web")
    (why,) = passed_by_chance(environment)  # type: ignore[arg-type]
    assert "evv_core mentions the module web (model.py)" in why


def test_a_database_that_does_not_tell_is_not_believed(tmp_path: Path) -> None:
    environment = FakeEnvironment()
    environment.answer, environment.query_code = "psql: error\n", 2
    environment.prepared.holds = ("base",)
    environment.prepared.own_folders = sources(tmp_path, "")
    assert passed_by_chance(environment) == ["the database does not tell what is in it: psql: error"]  # type: ignore[arg-type]
