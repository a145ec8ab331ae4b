"""Run in the odoo service: write what counts of its odoo.conf, for Odoo's `--config`, and print its further addons folders.

How a server is run in production must decide nothing: of all options but those that say what there is to be tested, and where
the image has what that needs, counts what the run sets. What Odoo does not know is for a module to read.

Standard library only, and Python 3.7: it runs in the images of Odoo 14 to 19. Its source goes with the command.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

# Where the path of the odoo.conf is, if the run has taken it from the environment's server.
ORIGINAL = "AGENT_TEST_ODOO_RC"
# Odoo's own limit of its address space, in bytes: with a lower one tests would fail. 0 is none.
_MEMORY = 2560 * 1024 * 1024
# The repository's own folders, which the command names.
_MOUNTED = re.compile(r"/mnt/extra-addons(-\d+)?(/|$)")


def path_of_conf(variables: Mapping[str, str]) -> str:
    """Return the odoo.conf that Odoo would read without `--config`; it need not exist."""
    named = variables.get(ORIGINAL, variables.get("ODOO_RC")) or variables.get("OPENERP_SERVER")
    home = Path(variables.get("HOME") or "/")
    old = home / ".openerp_serverrc"
    return named or str(old if old.is_file() and not (home / ".odoorc").is_file() else home / ".odoorc")


def read(path: str) -> tuple[configparser.RawConfigParser, str]:
    """Return what an odoo.conf holds, and why Odoo cannot read it ("" if it can or there is none): then it holds nothing."""
    conf = _empty()
    try:
        conf.read([path], encoding="utf-8")
    except (configparser.Error, UnicodeError) as error:
        return _empty(), " ".join(str(error).split())
    return conf, ""


def _empty() -> configparser.RawConfigParser:
    conf = configparser.RawConfigParser(strict=False)
    conf.optionxform = str  # type: ignore[assignment, method-assign] # a module may read its own section with capitals
    return conf


def addons_folders(value: str) -> list[str]:
    """Return those folders of an addons path that Odoo accepts, without the repository's own."""
    words = (os.path.expandvars(word.strip()) for word in value.split(","))
    folders = [str(Path(word).expanduser().resolve()) for word in words if word]
    return [folder for folder in dict.fromkeys(folders) if not _MOUNTED.match(folder) and _has_modules(Path(folder))]


def _has_modules(folder: Path) -> bool:
    try:
        return any(
            (module / "__init__.py").is_file() and (module / "__manifest__.py").is_file() for module in folder.iterdir()
        )
    except OSError:  # it does not exist, or nobody may look
        return False


def take_what_counts(conf: configparser.RawConfigParser, not_counting: Collection[str]) -> tuple[set[str], set[str]]:
    """Remove from a configuration what does not count; the names of its options that are left, and of those that are not."""
    kept, left_out = set(), set()
    for name, value in conf.items("options") if conf.has_section("options") else ():  # with those of DEFAULT
        option = name.lower()
        counts = None if option in not_counting else _counts(option, value)
        if counts is None:
            conf.defaults().pop(name, None)  # type: ignore[attr-defined] # typeshed: only a Mapping
            conf.remove_option("options", name)
            left_out.add(option)
        else:
            conf.set("options", name, counts)
            kept.add(option)
    return kept, left_out


def _counts(option: str, value: str) -> str | None:
    """The value with which an option counts, None if it does not."""
    if option == "addons_path":
        return None
    if option == "limit_memory_hard":
        return value if value.isdigit() and (int(value) == 0 or int(value) > _MEMORY) else None
    if option == "upgrade_path":
        return ",".join(path for path in value.split(",") if Path(path.strip()).is_dir()) or None
    return value


def main(target: str, not_counting: Collection[str], wanted: Mapping[str, str], variables: Mapping[str, str]) -> None:
    """Write what counts to `target`, say on standard error what that is, and print the further addons folders.

    `not_counting`: the options of an odoo.conf that never do. `wanted`: those that the run sets, whatever an odoo.conf says.
    """
    path = path_of_conf(variables)
    conf, problem = read(path)
    if problem:
        sys.stderr.write(f"agent-test: nothing of {path} counts, as it cannot be read: {problem}\n")
    options = {name.lower(): value for name, value in conf.items("options")} if conf.has_section("options") else {}
    folders = addons_folders(options.get("addons_path", ""))
    kept, left_out = take_what_counts(conf, {*not_counting, *wanted})
    for name, value in wanted.items():
        if not conf.has_section("options"):
            conf.add_section("options")
        conf.set("options", name, value)
    with Path(target).open("w", encoding="utf-8") as file:
        conf.write(file)
    kept |= {"addons_path"} if folders else set()
    # These two stand in the file of every image.
    left_out -= {"addons_path", "data_dir"}
    if kept or left_out:
        counts, does_not = (", ".join(sorted(names)) or "nothing" for names in (kept, left_out))
        sys.stderr.write(f"agent-test: of {path} counts: {counts}; does not count: {does_not}\n")
    if wanted:
        sys.stderr.write(f"agent-test: the run sets: {', '.join(sorted(wanted))}\n")
    sys.stdout.write(",".join(folders) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(), json.loads(sys.argv[3]), os.environ)
