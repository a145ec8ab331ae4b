"""In the odoo container Python loads addons from their sources, whatever bytecode lies beside them."""

import os
import py_compile
import subprocess
import sys
from pathlib import Path

import pytest

from runner.odoo import source_only
from runner.odoo.command import ADDONS_TARGET

TEXT = Path(source_only.__file__).read_text()


def test_it_knows_where_the_addons_are() -> None:
    assert source_only._ADDONS == ADDONS_TARGET


@pytest.fixture
def addons(tmp_path: Path) -> Path:
    """A folder of addons with a module `m`, and beside it `hook`, where the file is as it will be in the container."""
    addons = tmp_path / "addons"
    (addons / "m").mkdir(parents=True)
    (addons / "m/__init__.py").write_text("from . import a\n")
    (addons / "m/a.py").write_text("print('source')\n")
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook/sitecustomize.py").write_text(TEXT.replace(ADDONS_TARGET, str(addons)))
    return addons


def printed(addons: Path, statement: str = "import m", *more: Path) -> str:
    path = os.pathsep.join(map(str, (addons.parent / "hook", *more)))
    script = f"import sys; sys.path.insert(0, {str(addons)!r}); {statement}"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr.strip()


def compiled(addons: Path, to: str, mode: py_compile.PycInvalidationMode) -> None:
    """Bytecode of another source, of the same size and time."""
    source, other = addons / "m/a.py", addons.parent / "a.py"
    other.write_text("print('forged')\n")
    os.utime(other, (source.stat().st_atime, source.stat().st_mtime))
    py_compile.compile(str(other), cfile=str(addons / "m" / to), invalidation_mode=mode)


CACHED = f"__pycache__/a.{sys.implementation.cache_tag}.pyc"


@pytest.mark.parametrize("mode", [py_compile.PycInvalidationMode.UNCHECKED_HASH, py_compile.PycInvalidationMode.TIMESTAMP])
def test_stale_bytecode_does_not_count(addons: Path, mode: py_compile.PycInvalidationMode) -> None:
    compiled(addons, CACHED, mode)
    (addons.parent / "nothing").mkdir()
    assert printed(addons.parent / "nothing/addons", f"sys.path.insert(0, {str(addons)!r}); import m") == "forged"
    assert printed(addons) == "source"


def test_a_script_that_is_loaded_by_its_path_is_read_from_its_source(addons: Path) -> None:
    compiled(addons, CACHED, py_compile.PycInvalidationMode.UNCHECKED_HASH)
    load = "import importlib.util as u; s = u.spec_from_file_location('a', {!r}); s.loader.exec_module(u.module_from_spec(s))"
    assert printed(addons, load.format(str(addons / "m/a.py"))) == "source"


def test_a_folder_that_is_a_link_to_them_is_one_of_them(addons: Path) -> None:
    compiled(addons, CACHED, py_compile.PycInvalidationMode.UNCHECKED_HASH)
    (addons.parent / "link").symlink_to(addons)
    assert printed(addons, f"sys.path.insert(0, {str(addons.parent / 'link')!r}); import m") == "source"


def test_bytecode_without_its_source_is_refused(addons: Path) -> None:
    compiled(addons, "a.pyc", py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert printed(addons) == "source"
    (addons / "m/a.py").unlink()
    assert "a.pyc is bytecode without its source, and is not loaded" in printed(addons)


def test_what_is_no_addon_is_loaded_from_its_bytecode(addons: Path) -> None:
    library = addons.parent / "library"
    library.mkdir()
    (addons.parent / "x.py").write_text("print('bytecode')\n")
    py_compile.compile(str(addons.parent / "x.py"), cfile=str(library / "x.pyc"))
    assert printed(addons, "import x", library) == "bytecode"


def test_the_image_s_own_customization_is_run_as_well_and_python_s_path_is_as_it_was(addons: Path) -> None:
    other = addons.parent / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("print('of the image')\n")
    assert printed(addons, f"assert {str(addons.parent / 'hook')!r} not in sys.path", other) == "of the image"
