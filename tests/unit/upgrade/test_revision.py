"""What a commit holds of the folders of addons, asked of real git."""

import subprocess
from pathlib import Path

import pytest

from runner.config.options import Ref
from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.upgrade.revision import Revision, read_revision
from tests.unit.repositories import repository
from tests.unit.upgrade.history import commit, git, module, write


@pytest.fixture
def evv(tmp_path: Path) -> RepoConfig:
    """A checkout of its own, of which v1 has evv_a alone, and HEAD also evv_b."""
    evv = repository(tmp_path)
    module(evv.addons[0], "evv_a", "1.0", "base")
    git(evv.path, "init", "-q", "-b", "main")
    commit(evv.path, "v1")
    module(evv.addons[0], "evv_b")
    commit(evv.path)
    return evv


@pytest.mark.parametrize("ref", ["v1", "refs/tags/v1", "main~1", "HEAD^"])
def test_it_tells_the_modules_that_there_were(evv: RepoConfig, ref: str) -> None:
    revision = read_revision(evv, ref)
    assert revision.ref == Ref(ref, git(evv.path, "rev-parse", "v1"))
    assert revision.modules == {"evv_a"}
    assert list(revision.entries) == ["addons/evv_a/__manifest__.py"]
    assert not revision.warnings
    assert read_revision(evv, "main").modules == {"evv_a", "evv_b"}


def test_what_a_name_meant_at_first_counts_and_not_what_it_means_now(evv: RepoConfig) -> None:
    assert read_revision(evv, "main", git(evv.path, "rev-parse", "v1")).modules == {"evv_a"}


def test_a_hash_is_told_once(evv: RepoConfig) -> None:
    full = git(evv.path, "rev-parse", "v1")
    assert str(read_revision(evv, full).ref) == full
    assert str(read_revision(evv, full[:10]).ref) == f"{full[:10]} (commit {full[:12]})"


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("nobody", "git knows no such commit, or more than one that begins so; was it fetched?"),
        ("v1^{tree}", "git knows no such commit"),
        ("both", "it is a tag and a branch. Say which: refs/tags/both or refs/heads/both"),
        ("a\x1b[2J", "--upgrade-from a\\x1b[2J: git knows no such commit"),
    ],
)
def test_what_names_no_commit_is_refused(evv: RepoConfig, ref: str, why: str) -> None:
    git(evv.path, "branch", "both", "main")
    git(evv.path, "tag", "both", "v1")
    with pytest.raises(UsageError) as error:
        read_revision(evv, ref)
    assert why in str(error.value)
    assert str(evv.path) in str(error.value)


def test_what_is_no_git_repository_is_told(tmp_path: Path) -> None:
    hub = repository(tmp_path, "hub")
    hub.addons[0].mkdir(parents=True)
    with pytest.raises(UsageError, match="not a git repository"):
        read_revision(hub, "v1")


