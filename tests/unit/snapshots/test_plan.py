"""Which prepared database a run starts from, and which it makes."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.config.model import Prepared
from runner.config.repositories import RepoConfig
from runner.docker.inventory import Image
from runner.snapshots.plan import Plan
from runner.snapshots.plan import choose as choose_plan
from runner.snapshots.snapshot import FOLDER_IN_MEMORY
from runner.snapshots.store import Store
from tests.unit.fake_engine import failed
from tests.unit.fake_volumes import FakeVolumes
from tests.unit.odoo.test_dependencies import modules_in
from tests.unit.repositories import repository
from tests.unit.snapshots.test_snapshot import IMAGES, RENDERED
from tests.unit.snapshots.test_store import ALIVE

MODULES: dict[str, object] = {
    "evv_core": {"depends": ["hr"]},
    "evv_visits": {"depends": ["evv_core"]},
    "evv_more": {"depends": ["evv_core", "mail"]},
    "evv_mail": {"depends": ["mail"]},
    "evv_plain": {"depends": ["base"]},
}
CONFIGS: dict[str, dict[str, Any]] = {
    "postgres:16": {"Env": ["PGDATA=/var/lib/postgresql/data"], "Entrypoint": ["start"], "Cmd": ["postgres"]}
}
Choose = Callable[..., Plan]


@pytest.fixture
def engine() -> FakeVolumes:
    return FakeVolumes()


@pytest.fixture
def addons(tmp_path: Path) -> Path:
    modules_in(tmp_path / "evv", MODULES)
    return tmp_path / "evv" / "addons"


@pytest.fixture
def choose(engine: FakeVolumes, addons: Path, tmp_path: Path) -> Choose:
    def chosen(
        module: str,
        *,
        kernel: str | None = None,
        rendered: dict[str, Any] = RENDERED,
        asked: dict[str, Any] | None = None,
        checkout: RepoConfig | None = None,
        **images: str,
    ) -> Plan:
        there = copy.deepcopy(rendered)
        for volume in there["services"]["odoo"]["volumes"]:
            volume["source"] = volume["source"].replace("/evv/addons", str(addons))
        here = {name: Image(digest, CONFIGS.get(name, {}), digest) for name, digest in (IMAGES | images).items()}
        store = Store(engine)
        about: dict[str, Any] = {
            "rendered": there,
            "override": {},
            "images": here,
            "environ": {},
            "password": "secret",
            "memory_of": kernel,
            "checkout": checkout,
        }
        evv = repository(tmp_path).model_copy(update=asked or {})
        return choose_plan(evv, module, store, store.prefetch(), **about)

    return chosen


def make(engine: FakeVolumes, plan: Plan, modules: str = "base web hr evv_core") -> None:
    """Publish what is missing, as if a run had made it."""
    store = Store(engine)
    for stage in plan.missing:
        volume = store.begin(stage, "p", ALIVE)
        store.publish(stage, volume, "evv", modules.split(), 90, 9)
        assert store.volumes().ready[stage.key].volume == volume


def names(plan: Plan) -> list[str]:
    return [stage.name for stage in plan.missing]


def test_at_first_every_stage_is_missing(choose: Choose) -> None:
    plan = choose("evv_visits")
    assert (plan.used, plan.unavailable_reason) == (None, "")
    assert [(stage.name, stage.modules) for stage in plan.missing] == [
        ("core", ("base", "hr")),
        ("own", ("evv_core",)),
    ]
    assert names(choose("evv_plain")) == ["base"]


@pytest.mark.parametrize(
    "test", ["class TestTour(HttpCase): ...", "class TestX(AccountTestInvoicingHttpCommon): ...", "self.url_open('/')"]
)
def test_a_module_whose_tests_ask_over_http_gets_the_assets_bundles(choose: Choose, addons: Path, test: str) -> None:
    tests = addons / "evv_visits" / "tests"
    tests.mkdir()
    (tests / "test_visit.py").write_text(f"# {test}\n")
    assert names(choose("evv_visits")) == ["core", "assets", "own"]
    (tests / "test_visit.py").write_text("class TestVisit(TransactionCase): ...\n")
    assert names(choose("evv_visits")) == ["core", "own"]


def test_what_is_installed_before_an_update_has_the_prepared_databases_of_its_own_dependencies(
    choose: Choose, addons: Path, tmp_path: Path
) -> None:
    """Not those of the checkout's, whose folders are mounted beside; with the same sources both have the same."""
    now, earlier = choose("evv_visits"), tmp_path / "earlier"
    shutil.copytree(addons, earlier / "addons")
    tests = addons / "evv_visits" / "tests"
    tests.mkdir()
    (tests / "test_visit.py").write_text("class TestTour(HttpCase): ...\n")
    shutil.copytree(tests, earlier / "addons/evv_visits/tests")
    asked = {"path": earlier, "addons": (earlier / "addons",), "mounted_at": ("/mnt/earlier",)}
    before = choose("evv_visits", asked=asked, checkout=repository(tmp_path))
    assert [stage.key for stage in before.missing] == [stage.key for stage in now.missing]
    assert before.folders_in_container(before.missing[-1]) == ["/mnt/earlier/evv_core"]
    assert before.no_assets == "the module is updated first"
    (addons / "evv_core/model.py").write_text("x = 1\n")
    assert choose("evv_visits", asked=asked, checkout=repository(tmp_path)).missing == before.missing
    (earlier / "addons/evv_core/model.py").write_text("x = 1\n")
    after = choose("evv_visits", asked=asked, checkout=repository(tmp_path))
    assert [old.key == new.key for old, new in zip(before.missing, after.missing, strict=True)] == [True, False]


