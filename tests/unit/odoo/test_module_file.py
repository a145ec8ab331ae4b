"""A module's own file is read like repos.yaml, with line and key, and whatever stands in it, it is harmless."""

import errno
import os
from pathlib import Path

import pytest

from runner.config.model import Allow
from runner.errors import ConfigError
from runner.odoo.module_file import MODULE_FILE, read_module_file


def written(module: Path, text: str) -> Path:
    module.mkdir(exist_ok=True)
    (module / MODULE_FILE).write_text(text, encoding="utf-8")
    return module


def error(module: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_module_file(module)
    return str(caught.value)


def test_a_module_without_such_a_file_says_nothing(tmp_path: Path) -> None:
    assert read_module_file(tmp_path).allow == Allow()
    assert read_module_file(written(tmp_path, "# nothing yet\n")).allow == Allow()
    assert read_module_file(written(tmp_path, "allow:\n")).allow == Allow()


def test_what_the_module_allows_is_read(tmp_path: Path) -> None:
    text = "allow:\n  not_imported: [tests/test_x.py]\n  skipped:\n    - TestTour.*\n  errors: ['^bad query']\n"
    allow = Allow(not_imported=("tests/test_x.py",), skipped=("TestTour.*",), errors=("^bad query",))
    assert read_module_file(written(tmp_path, text)).allow == allow


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("allow:\n  skiped: [TestX]\n", ":2: allow.skiped: unknown key. Perhaps you meant 'skipped'?"),
        ("alow: {}\n", ":1: alow: unknown key. Perhaps you meant 'allow'?"),
        ("allow:\n  errors:\n    - ok\n    - '(a'\n", ":4: allow.errors.1: must be a regular expression of Python: missing )"),
        ("allow:\n  errors: ['a{9999999999999}']\n", ":2: allow.errors.0: must be a regular expression of Python"),
        ("allow:\n  skipped: TestX\n", ":2: allow.skipped: must be a list"),
        ("allow:\n  skipped: [1]\n", ":2: allow.skipped.0: must be a text; put it in quotes"),
        ("allow:\n  skipped: ['']\n", ":2: allow.skipped.0: must not be empty"),
        (f"allow:\n  skipped: [{'x' * 201}]\n", ":2: allow.skipped.0: must be a text of 200 characters at most"),
        (f"allow:\n  skipped: [{'x, ' * 101}]\n", ":2: allow.skipped: must have 100 entries at most"),
        ("allow: [x]\n", ":1: allow: must be a mapping"),
        ("- x\n", ":1: must hold a mapping at its top, with `allow:`"),
        ("allow:\n  skipped: [x]\n  skipped: [y]\n", ":3: allow.skipped: stands in line 2 already"),
        ("allow:\n\tskipped: [x]\n", ":2: not valid YAML"),
        ("allow:\n  skipped: [*TestX]\n", ":2: what stands there is not taken: no anchors, aliases and tags"),
        ("allow: &x\n  skipped: []\n", ":1: what stands there is not taken: no anchors"),
        ("allow:\n  skipped: [!!timestamp x]\n", ":2: what stands there is not taken: no anchors"),
        ("allow:\n  skipped: !!python/object/apply:os.system ['id']\n", ":2: what stands there is not taken: no anchors"),
        ("allow:\n  skipped: [[[[[x]]]]]\n", ":2: what stands there is not taken: no more lists in lists"),
        ("[" * 16_000, ":1: what stands there is not taken: no more lists in lists"),
        ('allow: "\\UFFFFFFFF"\n', "not valid YAML"),
        ("allow: \x00\n", "not valid YAML"),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    assert f"{MODULE_FILE}:" in (told := error(written(tmp_path, text)))
    assert words in told


def test_a_name_speaks_to_no_terminal(tmp_path: Path) -> None:
    text = error(written(tmp_path, 'allow:\n  "\\e]0;title\\a\\n::error::x": [x]\n'))
    assert text.isprintable()
    assert "unknown key" in text


def test_a_quoted_value_is_short(tmp_path: Path) -> None:
    assert len(error(written(tmp_path, f"allow: {'x' * 10_000}\n"))) < 1000


@pytest.mark.timeout(20)
def test_what_is_no_small_file_of_the_module_s_is_not_read(tmp_path: Path) -> None:
    module = tmp_path / "m"
    module.mkdir()
    file = module / MODULE_FILE
    outside = tmp_path / "secret"
    outside.write_text("password: x\n")
    for make, words in (
        (lambda: os.mkfifo(file), "is no regular file"),
        (lambda: file.symlink_to("/dev/zero"), "is a link that leads out of m"),
        (lambda: file.symlink_to(outside), "is a link that leads out of m"),
        (lambda: file.symlink_to(file), "cannot be read"),
        (lambda: file.write_text("#" * 20_000), "is larger than 16,384 bytes"),
        (file.mkdir, "cannot be read: Is a directory"),
    ):
        make()
        assert words in error(module)
        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()


def test_one_at_which_this_user_may_not_look_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_hidden(path: Path, **_options: bool) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    (tmp_path / MODULE_FILE).symlink_to(tmp_path / "hidden/file")
    monkeypatch.setattr(Path, "stat", is_hidden)
    monkeypatch.setattr(Path, "resolve", is_hidden)
    assert error(tmp_path).endswith(f"{MODULE_FILE} cannot be read: Permission denied.")
