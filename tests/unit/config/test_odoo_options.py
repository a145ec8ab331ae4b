"""What `odoo_options` may set, and what is said of what it may not."""

from typing import Any

import pytest

from runner.config.odoo_options import LEFT_OUT, Value, check_name, check_value, in_conf, modules_in, option_value


@pytest.mark.parametrize("name", ["load", "limit_time_real", "proxy_mode", "unaccent", "dbfilter", "running_env"])
def test_what_a_server_is_run_with_and_what_a_module_reads_may_be_set(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("test_tags", "give `--test-tags`"),
        ("test-enable", "the run sets it itself"),
        ("d", "must be the name of an option"),
        ("database", "the compose file says where the database is"),
        ("addons-path", "name the folders under `addons`"),
        ("http_port", "a port of their own"),
        ("log_level", "the verdict rests on Odoo's log"),
        ("workers", "the run sets it itself"),
        ("dev", "the run sets it itself"),
        ("without_demo", "write `demo: true` or `demo: false`"),
        ("load_language", "write `languages: [...]`"),
        ("no_database_list", "write `list_db: false`"),
        ("limit-time-real", "write 'limit_time_real'"),
        ("server_wide_modules", "write 'load'"),
        ("Proxy_mode", "write 'proxy_mode'"),
        ("MyOption", "write 'myoption'"),
        ("unacent", "unknown option. Perhaps you meant 'unaccent'?"),
        ("--load", "no dashes before them"),
        ("a = 1\nworkers", "must be the name of an option"),
    ],
)
def test_what_would_change_a_verdict_meets_the_run_s_own_or_is_misspelt_is_refused_with_the_reason(
    name: str, why: str
) -> None:
    with pytest.raises(ValueError, match=why.replace("?", r"\?").replace("[", r"\[").replace(".", r"\.")):
        check_name(name)


def test_whatever_may_not_be_set_counts_in_no_odoo_conf_but_what_says_what_the_database_holds() -> None:
    assert {"workers", "limit_time_real", "test_tags", "db_name"} <= set(LEFT_OUT)
    assert not {"addons_path", "with_demo", "without_demo", "load_language", "load", "upgrade_path"} & set(LEFT_OUT)


@pytest.mark.parametrize("value", [True, 0, 1.5, "text", ""])
def test_a_plain_value_is_taken_as_it_is(value: Value) -> None:
    assert option_value(value) == value
    assert type(option_value(value)) is type(value)


@pytest.mark.parametrize(
    "value", [None, {"a": 1}, [1], ["a,b"], [""], ["a\n"], float("nan"), "a\nworkers = 2", "\x1b[2J", "a\u2028b"]
)
def test_a_value_cannot_become_an_option_of_its_own(value: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        option_value(value)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("load", ("web", "queue_job"), "load must keep base, without"),
        ("load", "queue_job", "load must keep base and web, without"),
        ("load", True, "load must not be true or false"),
        ("unaccent", "no", "unaccent must be true or false"),
        ("limit_time_real", False, "limit_time_real must not be true or false"),
    ],
)
def test_a_value_that_odoo_would_misunderstand_is_refused(name: str, value: Value, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_value(name, value)


def test_a_module_s_own_option_may_be_on_or_off() -> None:
    check_value("my_option", False)


def test_an_odoo_conf_has_the_options_in_its_own_words() -> None:
    options: dict[str, Value] = {"load": ("base", "web"), "proxy_mode": True, "limit_time_real": 5}
    assert in_conf(options) == {"server_wide_modules": "base,web", "proxy_mode": "True", "limit_time_real": "5"}
    assert modules_in(" base, web,") == modules_in(("base", "web")) == ["base", "web"]
