"""The commit in the log's head, asked of real git."""

import errno
import os
import subprocess
import time
from hashlib import sha256
from pathlib import Path

import pytest

from runner.reporting import provenance
from runner.reporting.provenance import commit_of


def _git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _commit(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "one")
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    _git(tmp_path, "init", "-q")
    return _commit(tmp_path, {"file": "1", "addons/m/__manifest__.py": "{}", "addons/m/tests/test_one.py": "1"})


def test_a_clean_checkout_is_named_by_its_commit(checkout: Path) -> None:
    assert commit_of(checkout) == f"{_git(checkout, 'rev-parse', 'HEAD').strip()} (clean)"


def test_what_is_not_committed_is_counted_and_named(checkout: Path) -> None:
    (checkout / "file").write_text("2")
    assert commit_of(checkout).endswith(" (1 file differs from it: file)")
    for name in ("b", "c", "d\x1b[31m"):
        (checkout / name).touch()
    (checkout / "file").unlink()
    assert commit_of(checkout).endswith(" (4 files differ from it: b, c, d\\x1b[31m, ...)")


def test_the_proof_of_an_earlier_run_is_no_change(checkout: Path) -> None:
    _commit(checkout, {"addons/proof_of_execution_tests.old.log": "committed"})
    (checkout / "addons/proof_of_execution_tests.old.log").unlink()
    (checkout / "proof_of_execution_tests.log").touch()
    (checkout / "proof_of_execution_tests.traction.log").touch()
    assert commit_of(checkout).endswith(" (clean)")


def test_a_folder_within_a_checkout_counts_its_own_changes_only(checkout: Path) -> None:
    (checkout / "inner").mkdir()
    (checkout / "new").touch()
    assert commit_of(checkout / "inner").endswith(" (clean)")
    (checkout / "addons/m/new").touch()
    assert commit_of(checkout / "addons").endswith(" (1 file differs from it: m/new)")


def test_a_folder_without_git_says_so(tmp_path: Path) -> None:
    assert commit_of(tmp_path).startswith("unknown (fatal: not a git repository")


def test_a_machine_without_git_says_so(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert commit_of(checkout).startswith("unknown (")


def test_a_repository_without_a_commit_has_no_commit_yet(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q")
    (tmp_path / "file").touch()
    assert commit_of(tmp_path) == "no commit yet"


@pytest.mark.parametrize("broken", ["HEAD", "branch"])
def test_a_broken_head_is_not_taken_for_none_yet(checkout: Path, broken: str) -> None:
    head = checkout / ".git/HEAD"
    target = head if broken == "HEAD" else checkout / ".git" / head.read_text().split()[1]
    target.write_text("1234567890123456789012345678901234567890\n")
    assert commit_of(checkout).startswith("unknown (")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("status.showUntrackedFiles", "no"),
        ("core.excludesFile", "{0}/.git/everything"),
        ("core.ignoreCase", "true"),
        ("core.trustctime", "false"),
        ("core.checkStat", "minimal"),
        ("core.untrackedCache", "true"),
        ("core.sparseCheckout", "true"),
        ("index.sparse", "true"),
        ("core.fileMode", "false"),
    ],
)
def test_no_configuration_hides_a_file(checkout: Path, key: str, value: str) -> None:
    _git(checkout, "config", key, value.format(checkout))
    (checkout / ".git/everything").write_text("*\n")
    (checkout / ".git/info/exclude").write_text("*\n")
    (checkout / "addons/m/tests/test_two.py").touch()
    (checkout / "addons/m/File").touch()
    (checkout / "addons/m/tests/test_one.py").chmod(0o755)
    assert commit_of(checkout).endswith(
        " (3 files differ from it: addons/m/File, addons/m/tests/test_one.py, addons/m/tests/test_two.py)"
    )


