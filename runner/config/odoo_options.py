"""Which options of an odoo.conf decide nothing in a test run, and which `odoo_options` of repos.yaml may set.

Standard library only. Of Odoo 14 to 19 (odoo/tools/config.py). What Odoo does not know is for a module to read, and counts
wherever it stands.
"""

import difflib
import math
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

# The code of a language, as in de_DE, es_419, sr@latin.
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z0-9]{2,3})?(@[A-Za-z]{2,10})?")

Value: TypeAlias = bool | int | float | str | tuple[str, ...]

# What a run says in another way, or what would change what a verdict means: in no odoo.conf and in no `odoo_options`.
_REFUSED = {
    "the run sets it itself": """
        config data_dir db_app_name db_template dev_mode import_partial init language max_cron_threads
        overwrite_existing_translations pidfile pre_upgrade_scripts reinit root_path save screencasts screenshots shell_file
        shell_interface stop_after_init test_commit test_enable test_file test_report_directory translate_in translate_modules
        translate_out update workers
    """,
    "the verdict rests on Odoo's log": "log_db log_db_level log_handler log_level logfile logrotate syslog",
    "the compose file says where the database is": """
        db_host db_name db_password db_port db_replica_host db_replica_port db_sslmode db_user
    """,
    "the tests have a port of their own beside the server": """
        gevent_port http_enable http_interface http_port longpolling_port xmlrpc xmlrpc_interface xmlrpc_port
    """,
    "give `--test-tags`": "test_tags",
    "write `list_db: false`": "no_database_list",
    # What follows counts in an odoo.conf.
    "name the folders under `addons`": "addons_path",
    "write `demo: true` or `demo: false` beside `odoo_options`": "demo with_demo without_demo",
    "write `languages: [...]` beside `odoo_options`": "load_language",
}
_WHY_REFUSED = {name: why for why, names in _REFUSED.items() for name in names.split()}
_SWITCHES = """
    debug_mode default_productivity_apps list_db proxy_mode reportgz skip_auto_install smtp_ssl unaccent x_sendfile
"""
# How a server is run in production: it counts where somebody sets it for the tests, and never in an odoo.conf.
_PRODUCTION = f"""
    {_SWITCHES}
    admin_passwd csv_internal_sep db_maxconn db_maxconn_gevent dbfilter email_from from_filter import_file_maxbytes
    import_file_timeout import_image_maxbytes import_image_regex import_image_timeout import_url_regex limit_memory_soft
    limit_memory_soft_gevent limit_memory_hard_gevent limit_request limit_time_cpu limit_time_real limit_time_real_cron
    limit_time_worker_cron osv_memory_age_limit osv_memory_count_limit proxy_access_token publisher_warranty_url
    registry_lru_size smtp_password smtp_port smtp_server smtp_ssl_certificate_filename smtp_ssl_private_key_filename
    smtp_user transient_age_limit websocket_keep_alive_timeout websocket_rate_limit_burst websocket_rate_limit_delay
"""
# Called as on the command line: the name in an odoo.conf is known to few.
LOAD, _LOAD_IN_A_CONF = "load", "server_wide_modules"
_KNOWN = f"""
    {_PRODUCTION} {LOAD} bin_path geoip_city_db geoip_country_db limit_memory_hard pg_path upgrade_path
""".split()
_OF_A_CONF = ("addons_path", "with_demo", "without_demo", "load_language")
# Of an odoo.conf these never count.
LEFT_OUT = tuple(sorted({*_WHY_REFUSED, *_PRODUCTION.split()} - {*_OF_A_CONF, "no_database_list"}))
# Other names of the same: each option has one here, that of an odoo.conf but for `load`.
_ALIASES = {
    "database": "db_name",
    "db_filter": "dbfilter",
    "dev": "dev_mode",
    "geoip_db": "geoip_city_db",
    "i18n_overwrite": "overwrite_existing_translations",
    "log_sql": "log_handler",
    "log_web": "log_handler",
    "no_http": "http_enable",
    _LOAD_IN_A_CONF: LOAD,
    "smtp": "smtp_server",
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,60}")
# Of a name that differs less from a known one nobody would believe that it is a module's own.
_NEAR = 0.85
_NOT_IN_A_WORD = re.compile(r"[,\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def check_name(written: str) -> str:
    """Return the name of an option. ValueError, with the reason, for one that must not be set, or is spelled otherwise."""
    if not _NAME.fullmatch(written):
        raise ValueError("must be the name of an option: letters, digits, _ and -, and no dashes before them")
    name = written.lower().replace("-", "_")
    name = _ALIASES.get(name, name)
    if name in _WHY_REFUSED:
        raise ValueError(f"cannot be set for a test run: {_WHY_REFUSED[name]}")
    if name != written:
        raise ValueError(f"write {name!r}")
    known = [*_KNOWN, *_ALIASES, *_WHY_REFUSED]
    if name not in _KNOWN and (near := difflib.get_close_matches(name, known, n=1, cutoff=_NEAR)):
        raise ValueError(f"unknown option. Perhaps you meant {near[0]!r}?")
    return name


def option_value(written: Any) -> Value:
    """Return the value of an option. ValueError for what an odoo.conf cannot have, or could take for another option."""
    if isinstance(written, list | tuple):
        if not all(isinstance(word, str) and word.strip() and not _NOT_IN_A_WORD.search(word) for word in written):
            raise ValueError("must be a list of texts, none of them empty or with a comma")
        return tuple(written)
    if not isinstance(written, bool | int | float | str) or (isinstance(written, float) and not math.isfinite(written)):
        raise ValueError("must be true, false, a number, a text, or a list of texts")
    if _CONTROLS.search(str(written)):
        raise ValueError("must be one line, without control characters")
    return written


def check_value(name: str, value: Value) -> None:
    """Raise ValueError, with what is wrong, for a value that this option cannot have."""
    if name in _KNOWN and isinstance(value, bool) != (is_switch := name in _SWITCHES.split()):
        raise ValueError(f"{name} must {'' if is_switch else 'not '}be true or false")
    if name == LOAD and (missing := {"base", "web"}.difference(modules_in(value))):
        raise ValueError(f"load must keep {' and '.join(sorted(missing))}, without which Odoo serves nothing")


def in_conf(options: Mapping[str, Value]) -> dict[str, str]:
    """Return options as an odoo.conf has them."""
    return {_LOAD_IN_A_CONF if name == LOAD else name: _text(value) for name, value in options.items()}


def modules_in(value: Value) -> list[str]:
    """Return the names in a value that names modules."""
    return [word.strip() for word in _text(value).split(",") if word.strip()]


def _text(value: Value) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)
