"""What a module needs and Odoo does not find is told in plain words, with what to write."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from runner.odoo.command import unmet_command
from runner.odoo.unmet import Unmet, read_unmet
from tests.unit.odoo.test_dependencies import modules_in
from tests.unit.repositories import repository

# As much of Odoo as is asked. It has a folder of addons of its own, and knows one Python package and one program.
FAKE_ODOO = {
    "odoo": "#!{python} -B\nimport odoo.cli\n",
    "odoo_/__init__.py": "",
    "odoo_/release.py": "version_info = (19, 0, 0, 'final', 0, '')\n",
    "odoo_/addons/__init__.py": "",
    "odoo_/addons/base/__manifest__.py": "{}",
    "odoo_/tools/__init__.py": (
        "class config:\n"
        "    @staticmethod\n"
        "    def parse_config(options):\n"
        "        config.options = options\n"
        "        print('said by Odoo')\n"
    ),
    "odoo_/tools/misc.py": "def find_in_path(name):\n    if name != 'psql':\n        raise OSError(name)\n",
    "odoo_/modules/__init__.py": "",
    "odoo_/modules/module.py": (
        "import odoo.addons, odoo.tools\n"
        "def initialize_sys_path():\n"
        "    paths = [word.partition('=')[2] for word in odoo.tools.config.options if word.startswith('--addons-path=')]\n"
        "    odoo.addons.__path__ += paths[0].split(',')\n"
        "def check_python_external_dependency(name):\n"
        "    if name != 'requests':\n"
        "        raise Exception(f'{name} is too old')\n"
    ),
}


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A folder with the program `odoo`, and its Python's package beside it."""
    for name, text in FAKE_ODOO.items():
        path = tmp_path / "bin" / name.replace("odoo_/", "lib/odoo/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{python}", sys.executable))
    (tmp_path / "bin/odoo").rename(tmp_path / "bin/lib/odoo-bin")
    (tmp_path / "bin/lib/odoo-bin").chmod(0o755)
    (tmp_path / "bin/odoo").symlink_to("lib/odoo-bin")
    return tmp_path


