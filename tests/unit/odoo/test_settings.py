"""How Odoo is told of demo data, languages and options, and whether the database is as it was asked for."""

from pathlib import Path

import pytest

from runner.odoo.settings import NOTHING_ASKED, OdooSettings, server_wide_modules, settings_of
from tests.unit.repositories import repository


def test_where_nothing_is_asked_odoo_is_told_nothing_and_the_database_is_not_asked() -> None:
    assert (NOTHING_ASKED.in_conf, NOTHING_ASKED.words, NOTHING_ASKED.query, NOTHING_ASKED.facts()) == ({}, [], "", {})


def test_demo_data_is_asked_for_as_14_to_19_understand_it_whatever_the_odoo_conf_of_the_image_says() -> None:
    assert OdooSettings(demo=True).in_conf == {"without_demo": "False"}
    assert OdooSettings(demo=False).in_conf == {"without_demo": "True"}
    assert {"with_demo", "without_demo"} <= set(OdooSettings(demo=False).not_of_a_conf)
    assert not {"with_demo", "without_demo"} & set(NOTHING_ASKED.not_of_a_conf)


def test_languages_come_after_english_which_stays_that_of_the_users() -> None:
    assert OdooSettings(languages=("de_DE", "en_US")).words == ["--load-language=en_US,de_DE"]
    assert OdooSettings(demo=True, languages=("de_DE",)).beyond_preparation == OdooSettings(demo=True)


@pytest.mark.parametrize(
    ("demo", "answer", "reasons"),
    [
        (True, "", []),
        (True, "module evv_core \n", ["not as asked, installed without demo data: evv_core"]),
        (False, "module evv_core \nmodule base \n", ["not as asked, installed with demo data: evv_core, base"]),
    ],
)
def test_a_module_that_is_installed_otherwise_than_asked_is_a_reason(demo: bool, answer: str, reasons: list[str]) -> None:
    assert OdooSettings(demo=demo).not_honoured(answer) == reasons


def test_a_language_that_is_unknown_or_not_loaded_is_a_reason() -> None:
    settings = OdooSettings(languages=("de_DE", "de_XX", "xx_XX", "fr_FR"))
    assert settings.not_honoured("language de_DE true\nlanguage fr_FR false\nlanguage en_US true\n") == [
        "Odoo does not know the language de_XX, but de_DE",
        "Odoo does not know the language xx_XX",
        "the language fr_FR was not loaded, although it was asked for",
    ]


def test_both_are_asked_for_in_one_question() -> None:
    assert OdooSettings(demo=True, languages=("de_DE",)).query.count(" union all ") == 1


def test_the_log_says_what_was_asked_for() -> None:
    settings = OdooSettings(False, ("de_DE",), {"proxy_mode": "True", "x": "a\x1b", "smtp_password": "12345"})
    assert settings.facts() == {
        "demo data": "no",
        "languages": "de_DE",
        "options of Odoo": "proxy_mode = True, x = a\\x1b, smtp_password = (not shown)",
    }


def test_the_settings_are_those_of_the_repository(tmp_path: Path) -> None:
    asked = {"demo": True, "languages": ("de_DE",), "odoo_options": {"load": ("base", "web", "queue_job")}}
    evv = repository(tmp_path).model_copy(update=asked)
    assert settings_of(evv) == OdooSettings(True, ("de_DE",), {"server_wide_modules": "base,web,queue_job"})
    assert server_wide_modules(evv) == ["base", "web", "queue_job"]
    assert server_wide_modules(repository(tmp_path)) == []
