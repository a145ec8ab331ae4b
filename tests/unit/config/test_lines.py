"""Every key is found on its line; what is no YAML, or stands twice, is said with the line."""

from pathlib import Path

import pytest

from runner.config.lines import Document, read
from runner.errors import ConfigError

TEXT = """\
# a comment
top:
  first: {a: 1, b: [x,
      y]}

  second: >
    text: that is no key
"""


def document(folder: Path, text: str = TEXT) -> Document:
    (folder / "some.yaml").write_text(text)
    return read(folder / "some.yaml")


def error(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        document(folder, text)
    return str(caught.value).replace(f"{folder}/", "")


def test_keys_and_list_items_are_known_with_their_lines(tmp_path: Path) -> None:
    assert document(tmp_path).lines == {
        ("top",): 2,
        ("top", "first"): 3,
        ("top", "first", "a"): 3,
        ("top", "first", "b"): 3,
        ("top", "first", "b", "0"): 3,
        ("top", "first", "b", "1"): 4,
        ("top", "second"): 6,
    }


def test_a_message_begins_with_file_line_and_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = document(tmp_path)
    assert found.says(("top", "second"), "is wrong") == f"{tmp_path}/some.yaml:6: top.second: is wrong"
    monkeypatch.chdir(tmp_path)
    assert found.says(("top", "second"), "is wrong") == "some.yaml:6: top.second: is wrong"
    assert found.says((), "is wrong") == "some.yaml:1: is wrong"


def test_a_key_that_is_not_there_is_placed_where_it_would_have_to_be(tmp_path: Path) -> None:
    found = document(tmp_path)
    assert found.place(("top", "first", "missing")) == f"{tmp_path}/some.yaml:3"
    assert found.place(("other", "missing")) == f"{tmp_path}/some.yaml:1"


def test_an_empty_file_has_no_content_and_no_keys(tmp_path: Path) -> None:
    found = document(tmp_path, "\n# nothing\n")
    assert found.content is None
    assert found.place(("any",)) == f"{tmp_path}/some.yaml:1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["some.yaml:3: a: stands in line 1 already. Remove one of them."]),
        ("top: {a: 1, a: 1}\n", ["some.yaml:1: top.a: stands in line 1 already. Remove one of them."]),
        ("a: 1\na: 2\na: 3\n", ["some.yaml:3: a: stands in line 1 already. Remove one of them."]),
        ("a:\n  x: 1\nb: 1\na:\n  x: 2\n", ["some.yaml:4: a: stands in line 1 already. Remove one of them."]),
        (
            "a:\n  x: 1\n  x: 2\nb:\n  - {y: 1}\n  - y: 1\n    'y': 2\n",
            [
                "some.yaml:3: a.x: stands in line 2 already. Remove one of them.",
                "some.yaml:7: b.1.y: stands in line 6 already. Remove one of them.",
            ],
        ),
    ],
    ids=["top", "same line", "three times", "not what is below it too", "several"],
)
def test_a_key_that_stands_twice_is_an_error_with_both_lines(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert error(tmp_path, text).splitlines() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [\n\n", "some.yaml:3: not valid YAML: expected the node content"),
        ("a:\n\tb: 1\n", "some.yaml:2: not valid YAML: found character '\\t' that cannot start any token. YAML takes no tab"),
        ("a: 1\nb: x: y\n", "some.yaml:2: not valid YAML: mapping values are not allowed here"),
        ("a: 1\n--- \nb: 1\n", "some.yaml:2: not valid YAML: but found another document"),
        ("a: 1\nb: \x07\n", "some.yaml:2: not valid YAML: unacceptable character #x0007"),
        ("a: 1\n? [b]\n: 1\n", "some.yaml:2: not valid YAML: found unhashable key"),
        ("a: !!python/object:os.system x\n", "some.yaml:1: not valid YAML: could not determine a constructor"),
        ("a: 2024-13-45\n", "some.yaml: not valid YAML: month must be in 1..12. What looks like a date must stand in quotes"),
        ("a: &a\n  b: *a\n", "some.yaml: not valid YAML: maximum recursion"),
        ("[" * 5000, "some.yaml: not valid YAML: maximum recursion"),
    ],
    ids=["open", "tab", "colons", "two documents", "bell", "list as key", "object", "no date", "holds itself", "deep"],
)
def test_what_is_no_yaml_is_said_with_the_line(tmp_path: Path, text: str, expected: str) -> None:
    assert error(tmp_path, text).startswith(expected)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_bytes(b"a: 1\ncaf\xe9: 1\n")
    with pytest.raises(ConfigError, match=r"some\.yaml:2: not UTF-8 .*Save the file as UTF-8"):
        read(tmp_path / "some.yaml")
    with pytest.raises(ConfigError, match=r"is no regular file\.$"):
        read(tmp_path)