def told(container: Path, manifests: dict[str, object], module: str = "core") -> Unmet:
    modules_in(container, manifests)
    command = [word.replace("/mnt/extra-addons", f"{container}/addons") for word in unmet_command(module, 1)]
    environ = {"PATH": f"{container}/bin{os.pathsep}{os.environ['PATH']}", "TMPDIR": str(container)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return read_unmet(done.stdout)


def test_where_all_is_there_nothing_is_told(container: Path) -> None:
    core = {"depends": ["base", "below"], "external_dependencies": {"python": ["requests"], "bin": ["psql"]}}
    assert told(container, {"core": core, "below": {}}) == Unmet(19, {}, {}, {})


def test_what_is_missing_is_told_with_who_needs_it_however_far_below(container: Path) -> None:
    external = {
        "python": ["zeep>=99", "requests"],
        "bin": ["xmlsec1"],
        "deb": ["xmlsec1"],
        "apt": {"zeep>=99": "python3-zeep"},
    }
    unmet = told(
        container,
        {
            "core": {"depends": ["below", "gone"]},
            "below": {"depends": ["base", "core", "lost"], "external_dependencies": external},
            "not_asked_for": {"depends": ["also_gone"]},
        },
    )
    assert unmet.modules == {"gone": "core", "lost": "below"}
    assert unmet.packages == {"zeep>=99": ("below", "zeep>=99 is too old", "python3-zeep")}
    assert unmet.programs == {"xmlsec1": ("below", "xmlsec1")}


def test_odoo_14_which_checks_packages_elsewhere_is_asked_in_the_same_way(container: Path) -> None:
    library = container / "bin/lib"
    of_odoo = library / "odoo/modules/module.py"
    of_odoo.write_text(of_odoo.read_text().partition("def check_python")[0])
    (library / "odoo/release.py").write_text("version_info = (14, 0, 0, 'final', 0, '')\n")
    (library / "pkg_resources.py").write_text(
        "class DistributionNotFound(Exception): pass\n"
        "def get_distribution(name):\n"
        "    if name == 'old>=2': raise Exception('VersionConflict: 1')\n"
        "    if name != 'requests': raise DistributionNotFound(name)\n"
    )
    external = {"python": ["requests", "json", "old>=2", "no_such_package"]}
    unmet = told(container, {"core": {"external_dependencies": external}})
    assert unmet.series == 14
    assert list(unmet.packages) == ["old>=2", "no_such_package"]


@pytest.mark.parametrize(
    "manifest",
    ["{", "[]", "{'depends': 'base', 'external_dependencies': ['x']}", "{'external_dependencies': {'python': 'x', 'apt': 1}}"],
)
def test_a_manifest_that_says_something_else_needs_nothing(container: Path, manifest: str) -> None:
    (modules_in(container, {"below": {}})["below"] / "__manifest__.py").write_text(manifest)
    assert told(container, {"core": {"depends": ["below"]}}) == Unmet(19, {}, {}, {})


def test_a_module_that_odoo_would_find_only_by_its_old_manifest_or_as_an_archive_is_there(container: Path) -> None:
    below = modules_in(container, {"below": {}})["below"]
    (below / "__manifest__.py").rename(below / "__openerp__.py")
    (container / "addons/packed.zip").touch()
    assert told(container, {"core": {"depends": ["below", "packed"]}}).modules == {}


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "null", "[" * 100_000),
        '{"series": 19, "modules": 1, "packages": {}, "programs": {}}',
        '{"series": 19, "modules": {"x": null}, "packages": {}, "programs": {}}',
        '{"series": 19, "modules": {}, "packages": {"x": "y"}, "programs": {}}',
    ],
)
def test_an_answer_that_is_none_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_unmet(text)


def test_an_answer_adds_no_line_and_has_bounds() -> None:
    answer: dict[str, Any] = {"series": 19, "modules": {"x\n\x1b[2J": "y" * 1000}, "packages": {}, "programs": {}}
    ((name, module),) = read_unmet(json.dumps(answer)).modules.items()
    assert name == "x\\n\\x1b[2J"
    assert len(module) < 300
    answer["modules"] = {f"x{number}": "y" for number in range(1000)}
    assert len(read_unmet(json.dumps(answer)).modules) == 20


@pytest.mark.parametrize(("series", "line"), [(14, "odoo14-addon-gone==14.0.*"), (15, "odoo-addon-gone==15.0.*")])
def test_a_module_is_told_by_its_name_on_pypi(tmp_path: Path, series: int, line: str) -> None:
    (reason,) = Unmet(series, {"gone": "core"}, {}, {}).reasons(repository(tmp_path))
    assert reason.startswith("modules that neither the folders of addons nor the image have: gone (for core)\n")
    assert f"`requirements: [FILE]` in repos.yaml, and in that file {line}" in reason


def test_each_kind_is_a_reason_with_the_line_to_write(tmp_path: Path) -> None:
    packages = {"jose": ("core", "whatever", ""), "zeep>=99": ("core", "it is 4", "python3-zeep")}
    programs = {"xmlsec1": ("core", "xmlsec1"), "other": ("core", "")}
    python, program = Unmet(19, {}, packages, programs).reasons(repository(tmp_path))
    assert "does not have: jose (for core), zeep>=99 (for core: it is 4)\n" in python
    assert "`requirements: [FILE]`" in python
    assert "`packages: [python3-zeep]`" in python
    assert "xmlsec1 (for core), other (for core)\n" in program
    assert "`packages: [xmlsec1]`" in program
    (without,) = Unmet(19, {}, {}, {"other": ("core", "")}).reasons(repository(tmp_path))
    assert "`packages: [NAME]`" in without