@pytest.mark.parametrize(
    "source",
    [
        "from odoo.addons.base.models.assetsbundle import AssetsBundle",
        "from . import ir_asset",
        "self.env['ir.qweb']._render('x')",
        "self.assertTrue(self.env['ir.attachment'].search([('mimetype', '=', 'text/css')]))",
        "self.env.cr.execute('SELECT count(*) FROM ir_attachment')",
        "self.assertFalse(self.env['ir.attachment'].search([('url', '=like', '/web/assets/%')]))",
        "class IrQweb(models.AbstractModel):\n    _inherit = ['ir.qweb']",
        "class Attachment(models.Model):\n    _inherit = [\n        'mail.thread',\n        'ir.attachment',\n    ]",
    ],
)
@pytest.mark.parametrize("module", ["evv_visits", "evv_core"])
def test_where_a_module_makes_bundles_in_its_own_way_there_are_none(
    choose: Choose, addons: Path, module: str, source: str
) -> None:
    tests = addons / "evv_visits" / "tests"
    tests.mkdir()
    (tests / "test_visit.py").write_text("class TestTour(HttpCase): ...\n")
    (addons / module / "models.py").write_text("attachment = fields.Many2one('ir.attachment')")
    assert names(choose("evv_visits")) == ["core", "assets", "own"]
    (addons / module / "models.py").write_text(source)
    plan = choose("evv_visits")
    assert names(plan) == ["core", "own"]
    assert plan.facts()["assets bundles"].startswith(f"none from before, as {module}/models.py has ")


def test_base_alone_is_kept_once_a_second_set_of_dependencies_could_start_from_it(choose: Choose, engine: FakeVolumes) -> None:
    make(engine, choose("evv_visits"))
    assert names(choose("evv_more")) == ["base", "core", "own"]
    make(engine, choose("evv_more"))
    assert names(choose("evv_mail")) == ["core"]
    assert names(choose("evv_more", **{"odoo:18.0": "sha256:rebuilt"})) == ["core", "own"]


def test_a_stage_whose_modules_the_one_before_holds_is_not_made(choose: Choose, engine: FakeVolumes) -> None:
    make(engine, choose("evv_plain"), "base web")
    assert names(choose("evv_visits")) == ["core", "own"]
    engine.volumes.clear()
    make(engine, choose("evv_plain"), "base web hr")
    assert names(choose("evv_visits")) == ["own"]


def test_what_an_earlier_run_made_is_used(choose: Choose, engine: FakeVolumes) -> None:
    make(engine, choose("evv_visits"))
    plan = choose("evv_visits")
    assert plan.used
    assert (plan.used.stage, plan.missing) == ("own", ())
    assert plan.is_complete
    assert not choose("evv_more").is_complete
    assert plan.installed == ("base", "evv_core", "hr", "web")