@pytest.mark.parametrize("mark", ["--assume-unchanged", "--skip-worktree"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_file_that_is_marked_as_unchanged_is_compared_all_the_same(checkout: Path, mark: str, is_there: bool) -> None:
    _git(checkout, "update-index", mark, "addons/m/tests/test_one.py")
    assert commit_of(checkout).endswith(" (clean)")
    if is_there:
        (checkout / "addons/m/tests/test_one.py").write_text("2")
    else:
        (checkout / "addons/m/tests/test_one.py").unlink()
    assert commit_of(checkout).endswith(" (1 file differs from it: addons/m/tests/test_one.py)")


def test_a_change_that_leaves_size_and_time_is_one(checkout: Path) -> None:
    file = checkout / "file"
    before = file.stat()
    file.write_text("2")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert commit_of(checkout).endswith(" (1 file differs from it: file)")


def test_what_is_staged_counts_as_well(checkout: Path) -> None:
    (checkout / "new").touch()
    _git(checkout, "add", "new")
    (checkout / "file").write_text("2")
    _git(checkout, "add", "file")
    (checkout / "file").write_text("1")  # as HEAD has it again
    assert commit_of(checkout).endswith(" (1 file differs from it: new)")


def test_an_ignored_file_counts_only_where_odoo_would_load_it(checkout: Path) -> None:
    _commit(checkout, {".gitignore": "*.pyc\n__pycache__/\n.idea/\ntest_two.py\nnode_modules/\n"})
    module = checkout / "addons/m"
    for name in (
        "node_modules/x.js",
        "addons/m/tests/__pycache__/test_one.cpython-311.pyc",
        "addons/m/.idea/x",
        "test_two.py",
    ):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    assert commit_of(checkout, [module]).endswith(" (clean)")
    (module / "tests/test_two.py").touch()
    (module / "tests/sourceless.pyc").touch()
    assert commit_of(checkout, [module]).endswith(
        " (2 files differ from it: addons/m/tests/sourceless.pyc, addons/m/tests/test_two.py)"
    )


def test_without_a_folder_for_temporary_files_nothing_is_known(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> None:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.TemporaryFile", nowhere)
    assert commit_of(checkout) == "unknown ([Errno 2] No usable temporary directory found)"


def test_a_checkout_behind_a_link_is_the_same(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    link = tmp_path_factory.mktemp("links") / "checkout"
    link.symlink_to(checkout)
    _commit(checkout, {".gitignore": "test_two.py\n"})
    assert commit_of(link, [checkout / "addons/m"]).endswith(" (clean)")
    (checkout / "addons/m/test_two.py").touch()
    assert commit_of(link, [checkout / "addons/m"]).endswith(" (1 file differs from it: addons/m/test_two.py)")


def test_a_module_whose_files_are_outside_of_the_checkout_is_not_of_its_commit(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (checkout / "addons/linked").symlink_to(outside)
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-q", "-m", "a link")
    assert commit_of(checkout, [checkout / "addons/linked"]).endswith(" (1 file differs from it: addons/linked/)")


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_what_stands_in_place_of_a_file_is_neither_opened_nor_the_file(checkout: Path, kind: str) -> None:
    file = checkout / "file"
    file.unlink()
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "link":
        file.symlink_to("/dev/zero")
    else:
        file.mkdir()
    assert commit_of(checkout).endswith(" (1 file differs from it: file)")


def test_links_are_compared_by_where_they_lead(checkout: Path) -> None:
    (checkout / "link").symlink_to("file")
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-q", "-m", "a link")
    assert commit_of(checkout).endswith(" (clean)")
    (checkout / "link").unlink()
    (checkout / "link").symlink_to("addons")
    assert commit_of(checkout).endswith(" (1 file differs from it: link)")


def test_what_git_converts_on_checkout_is_no_difference_and_no_filter_is_run(checkout: Path) -> None:
    content = b"large" * 1000
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(content).hexdigest()}\nsize {len(content)}\n"
    committed = {"image.png": pointer, "run.bat": "a\nb\n"}
    for attributes in ({}, {".gitattributes": "*.png filter=lfs\n*.bat eol=crlf\n"}):
        _commit(checkout, committed | attributes)
        (checkout / "image.png").write_bytes(content)
        (checkout / "run.bat").write_bytes(b"a\r\nb\r\n")
        said = "clean" if attributes else "2 files differ from it: image.png, run.bat"
        assert commit_of(checkout).endswith(f" ({said})")
    (checkout / "image.png").write_bytes(content + b"!")
    (checkout / "run.bat").write_bytes(b"a\r\nc\r\n")
    assert commit_of(checkout).endswith(" (2 files differ from it: image.png, run.bat)")


def test_where_a_disk_knows_no_modes_they_are_no_difference(checkout: Path) -> None:
    for file in checkout.rglob("*"):
        if file.is_file():
            file.chmod(0o777)
    assert commit_of(checkout).endswith(" (clean)")


def test_hashes_of_both_kinds_are_understood(tmp_path: Path) -> None:
    _git(tmp_path, "init", "-q", "--object-format=sha256")
    _commit(tmp_path, {"file": "1", "large": "x" * 3_000_000})
    assert commit_of(tmp_path).endswith(" (clean)")
    (tmp_path / "large").write_text("y" * 3_000_000)
    assert commit_of(tmp_path).endswith(" (1 file differs from it: large)")


def test_another_work_tree_of_a_repository_is_one_of_its_own(checkout: Path) -> None:
    _git(checkout, "worktree", "add", "-q", str(checkout / "other"))
    assert commit_of(checkout / "other").endswith(" (clean)")
    (checkout / "other/file").write_text("2")
    assert commit_of(checkout / "other").endswith(" (1 file differs from it: file)")
    assert commit_of(checkout).endswith(" (1 file differs from it: other/)")


def test_a_submodule_is_compared_with_the_commit_that_is_recorded_of_it(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    library = tmp_path_factory.mktemp("library")
    _git(library, "init", "-q")
    _commit(library, {"m/__manifest__.py": "{}"})
    _git(checkout, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library), "sub")
    _git(checkout, "config", "-f", ".gitmodules", "submodule.sub.ignore", "all")
    _git(checkout, "add", "-A")
    _git(checkout, "commit", "-q", "-m", "a submodule")
    assert commit_of(checkout, [checkout / "sub/m"]).endswith(" (clean)")
    (checkout / "sub/m/new.py").touch()
    assert commit_of(checkout).endswith(" (1 file differs from it: sub/m/new.py)")
    _git(checkout / "sub", "add", "-A")
    _git(checkout / "sub", "commit", "-q", "-m", "two")
    assert commit_of(checkout).endswith(" (1 file differs from it: sub/m/new.py)")


def test_a_repository_that_lies_in_the_checkout_without_being_of_it_counts(checkout: Path) -> None:
    _git(checkout, "init", "-q", "addons/nested")
    _commit(checkout / "addons/nested", {"__manifest__.py": "{}"})
    assert commit_of(checkout).endswith(" (1 file differs from it: addons/nested/)")


def test_a_commit_is_compared_and_not_what_it_was_replaced_by(checkout: Path) -> None:
    first = _git(checkout, "rev-parse", "HEAD").strip()
    _commit(checkout, {"file": "2"})
    second = _git(checkout, "rev-parse", "HEAD").strip()
    _git(checkout, "reset", "-q", "--soft", first)
    _git(checkout, "replace", first, second)
    assert commit_of(checkout) == f"{first} (1 file differs from it: file)"


def test_the_variables_of_a_hook_speak_of_another_repository(
    checkout: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    _git(other, "init", "-q")
    expected = commit_of(checkout)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert commit_of(checkout) == expected


def _trap(folder: Path) -> tuple[Path, Path]:
    """A program, and the file that it makes when it is run."""
    program, trace = folder / "trap", folder / "it was run"
    program.write_text(f"#!/bin/sh\ntouch '{trace}'\ncat\n")
    program.chmod(0o755)
    return program, trace


def test_nothing_of_a_checkout_is_run(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    program, trace = _trap(tmp_path_factory.mktemp("outside"))
    _commit(checkout, {".gitattributes": "* filter=trap diff=trap merge=trap\n"})
    for key in (
        *("core.fsmonitor", "core.sshCommand", "core.askPass", "core.editor", "core.pager", "pager.ls-tree", "pager.ls-files"),
        *("diff.external", "diff.trap.textconv", "diff.trap.command", "filter.trap.clean", "filter.trap.smudge"),
        *("filter.trap.process", "gpg.program", "alias.ls-tree", "alias.rev-parse", "core.alternateRefsCommand"),
        *("uploadpack.packObjectsHook", "credential.helper", "trace2.eventTarget"),
    ):
        _git(checkout, "config", key, str(program))
    _git(checkout, "config", "core.hooksPath", str(checkout / "hooks"))
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "post-checkout"):
        for folder in (checkout / "hooks", checkout / ".git/hooks"):
            folder.mkdir(exist_ok=True)
            (folder / hook).write_bytes(program.read_bytes())
            (folder / hook).chmod(0o755)
    (checkout / "file").write_text("2")
    index = (checkout / ".git/index").read_bytes()
    trace.unlink(missing_ok=True)
    assert "file" in commit_of(checkout)
    assert not trace.exists()
    assert (checkout / ".git/index").read_bytes() == index


def test_what_a_partial_clone_lacks_is_not_fetched(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    program, trace = _trap(tmp_path_factory.mktemp("outside"))
    tree = _git(checkout, "rev-parse", "HEAD^{tree}").strip()
    (checkout / ".git/objects" / tree[:2] / tree[2:]).unlink()
    for key, value in (
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", f"ext::{program}"),
        ("remote.origin.uploadpack", str(program)),
        ("protocol.allow", "always"),
    ):
        _git(checkout, "config", key, value)
    assert "(not compared with the files: " in commit_of(checkout)
    assert not trace.exists()


def test_a_folder_that_only_looks_like_a_repository_is_none(tmp_path: Path) -> None:
    program, trace = _trap(tmp_path)
    (tmp_path / "outer").mkdir()
    _git(tmp_path / "outer", "init", "-q", "--bare", "bare")
    _git(tmp_path / "outer/bare", "config", "core.fsmonitor", str(program))
    assert commit_of(tmp_path / "outer/bare").startswith("unknown (fatal: ")
    assert not trace.exists()


def test_a_checkout_of_somebody_else_is_told_with_what_to_do(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git = checkout / "program/git"
    git.parent.mkdir()
    git.write_text(
        "#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '/x'\" >&2\n"
        'echo "To add an exception for this directory, call:" >&2\n'
        'printf "\\n\\tgit config --global --add safe.directory /x\\n" >&2\nexit 128\n'
    )
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    assert commit_of(checkout) == (
        "unknown (fatal: detected dubious ownership in repository at '/x'; if you trust it:"
        " git config --global --add safe.directory /x)"
    )


def test_a_thousand_differences_are_enough(checkout: Path) -> None:
    for number in range(1100):
        (checkout / f"new{number}").touch()
    assert " (more than 1000 files differ from it: new0, new1, new10, ...)" in commit_of(checkout)


def test_a_checkout_that_takes_too_long_is_not_called_clean(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(checkout / ".gitignore")  # git waits for somebody to write into it
    monkeypatch.setattr(provenance, "_TIMEOUT", 0.5)
    begun = time.monotonic()
    assert "clean" not in commit_of(checkout)
    assert time.monotonic() - begun < 10


def test_a_git_that_hangs_is_ended_with_what_it_started(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git = checkout / "program/git"
    git.parent.mkdir()
    git.write_text("#!/bin/sh\nsleep 60\n")  # which holds the pipe
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(provenance, "_TIMEOUT", 0.5)
    begun = time.monotonic()
    assert commit_of(checkout) == "unknown (it took too long)"
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("here", ["", ".", "bin"])
def test_no_git_of_the_folder_in_which_somebody_stands_is_run(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    program, trace = _trap(checkout)
    (checkout / "bin").mkdir()
    for name in ("git", "bin/git"):
        (checkout / name).write_bytes(program.read_bytes())
        (checkout / name).chmod(0o755)
    monkeypatch.chdir(checkout)
    monkeypatch.setenv("PATH", f"{here}:{os.environ['PATH']}")
    assert "differ from it" in commit_of(checkout)
    assert not trace.exists()


def test_submodules_in_submodules_without_end_are_not_compared(checkout: Path) -> None:
    commit = _git(checkout, "rev-parse", "HEAD").strip()
    for _ in range(provenance._DEEPEST + 1):
        command, submodule = ["git", "-C", str(checkout), "mktree"], f"160000 commit {commit}\ts\n"
        tree = subprocess.run(command, input=submodule, capture_output=True, text=True, check=True).stdout.strip()
        commit = _git(checkout, "commit-tree", tree, "-m", "x").strip()
    _git(checkout, "update-ref", "HEAD", commit)
    folder = checkout
    for _ in range(provenance._DEEPEST + 1):
        folder /= "s"
        folder.mkdir()
        (folder / ".git").write_text(f"gitdir: {checkout}/.git\n")
    assert commit_of(checkout).endswith(" (not compared with the files: it has submodules in submodules without end)")


def test_a_checkout_of_too_many_files_is_not_called_clean(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_MOST_FILES", 2)
    assert commit_of(checkout).endswith(" (not compared with the files: it has more than 2 files)")
