"""The sources of a commit, written into a run's folder."""

import os
from pathlib import Path

import pytest

from runner.config.repositories import RepoConfig
from runner.errors import EnvironmentFailed, UsageError
from runner.upgrade.earlier import Earlier, take_out
from runner.upgrade.revision import read_revision
from tests.unit.repositories import repository
from tests.unit.upgrade.history import commit, git, module, write


@pytest.fixture
def evv(tmp_path: Path) -> RepoConfig:
    """A checkout whose folder `more` has come after v1, in which evv_a was another one."""
    evv = repository(tmp_path, addons=("addons", "more"))
    module(evv.addons[0], "evv_a", "1.0", "evv_base")
    module(evv.addons[0], "evv_base")
    git(evv.path, "init", "-q", "-b", "main")
    commit(evv.path, "v1")
    module(evv.addons[0], "evv_a", "2.0")
    module(evv.addons[1], "evv_new")
    commit(evv.path)
    return evv


def taken(evv: RepoConfig, folder: Path, ref: str = "v1", name: str = "evv_a") -> Earlier:
    run = folder / "run"
    run.mkdir()
    return take_out(read_revision(evv, ref), name, run)


def test_a_module_is_there_as_it_was_with_what_it_depended_on(evv: RepoConfig, tmp_path: Path) -> None:
    earlier = taken(evv, tmp_path)
    folder = tmp_path / "run/earlier/addons"
    assert earlier.modules == {"evv_a": folder / "evv_a", "evv_base": folder / "evv_base"}
    assert "'1.0'" in (folder / "evv_a/__manifest__.py").read_text()
    assert earlier.mounts == {folder: "/mnt/agent-test-earlier-1"}
    assert earlier.sources.folders == [folder / "evv_a", folder / "evv_base"]
    assert "/mnt/agent-test-earlier-1" in earlier.sources.command()[-1]
    assert not earlier.warnings


def test_what_is_of_another_git_repository_stays_where_it_is(evv: RepoConfig, tmp_path: Path) -> None:
    other = module(tmp_path / "other", "web_a").parent
    both = evv.model_copy(update={"addons": (other, *evv.addons)})
    earlier = taken(both, tmp_path)
    assert earlier.repository.addons == (other, tmp_path / "run/earlier/addons")
    assert earlier.repository.mounted_at == ("/mnt/extra-addons", "/mnt/agent-test-earlier-2")
    assert list(earlier.mounts) == [tmp_path / "run/earlier/addons"]


def test_everybody_may_read_it_and_what_could_be_run_still_can(evv: RepoConfig, tmp_path: Path) -> None:
    folder = evv.addons[0] / "evv_a"
    write(folder / "deep/tool.sh", "#!/bin/sh\n").chmod(0o755)
    commit(evv.path, "v2")
    before = os.umask(0o077)
    try:
        taken(evv, tmp_path, "v2")
    finally:
        os.umask(before)
    there = tmp_path / "run/earlier/addons/evv_a"
    modes = {path: oct((there / path).stat().st_mode & 0o777) for path in (".", "deep", "deep/tool.sh", "__manifest__.py")}
    assert modes == {".": "0o755", "deep": "0o755", "deep/tool.sh": "0o755", "__manifest__.py": "0o644"}
    assert (tmp_path / "run/earlier").stat().st_mode & 0o777 == 0o755


def test_content_is_as_git_has_it_without_filters_line_ends_and_attributes(evv: RepoConfig, tmp_path: Path) -> None:
    write(tmp_path / "trap", f"#!/bin/sh\ntouch {tmp_path}/sprung\necho other\n").chmod(0o755)
    content = b"a\r\nb\n\0\xff$Format:%H$"
    (evv.addons[0] / "evv_a/data.bin").write_bytes(content)
    commit(evv.path)
    write(evv.path / ".gitattributes", "*.bin filter=x export-ignore export-subst text eol=crlf\n")
    git(evv.path, "add", ".gitattributes")
    git(evv.path, "commit", "-q", "-m", "attributes")
    git(evv.path, "config", "filter.x.smudge", str(tmp_path / "trap"))
    taken(evv, tmp_path, "main")
    assert (tmp_path / "run/earlier/addons/evv_a/data.bin").read_bytes() == content
    assert not (tmp_path / "sprung").exists()


def test_what_is_in_git_lfs_is_told(evv: RepoConfig, tmp_path: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 5\n"
    write(evv.addons[0] / "evv_a/static/big.bin", pointer)
    commit(evv.path, "v2")
    assert "1 file of Git LFS" in taken(evv, tmp_path, "v2").warnings[0]


def test_links_are_links_and_one_to_a_module_is_that_module(evv: RepoConfig, tmp_path: Path) -> None:
    (evv.addons[0] / "evv_link").symlink_to("evv_base")
    (evv.addons[0] / "evv_a/etc").symlink_to("/etc")
    commit(evv.path, "v2")
    earlier = taken(evv, tmp_path, "v2", "evv_link")
    assert earlier.modules["evv_link"] == tmp_path / "run/earlier/addons/evv_link"
    assert (tmp_path / "run/earlier/addons/evv_a/etc").readlink() == Path("/etc")


def test_a_module_that_is_a_link_to_nothing_is_none(evv: RepoConfig, tmp_path: Path) -> None:
    (evv.addons[0] / "evv_link").symlink_to("nothing")
    commit(evv.path, "v2")
    with pytest.raises(UsageError, match="lacks the module evv_link"):
        taken(evv, tmp_path, "v2", "evv_link")


def test_nothing_is_written_through_a_link(evv: RepoConfig, tmp_path: Path) -> None:
    """A commit that git itself would not make: a link, and a file in a folder, under one name."""
    outside = tmp_path / "outside"
    outside.mkdir()
    blob, link = (git(evv.path, "hash-object", "-w", "--stdin", given=text) for text in (b"{}", str(outside).encode()))
    inner = git(evv.path, "mktree", given=f"100644 blob {blob}\t__manifest__.py\n120000 blob {link}\tx".encode())
    addons = git(evv.path, "mktree", given=f"120000 blob {link}\tevil\n040000 tree {inner}\tevil".encode())
    top = git(evv.path, "mktree", given=f"040000 tree {addons}\taddons".encode())
    with pytest.raises(EnvironmentFailed, match="cannot be written: File exists"):
        taken(evv, tmp_path, git(evv.path, "commit-tree", "-m", "evil", top), "evil")
    assert list(outside.iterdir()) == []


def test_an_object_that_is_not_here_is_told(evv: RepoConfig, tmp_path: Path) -> None:
    digest = git(evv.path, "rev-parse", "v1:addons/evv_a/__manifest__.py")
    revision = read_revision(evv, "v1")
    (evv.path / ".git/objects" / digest[:2] / digest[2:]).unlink()
    (tmp_path / "run").mkdir()
    with pytest.raises(UsageError, match=f"it lacks the object {digest}: was all of it fetched"):
        take_out(revision, "evv_a", tmp_path / "run")


def test_a_large_file_is_refused(evv: RepoConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.upgrade.earlier._LONGEST", 10)
    with pytest.raises(UsageError, match="it holds a file of more than 0 MB"):
        taken(evv, tmp_path)


def test_a_module_that_there_was_not_is_told_before_anything_is_written(evv: RepoConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="lacks the module evv_new"):
        taken(evv, tmp_path, name="evv_new")
    assert list((tmp_path / "run").iterdir()) == []