def test_another_module_starts_from_as_much_as_it_has_in_common(choose: Choose, engine: FakeVolumes) -> None:
    make(engine, choose("evv_visits"))
    make(engine, choose("evv_plain"))
    core, more = choose("evv_core"), choose("evv_more")
    assert core.used
    assert more.used
    assert (core.used.stage, names(core)) == ("core", [])
    assert (more.used.stage, names(more)) == ("base", ["core", "own"])


def test_a_change_in_evv_core_is_another_database_for_evv_visits_and_none_for_evv_core(
    choose: Choose, engine: FakeVolumes, addons: Path
) -> None:
    make(engine, choose("evv_visits"))
    (addons / "evv_core" / "model.py").write_text("VALUE = 2\n")
    visits, core = choose("evv_visits"), choose("evv_core")
    assert visits.used
    assert (visits.used.stage, names(visits)) == ("core", ["own"])
    assert names(core) == []


def test_a_change_while_it_is_made_is_noticed(choose: Choose, addons: Path) -> None:
    plan = choose("evv_visits")
    assert plan.is_up_to_date
    (addons / "evv_core" / "model.py").write_text("VALUE = 2\n")
    assert not plan.is_up_to_date


def test_a_mounted_file_is_another_database_and_a_change_of_it_is_noticed(
    choose: Choose, engine: FakeVolumes, tmp_path: Path
) -> None:
    (tmp_path / "odoo.conf").write_text("[options]\n")
    rendered = copy.deepcopy(RENDERED)
    mount = {"type": "bind", "source": str(tmp_path / "odoo.conf"), "target": "/etc/odoo/odoo.conf", "read_only": True}
    rendered["services"]["odoo"]["volumes"].append(mount)
    make(engine, choose("evv_visits", rendered=rendered))
    plan = choose("evv_visits", rendered=rendered)
    assert (plan.used is not None, plan.is_up_to_date) == (True, True)
    (tmp_path / "odoo.conf").write_text("[options]\nwith_demo = True\n")
    assert not plan.is_up_to_date
    assert choose("evv_visits", rendered=rendered).used is None
    mount["read_only"] = False
    assert "/etc/odoo/odoo.conf can be written to" in choose("evv_visits", rendered=rendered).unavailable_reason


def test_why_there_is_none_says_no_password(choose: Choose) -> None:
    rendered = copy.deepcopy(RENDERED)
    rendered["services"]["odoo"]["environment"] = {"CONF": "postgres://odoo:secret@db /mnt/extra-addons/odoo.conf"}
    why = choose("evv_visits", rendered=rendered).unavailable_reason
    assert "services.odoo.environment.CONF names postgres://odoo:***@db" in why


def test_an_image_that_the_engine_does_not_tell_apart_is_no_base(choose: Choose) -> None:
    assert choose("evv_visits", **{"odoo:18.0": ""}).unavailable_reason == "the engine does not tell which image odoo:18.0 is"


@pytest.mark.parametrize("file", ["model.py", "__manifest__.py"])
def test_a_change_in_the_module_under_test_changes_nothing(
    choose: Choose, engine: FakeVolumes, addons: Path, file: str
) -> None:
    make(engine, choose("evv_visits"))
    with (addons / "evv_visits" / file).open("a") as stream:
        stream.write("# A change.\n")
    assert names(choose("evv_visits")) == []


def test_another_dependency_or_image_is_another_database(choose: Choose, engine: FakeVolumes, addons: Path) -> None:
    make(engine, choose("evv_visits"))
    assert names(choose("evv_visits", **{"odoo:18.0": "sha256:rebuilt"})) == ["core", "own"]
    (addons / "evv_visits" / "__manifest__.py").write_text("{'depends': ['evv_core', 'mail']}")
    assert names(choose("evv_visits")) == ["base", "core", "own"]


@pytest.mark.parametrize("module", ["evv_visits", "evv_core", "evv_more"])
def test_neither_the_module_nor_what_depends_on_it_is_ever_installed_beforehand(choose: Choose, module: str) -> None:
    plan = choose(module)
    dependents = {"evv_core": {"evv_core", "evv_visits", "evv_more"}}.get(module, {module})
    assert not dependents & {name for stage in plan.missing for name in stage.modules}
    assert set(plan.misplaced([*dependents, "base", "web"])) == dependents
    assert plan.misplaced([*plan.dependencies.local, "base", "web"]) == []


