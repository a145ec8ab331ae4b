"""What is wrong with a manifest is said in words, as Odoo mostly does not."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.odoo.manifest import read_manifest


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "there is no __manifest__.py in evv_core"),
        (" \n", "__manifest__.py is empty"),
        ("{'name': 1 1}\n", "__manifest__.py is no valid Python: invalid syntax"),
        ("{'name': name()}", "__manifest__.py must hold a dictionary of plain values, without calls and names"),
        ("['base']", "__manifest__.py must hold a dictionary"),
        ("{'installable': False}", "__manifest__.py says `installable: False`"),
        ("{'name': 'Core'}", ""),
    ],
)
def test_a_fault_is_named(tmp_path: Path, content: str | None, fault: str) -> None:
    module = tmp_path / "evv_core"
    module.mkdir()
    if content is not None:
        (module / "__manifest__.py").write_text(content)
    said = read_manifest(module).fault
    assert said.startswith(fault)
    assert bool(said) == bool(fault)


def test_a_manifest_that_cannot_be_read_has_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(*_: object, **_options: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "__manifest__.py").touch()
    monkeypatch.setattr(os, "open", unreadable)
    fault = read_manifest(tmp_path).fault
    monkeypatch.undo()
    assert fault == "__manifest__.py cannot be read: Permission denied"


def _giant(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(3_000_000_000)


ODD: dict[str, Callable[[Path], object]] = {
    "is no regular file": os.mkfifo,
    "is a link that leads out": lambda path: path.symlink_to("/dev/zero"),
    "there is no __manifest__.py": lambda path: path.symlink_to(path.name),
    "is larger than": _giant,
}


@pytest.mark.parametrize(("why", "make"), ODD.items(), ids=ODD.keys())
def test_no_manifest_keeps_or_fills_the_runner(tmp_path: Path, why: str, make: Callable[[Path], object]) -> None:
    (tmp_path / "m").mkdir()
    make(tmp_path / "m/__manifest__.py")
    assert why in read_manifest(tmp_path / "m").fault
