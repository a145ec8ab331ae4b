"""The modules that changed since a commit, asked of real git."""

import subprocess
from pathlib import Path

import pytest

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.run.changed import Changed, changed_since
from tests.unit.repositories import repository, write_module


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True, text=True).stdout


def commit(folder: Path, message: str = "one") -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def module(checkout: Path, name: str, *depends: str) -> Path:
    folder = write_module(checkout / "addons", name)
    (folder / "__manifest__.py").write_text(f"{{'name': {name!r}, 'depends': {list(depends)}}}\n")
    return folder


@pytest.fixture
def evv(tmp_path: Path) -> RepoConfig:
    """A checkout in the git repository of repos.yaml: evv_b depends on evv_a, and evv_c on evv_b."""
    configured = repository(tmp_path)
    (tmp_path / "repos.yaml").touch()
    module(configured.path, "evv_a", "base")
    module(configured.path, "evv_b", "evv_a")
    module(configured.path, "evv_c", "evv_b")
    module(configured.path, "evv_d", "base")
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return configured


def since(evv: RepoConfig, ref: str = "main") -> Changed:
    return changed_since(evv, [evv.path.parent / "repos.yaml"], ref)


def test_nothing_changed_where_nothing_did(evv: RepoConfig) -> None:
    assert since(evv) == Changed()
    (evv.path / "README").touch()
    assert since(evv) == Changed()


@pytest.mark.parametrize("how", ["changed", "new and unknown to git", "removed", "committed on a branch"])
def test_a_module_that_changed_and_all_that_depend_on_it(evv: RepoConfig, how: str) -> None:
    folder = evv.path / "addons/evv_b"
    if how == "removed":
        (folder / "__manifest__.py").unlink()
    else:
        (folder / ("new.py" if how.startswith("new") else "__init__.py")).write_text("x = 1\n")
    if how.startswith("committed"):
        git(evv.path, "switch", "-q", "-c", "branch")
        commit(evv.path)
    assert since(evv).names == {"evv_b", "evv_c"}


def test_what_changed_on_the_other_side_alone_does_not_count(evv: RepoConfig) -> None:
    git(evv.path, "switch", "-q", "-c", "branch")
    commit(evv.path)
    git(evv.path, "switch", "-q", "main")
    (evv.path / "addons/evv_d/__init__.py").write_text("x = 1\n")
    commit(evv.path)
    git(evv.path, "switch", "-q", "branch")
    assert since(evv) == Changed()


def test_a_changed_configuration_or_compose_file_means_all(evv: RepoConfig) -> None:
    (evv.path.parent / "repos.yaml").write_text("# new\n")
    assert since(evv) == Changed(all_for="repos.yaml")
    assert "whatever" in since(evv)
    git(evv.path, "checkout", "-q", "main", "--", str(evv.path.parent / "repos.yaml"))
    evv.compose_file.write_text("# new\n")
    assert since(evv).all_for == evv.compose_file.name


def test_a_checkout_that_is_a_git_repository_of_its_own_is_compared_alone(evv: RepoConfig) -> None:
    git(evv.path, "init", "-q", "-b", "main")
    commit(evv.path)
    (evv.path.parent / "repos.yaml").write_text("# new\n")
    (evv.path / "addons/evv_d/__init__.py").write_text("x = 1\n")
    assert since(evv) == Changed(frozenset({"evv_d"}))


def test_repos_yaml_need_not_be_in_a_git_repository(tmp_path: Path) -> None:
    configured = repository(tmp_path)
    module(configured.path, "evv_a")
    git(configured.path, "init", "-q", "-b", "main")
    commit(configured.path)
    (configured.path / "addons/evv_a/__init__.py").write_text("x = 1\n")
    assert since(configured) == Changed(frozenset({"evv_a"}))


@pytest.mark.parametrize(
    ("ref", "said"),
    [("nowhere", "it knows no such commit. Was it fetched?"), ("alone", "HEAD has no commit in common with it")],
)
def test_a_commit_that_git_cannot_compare_with_is_an_error_that_says_why(evv: RepoConfig, ref: str, said: str) -> None:
    tree = git(evv.path, "rev-parse", "HEAD^{tree}").strip()
    git(evv.path, "branch", "alone", git(evv.path, "commit-tree", "-m", "alone", tree).strip())
    with pytest.raises(UsageError, match=f"--changed-since {ref}: git cannot compare .*: {said}"):
        since(evv, ref)


def test_where_there_is_no_git_that_is_said(tmp_path: Path) -> None:
    configured = repository(tmp_path)
    module(configured.path, "evv_a")
    with pytest.raises(UsageError, match="not a git repository"):
        changed_since(configured, [tmp_path / "repos.yaml"], "main")


@pytest.mark.parametrize(
    ("recipe", "changed"),
    [
        ({"requirements": (Path("requirements.txt"),)}, "requirements.txt"),
        ({"requirements": (Path("requirements.txt"),)}, "constraints.txt"),
        ({"dockerfile": Path("image/Dockerfile")}, "image/own.conf"),
    ],
)
def test_all_modules_changed_with_what_their_image_is_made_of(
    evv: RepoConfig, recipe: dict[str, object], changed: str
) -> None:
    evv = evv.model_copy(update=recipe)
    (evv.path / "image").mkdir()
    for name, text in (
        ("requirements.txt", "-c constraints.txt\n"),
        ("constraints.txt", "lxml<5\n"),
        ("image/own.conf", "a\n"),
    ):
        (evv.path / name).write_text(text)
    commit(evv.path)
    assert since(evv) == Changed()
    with (evv.path / changed).open("a") as file:
        file.write("# other\n")
    assert since(evv) == Changed(all_for=f"evv/{changed}")


@pytest.mark.parametrize("before", ["nothing", "a file", "a link to other modules"])
def test_modules_in_a_folder_that_was_something_else_changed(evv: RepoConfig, before: str) -> None:
    addons, other = evv.path / "addons", evv.path / "other"
    if before == "nothing":  # now it is a submodule
        git(addons, "init", "-q", "-b", "main")
        commit(addons)
        git(evv.path, "rm", "-r", "-q", "--cached", "addons")
        git(evv.path, "commit", "-q", "-m", "without")
        git(evv.path, "branch", "before")
        commit(evv.path)
    else:
        addons.rename(other)
        addons.symlink_to("others") if before.startswith("a link") else addons.write_text("addons")
        commit(evv.path, "other")
        git(evv.path, "branch", "before")
        addons.unlink()
        addons.symlink_to("other")
    assert since(evv, "before").names == {"evv_a", "evv_b", "evv_c", "evv_d"}


def test_links_in_a_circle_are_no_hindrance(evv: RepoConfig) -> None:
    (evv.path / "addons/evv_d/circle").symlink_to("circle")
    assert since(evv).names == {"evv_d"}