def test_a_module_that_would_come_by_itself_makes_the_run_go_without(
    choose: Choose, engine: FakeVolumes, addons: Path
) -> None:
    make(engine, choose("evv_visits"))
    modules_in(addons.parent, {"glue": {"depends": ["web"], "auto_install": True}})
    plan = choose("evv_visits")
    assert (plan.used, plan.missing, plan.installed) == (None, (), ())
    assert "glue would not be installed automatically" in plan.unavailable_reason


def test_who_does_not_want_one_is_said_to(choose: Choose) -> None:
    wanted = choose("evv_visits")
    plan = wanted.disable("--no-snapshot")
    assert (wanted.unavailable_reason, names(wanted)) == ("", ["core", "own"])
    assert (plan.used, plan.missing, plan.installed, plan.in_memory) == (None, (), (), False)
    assert plan.facts() == {"prepared database": "none (--no-snapshot)"}
    assert plan.in_a_line() == "no prepared database: --no-snapshot"


def test_a_compose_file_or_an_engine_that_hinders_is_no_failure(choose: Choose, engine: FakeVolumes) -> None:
    without = {**RENDERED, "services": {"odoo": RENDERED["services"]["odoo"]}}
    assert choose("evv_visits", rendered=without).unavailable_reason == "the compose file has no service `db`"
    engine.answers["volume ls"] = failed("no answer")
    assert choose("evv_visits").unavailable_reason == "`docker volume ls` failed: no answer"


@pytest.mark.parametrize("answer", ["nonsense", "[]", '["x", "", "too", "few"]'])
def test_a_listing_that_is_not_understood_is_no_failure_either(choose: Choose, engine: FakeVolumes, answer: str) -> None:
    engine.answers["volume ls"] = answer
    assert "not understood" in choose("evv_visits").unavailable_reason


def test_a_snapshot_whose_marker_is_not_understood_is_not_used_but_made_anew(choose: Choose, engine: FakeVolumes) -> None:
    make(engine, choose("evv_visits"))
    for name in engine.volumes:
        if name.endswith("-ready"):
            engine.volumes[name]["agent-test-snapshot.created"] = "yesterday"
    plan = choose("evv_visits")
    assert (plan.used, plan.unavailable_reason, names(plan)) == (None, "", ["core", "own"])


def test_a_stage_that_was_refused_is_not_tried_again_by_every_run(choose: Choose, engine: FakeVolumes) -> None:
    at_first = choose("evv_visits")
    store = Store(engine)
    store.refuse(at_first.missing[0], "hr logs an error")
    (marker,) = engine.volumes
    without_core = choose("evv_visits")
    assert names(without_core) == ["base"]
    assert "not more, as the preparation of core failed before: hr logs an error" in without_core.in_a_line()
    assert "hr logs an error" in without_core.facts()["not more"]
    store.refuse(without_core.missing[0], "base\x1b[2J is broken\nand more")
    why = choose("evv_visits").unavailable_reason
    assert why.startswith(r"the preparation of base failed before: base\x1b[2J is broken; it is tried again when its sources")
    assert choose("evv_visits").missing == ()
    del engine.volumes[next(name for name in engine.volumes if name != marker)]
    engine.volumes[marker]["agent-test-snapshot.created"] = "0"  # long ago
    assert names(choose("evv_visits")) == ["core", "own"]
    assert marker not in engine.volumes


def test_a_plan_with_a_stage_that_was_refused_is_not_complete(choose: Choose, engine: FakeVolumes) -> None:
    Store(engine).refuse(choose("evv_visits").missing[0], "hr logs an error")
    make(engine, choose("evv_visits"), "base")
    plan = choose("evv_visits")
    assert plan.used
    assert plan.missing == ()
    assert not plan.is_complete


def test_what_dead_preparations_left_is_removed(choose: Choose, engine: FakeVolumes) -> None:
    plan = choose("evv_visits")
    name = Store(engine).begin(plan.missing[0], "p", ALIVE)
    engine.volumes[name]["agent-test.owner-start"] = "1"
    choose("evv_visits")
    assert engine.volumes == {}