def test_a_shallow_clone_says_how_it_gets_the_rest(evv: RepoConfig, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth=1", "--no-tags", evv.path.as_uri(), "shallow")
    shallow = evv.model_copy(update={"path": tmp_path / "shallow", "addons": (tmp_path / "shallow/addons",)})
    with pytest.raises(UsageError, match="the clone is shallow: `git fetch --unshallow --tags` brings it"):
        read_revision(shallow, "v1")


def test_a_module_that_there_was_not_is_told_with_what_there_was(evv: RepoConfig) -> None:
    revision = read_revision(evv, "v1")
    assert f"{revision.ref} lacks the module evv_b; near is evv_a." in str(revision.lacks("evv_b"))
    assert str(revision.lacks("other")) == f"{revision.ref} lacks the module other; it has: evv_a."


def test_a_folder_of_addons_that_there_was_not_is_named_where_a_module_lacks(evv: RepoConfig) -> None:
    more = evv.path / "more"
    module(more, "evv_c")
    moved = evv.model_copy(update={"addons": (more, *evv.addons)})
    revision = read_revision(moved, "v1")
    assert revision.folders == {more: None, evv.addons[0]: "addons"}
    assert f"It has no folder {more}, which repos.yaml names under `addons`." in str(revision.lacks("evv_c"))


def test_the_whole_checkout_may_be_a_folder_of_addons(tmp_path: Path) -> None:
    evv = repository(tmp_path, addons=(".",)).model_copy(update={"addons": (tmp_path / "evv",)})
    module(evv.path, "evv_a")
    git(evv.path, "init", "-q")
    commit(evv.path, "v1")
    revision = read_revision(evv, "v1")
    assert revision.modules == {"evv_a"}
    assert revision.folders == {evv.path: ""}


def test_a_checkout_below_the_top_of_its_repository_and_a_folder_beside_it(tmp_path: Path) -> None:
    evv = repository(tmp_path)
    module(evv.addons[0], "evv_a")
    module(tmp_path / "web", "web_a")
    git(tmp_path, "init", "-q")
    commit(tmp_path, "v1")
    both = evv.model_copy(update={"addons": (*evv.addons, tmp_path / "web")})
    assert read_revision(both, "v1").modules == {"evv_a", "web_a"}
    assert read_revision(both, "v1").top == tmp_path


def test_what_is_of_another_git_repository_or_of_none_is_as_it_is_now(evv: RepoConfig, tmp_path: Path) -> None:
    other, plain = tmp_path / "other", tmp_path / "plain"
    for folder in (other, plain):
        module(folder, "web_a")
    git(other, "init", "-q")
    commit(other)
    revision = read_revision(evv.model_copy(update={"addons": (*evv.addons, other, plain)}), "v1")
    assert revision.elsewhere == (other, plain)
    assert revision.warnings == [f"{folder} is of another git repository, and is as it is now" for folder in (other, plain)]


@pytest.mark.parametrize("is_folder_of_addons", [True, False])
def test_a_submodule_is_read_at_the_commit_that_was_recorded_of_it(
    evv: RepoConfig, tmp_path: Path, is_folder_of_addons: bool
) -> None:
    other = tmp_path / "other"
    module(other if is_folder_of_addons else other / "deep", "web_a")
    git(other, "init", "-q")
    commit(other)
    place = "oca" if is_folder_of_addons else "addons/oca"
    git(evv.path, "submodule", "add", "-q", other.as_uri(), place)
    commit(evv.path, "v2")
    module(evv.path / place, "web_b")
    commit(evv.path / place)
    addons = (*evv.addons, evv.path / "oca") if is_folder_of_addons else evv.addons
    configured = evv.model_copy(update={"addons": addons})
    revision = read_revision(configured, "v2")
    paths = [path for path in revision.entries if "oca" in path]
    assert paths == ([f"{place}/web_a/__manifest__.py"] if is_folder_of_addons else [f"{place}/deep/web_a/__manifest__.py"])
    assert not revision.warnings
    subprocess.run(["rm", "-rf", str(evv.path / place), str(evv.path / ".git/modules")], check=True)
    if not is_folder_of_addons:
        assert f"{place} is a submodule of which that commit is not here" in read_revision(configured, "v2").warnings[0]


def test_what_no_container_gets_is_left_out(evv: RepoConfig) -> None:
    folder = evv.addons[0] / "evv_a"
    for name in ("node_modules/x.js", "static/node_modules/y.js", ".idea/z.xml", "a.py~", "models.py"):
        write(folder / name, "1")
    commit(evv.path, "v2")
    below = {path.removeprefix("addons/evv_a/") for path in read_revision(evv, "v2").entries if "evv_a" in path}
    assert below == {"__manifest__.py", "models.py", "static/node_modules/y.js"}


def _tree(evv: RepoConfig, *entries: str) -> str:
    """A commit with a tree that git itself would not make, its entries as of `git ls-tree`."""
    tree = git(evv.path, "mktree", given="\n".join(entries).encode())
    above = git(evv.path, "mktree", given=f"040000 tree {tree}\taddons".encode())
    return git(evv.path, "commit-tree", "-m", "odd", above)


def test_a_path_that_leads_elsewhere_is_refused(evv: RepoConfig, tmp_path: Path) -> None:
    blob = git(evv.path, "hash-object", "-w", "--stdin", given=b"1")
    inner = git(evv.path, "mktree", given=f"100644 blob {blob}\tx".encode())
    with pytest.raises(UsageError, match=r"it has a file that no folder can have: addons/\.\./x"):
        read_revision(evv, _tree(evv, f"040000 tree {inner}\t.."))


def test_too_much_is_refused(evv: RepoConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.upgrade.revision._MOST_FILES", 1)
    assert isinstance(read_revision(evv, "v1"), Revision)
    with pytest.raises(UsageError, match="At that commit the folders of addons have more than 1 files"):
        read_revision(evv, "main")


def test_nothing_that_the_checkout_configures_is_run(evv: RepoConfig, tmp_path: Path) -> None:
    trap = write(tmp_path / "trap", f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.smudge", "filter.x.clean", "core.pager", "core.sshCommand"):
        git(evv.path, "config", key, str(trap))
    write(evv.path / ".gitattributes", "* filter=x\n")
    read_revision(evv, "v1")
    assert not (tmp_path / "sprung").exists()
