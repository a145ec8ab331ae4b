"""What passes on a prepared database only because of modules that are there by chance."""

from pathlib import Path

import pytest

from runner.snapshots.undeclared import parse_undeclared_names, undeclared_names_query, undeclared_uses_in

ANSWER = """\
evv_core module web
evv_core module base_setup
evv_core model bus.bus
evv_core field tour_enabled
evv_visits module hr
psql: some words of another kind
"""


def mentions(folder: Path, **files: str) -> list[str]:
    module = folder / "evv_core"
    module.mkdir()
    (module / "__manifest__.py").write_text("{'assets': {'web.assets_backend': []}}")
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (module / f"{stem}.{suffix}").write_text(text)
    return undeclared_uses_in({"evv_core": module}, parse_undeclared_names(ANSWER))


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("views_xml", '<field name="inherit_id" ref="base_setup.res_config_settings_view_form"/>', "the module base_setup"),
        ("access_csv", "a,web.model_base_document_layout,1", "the module web"),
        ("model_py", "self.env.ref('web.external_layout')", "the module web"),
        ("model_py", "from odoo.addons.web.controllers import home", "the module web"),
        ("model_py", "from odoo.addons import web\n_inherit = 'bus.bus'", "the model bus.bus"),
        ("access_csv", "a,b,model_bus_bus,1", "the model bus_bus"),
        ("views_xml", '<field name="tour_enabled"/>', "the field tour_enabled"),
    ],
)
def test_what_is_mentioned_without_being_declared_is_found_and_named(tmp_path: Path, name: str, text: str, what: str) -> None:
    (found,) = mentions(tmp_path, **{name: text})
    assert found.startswith(f"evv_core mentions {what} (")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("model_py", "# See https://web.example/ and the web. Then bus.bus_stop, my.bus.bus, retour_enabled."),
        ("views_xml", '<a href="/web/login">x</a>'),
        ("script_js", 'import { registry } from "@web/core/registry"; web.x'),
        ("model_py", "self.env['hr.employee']; ref('hr.x')"),
    ],
)
def test_what_only_looks_like_it_or_is_read_later_is_not(tmp_path: Path, name: str, text: str) -> None:
    assert mentions(tmp_path, **{name: text}) == []


def test_the_query_asks_for_every_module(tmp_path: Path) -> None:
    assert undeclared_names_query(["evv_core", "evv_visits"]).count("in ('evv_core', 'evv_visits')") == 1
    with pytest.raises(AssertionError):
        undeclared_names_query(["x'); drop table"])


def test_sources_that_cannot_be_read_are_no_proof_that_all_is_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(file: Path, **_: str) -> str:
        raise PermissionError(13, "Permission denied", str(file))

    monkeypatch.setattr(Path, "read_text", unreadable)
    (use,) = mentions(tmp_path, model_py="")
    assert use.startswith("the sources of evv_core cannot be read: Permission denied: ")