def test_the_log_says_which_was_used_and_what_it_holds(choose: Choose, engine: FakeVolumes) -> None:
    make(engine, choose("evv_visits"))
    plan = choose("evv_visits")
    assert plan.used
    about = plan.facts()
    assert plan.used.volume in about["prepared database"]
    assert about["it holds"] == "base evv_core hr web"
    assert plan.in_a_line().startswith("prepared database with base, hr, evv_core (")


def test_a_dependency_is_seen_where_its_addons_folder_is_mounted(choose: Choose) -> None:
    plan = choose("evv_visits")
    assert [plan.folders_in_container(stage) for stage in plan.missing] == [[], ["/mnt/extra-addons/evv_core"]]


def test_the_database_is_in_memory_where_there_is_room_and_no_limit(choose: Choose, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.snapshots.memory.has_room", lambda kernel: kernel == "6.1")
    assert not choose("evv_visits").in_memory
    plan = choose("evv_visits", kernel="6.1")
    assert plan.in_memory
    assert plan.data_folder == FOLDER_IN_MEMORY
    assert plan.facts()["prepared database"] == "made by this run, in memory"
    limited = copy.deepcopy(RENDERED)
    limited["services"]["db"]["mem_limit"] = "512m"
    assert not choose("evv_visits", kernel="6.1", rendered=limited).in_memory
    assert choose("evv_visits", kernel="another").data_folder == "/var/lib/postgresql/data"


@pytest.mark.parametrize(
    "asked", [{"demo": True}, {"demo": False}, {"languages": ("de_DE",)}, {"odoo_options": {"unaccent": True}}]
)
def test_what_else_is_asked_of_odoo_makes_another_database_and_the_same_the_same(
    choose: Choose, engine: FakeVolumes, asked: dict[str, Any]
) -> None:
    make(engine, choose("evv_visits"))
    assert names(choose("evv_visits", asked=asked)) == ["core", "own"]
    make(engine, choose("evv_visits", asked=asked))
    assert choose("evv_visits", asked=asked).missing == choose("evv_visits").missing == ()


def test_a_server_wide_module_of_the_repository_is_seen_by_every_stage_and_its_sources_count(
    choose: Choose, engine: FakeVolumes, addons: Path
) -> None:
    asked = {"odoo_options": {"load": ("base", "web", "evv_mail")}}
    plan = choose("evv_visits", asked=asked)
    seen = [plan.folders_in_container(stage) for stage in plan.missing]
    assert seen == [["/mnt/extra-addons/evv_mail"], ["/mnt/extra-addons/evv_core", "/mnt/extra-addons/evv_mail"]]
    make(engine, plan)
    assert choose("evv_visits", asked=asked).used
    (addons / "evv_mail" / "__init__.py").write_text("patch()\n")
    assert not plan.is_up_to_date
    assert not choose("evv_visits", asked=asked).used


def test_a_module_under_test_that_is_server_wide_has_no_prepared_database(choose: Choose) -> None:
    plan = choose("evv_core", asked={"odoo_options": {"load": ("base", "web", "evv_visits")}})
    assert plan.unavailable_reason == "evv_core, the module under test, is loaded with the server-wide modules"


def test_thirty_nine_modules_keep_what_they_start_from_and_fewer_databases_keep_those_that_most_start_from(
    choose: Choose, engine: FakeVolumes, addons: Path
) -> None:
    sets = [
        "base",
        "mail",
        "contacts",
        "product",
        "hr",
        "account",
        "stock",
        "sale",
        "purchase",
        "project",
        "crm",
        "web",
        "hr mail",
    ]
    modules: dict[str, object] = {
        f"evv_{at}_{number}": {"depends": of.split()} for at, of in enumerate(sets) for number in range(2)
    }
    modules |= {f"evv_{at}_on": {"depends": [f"evv_{at}_0"]} for at in range(len(sets))}
    modules_in(addons.parent, modules)

    def made_in_a_pass(number: int) -> int:
        made = 0
        for module in modules:
            plan = choose(module)
            made += len(plan.missing)
            holds = {"base", *plan.dependencies.external, *plan.dependencies.local}
            make(engine, plan, " ".join(sorted(holds)))
            Store(engine).keep_within_limits("evv", Prepared(number=number), lambda _line: None)
        return made

    assert len(modules) == 39
    first = made_in_a_pass(100)
    assert first == 26
    assert made_in_a_pass(100) == 0
    assert made_in_a_pass(20) < first / 2
