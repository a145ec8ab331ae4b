"""The mark of a kept environment, and the commands that a person is given for it."""

from pathlib import Path

from runner.keeping import FOLDER_LABEL, is_kept, is_marked, mark, unmark


def test_a_mark_is_found_through_the_labels_until_it_is_removed(tmp_path: Path) -> None:
    labels = {FOLDER_LABEL: str(tmp_path)}
    assert not is_kept(labels)
    mark(tmp_path)
    assert is_marked(tmp_path)
    assert is_kept(labels)
    unmark(labels)
    assert not is_kept(labels)


def test_without_label_or_folder_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    for labels in ({}, {FOLDER_LABEL: ""}, {FOLDER_LABEL: str(tmp_path / "deleted")}):
        assert not is_kept(labels)
        unmark(labels)
