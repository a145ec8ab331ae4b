"""What of an odoo.conf counts for a test run: read and written by the program that runs in the odoo service."""

import configparser
import json
import subprocess
import sys
from pathlib import Path

import pytest

from runner.config.odoo_options import LEFT_OUT
from runner.odoo import odoo_conf

PRODUCTION = {
    "dbfilter": "^prod$",
    "db_name": "prod",
    "test_tags": "/nothing",
    "logfile": "/var/log/odoo.log",
    "limit_time_real": "1",
    "limit_memory_soft": "1",
    "limit_memory_hard": "1000",
    "workers": "4",
    "http_enable": "False",
    "db_template": "gone",
    "unaccent": "True",
    "stop_after_init": "True",
    "overwrite_existing_translations": "True",
    "data_dir": "/data",
    "log_handler": ":CRITICAL",
    "proxy_mode": "True",
    "upgrade_path": "/gone",
}


def written(folder: Path, text: str, wanted: dict[str, str] | None = None, **environ: str) -> tuple[str, str, str]:
    """What is written of an odoo.conf, and what is said on either stream."""
    conf, target = folder / "odoo.conf", folder / "written.conf"
    conf.write_text(text)
    source, given = Path(odoo_conf.__file__).read_text(), json.dumps(wanted or {})
    program = [sys.executable, "-I", "-S", "-c", source, str(target), " ".join(LEFT_OUT), given]
    done = subprocess.run(program, env={"ODOO_RC": str(conf), **environ}, capture_output=True, text=True, check=True)
    return target.read_text(), done.stdout, done.stderr


@pytest.mark.parametrize("section", ["options", "DEFAULT"])
def test_no_option_by_which_a_server_is_run_in_production_counts(tmp_path: Path, section: str) -> None:
    lines = "\n".join(f"{name.upper() if name == 'workers' else name} = {value}" for name, value in PRODUCTION.items())
    text, _folders, said = written(tmp_path, f"[{section}]\n{lines}\n[options]\n".replace("[options]\n[options]", "[options]"))
    assert not any(name in text.lower() for name in PRODUCTION)
    assert "does not count: db_name, db_template, dbfilter" in said


def test_what_says_what_there_is_to_be_tested_counts_and_so_do_the_sections_of_modules(tmp_path: Path) -> None:
    text, _folders, said = written(
        tmp_path,
        "[options]\nserver_wide_modules = web,queue_job\nrunning_env = test\nwith_demo = True\nworkers = 2\n"
        "limit_memory_hard = 8000000000\n[queue_job]\nChannels = root:2,\n  root.mail:1\n",
    )
    for line in ("server_wide_modules = web,queue_job", "running_env = test", "with_demo = True", "Channels = root:2,"):
        assert line in text
    assert "limit_memory_hard = 8000000000" in text
    assert "counts: limit_memory_hard, running_env, server_wide_modules, with_demo; does not count: workers\n" in said


def test_an_upgrade_path_counts_where_it_exists(tmp_path: Path) -> None:
    text, _folders, _said = written(tmp_path, f"[options]\nupgrade_path = {tmp_path},/gone\n")
    assert f"upgrade_path = {tmp_path}\n" in text


def test_the_folders_of_its_addons_path_are_told_if_odoo_accepts_them_and_they_are_not_the_repository_s(
    tmp_path: Path,
) -> None:
    enterprise, empty = tmp_path / "enterprise", tmp_path / "empty"
    (enterprise / "web_enterprise").mkdir(parents=True)
    empty.mkdir()
    for name in ("__init__.py", "__manifest__.py"):
        (enterprise / "web_enterprise" / name).write_text("")
    path = f"{enterprise}, {empty},/mnt/extra-addons,/mnt/extra-addons-2,/gone,{enterprise}/"
    text, folders, said = written(tmp_path, f"[options]\naddons_path = {path}\n")
    assert folders == f"{enterprise}\n"
    assert "addons_path" not in text
    assert "counts: addons_path" in said


def test_the_file_of_an_image_that_says_nothing_in_particular_is_not_spoken_of(tmp_path: Path) -> None:
    stock = "[options]\naddons_path = /mnt/extra-addons\ndata_dir = /var/lib/odoo\n; workers = 2\n"
    assert written(tmp_path, stock)[1:] == ("\n", "")


@pytest.mark.parametrize("text", ["workers = 2\n", "[options]\nworkers\n", "[options\n", "\x00"])
def test_of_a_file_that_odoo_could_not_read_nothing_counts(tmp_path: Path, text: str) -> None:
    content, folders, said = written(tmp_path, text)
    assert (content, folders) == ("", "\n")
    assert "nothing of" in said


def test_of_an_option_that_stands_twice_the_last_one_counts(tmp_path: Path) -> None:
    text, _folders, _said = written(tmp_path, "[options]\nwith_demo = 0\nwith_demo = 1\n")
    assert "with_demo = 1" in text
    assert "with_demo = 0" not in text


def test_the_file_is_that_which_odoo_would_read(tmp_path: Path) -> None:
    old, new = tmp_path / ".openerp_serverrc", tmp_path / ".odoorc"
    home = {"HOME": str(tmp_path)}
    assert odoo_conf.path_of_conf(home) == str(new)
    old.write_text("")
    assert odoo_conf.path_of_conf(home) == str(old)
    new.write_text("")
    assert odoo_conf.path_of_conf(home) == str(new)
    assert odoo_conf.path_of_conf({**home, "OPENERP_SERVER": "/a"}) == "/a"
    assert odoo_conf.path_of_conf({**home, "OPENERP_SERVER": "/a", "ODOO_RC": "/b"}) == "/b"
    # What the run has hidden from the environment's server.
    assert odoo_conf.path_of_conf({**home, "ODOO_RC": "/dev/null", odoo_conf.ORIGINAL: "/b"}) == "/b"
    assert odoo_conf.path_of_conf({**home, "ODOO_RC": "/dev/null", odoo_conf.ORIGINAL: ""}) == str(new)


def test_where_there_is_no_file_nothing_is_written(tmp_path: Path) -> None:
    assert written(tmp_path, "", ODOO_RC="/gone") == ("", "\n", "")


@pytest.mark.parametrize(
    "text", ["", "[options]\nproxy_mode = False\n[queue_job]\na = b\n", "[DEFAULT]\nPROXY_MODE = False\n"]
)
def test_what_the_run_sets_counts_whatever_the_file_says(tmp_path: Path, text: str) -> None:
    content, _folders, said = written(tmp_path, text, {"proxy_mode": "True", "without_demo": "False"})
    as_odoo_reads_it = configparser.RawConfigParser()
    as_odoo_reads_it.read_string(content)
    assert dict(as_odoo_reads_it.items("options")) == {"proxy_mode": "True", "without_demo": "False"}
    assert said.endswith("agent-test: the run sets: proxy_mode, without_demo\n")
