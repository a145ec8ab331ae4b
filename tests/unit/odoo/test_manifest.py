"""What is wrong with a manifest is said in words, as Odoo mostly does not."""

import errno
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
    def unreadable(*_: object, **_options: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "__manifest__.py").touch()
    monkeypatch.setattr(Path, "read_text", unreadable)
    assert read_manifest(tmp_path).fault == "__manifest__.py cannot be read: Permission denied"
