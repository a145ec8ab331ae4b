"""The sources of a commit are what a clean checkout of it has, whatever git makes of them there, and nothing of it is run."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.proof.commit_files import write_files
from runner.reporting.git import NoAnswer
from tests.unit.proof.conftest import Stage, commit, git


def test_a_commit_is_written_as_it_is_with_its_links(tmp_path: Path) -> None:
    checkout, folder = tmp_path / "checkout", tmp_path / "folder"
    (checkout / "a/b").mkdir(parents=True)
    folder.mkdir()
    git(checkout, "init", "-q")
    (checkout / "a/b/caf\xe9").write_bytes(b"\x00\xff\r\n")
    (checkout / "a/empty").touch()
    (checkout / "link").symlink_to("a/b")
    (checkout / ".gitattributes").write_text("a export-ignore\n")
    commit(checkout)
    write_files(checkout, "HEAD", folder)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == [
        ".gitattributes", "a", "a/b", "a/b/caf\xe9", "a/empty", "link",
    ]  # fmt: skip
    assert (folder / "link/caf\xe9").read_bytes() == b"\x00\xff\r\n"


def test_line_ends_and_large_files_are_those_of_the_checkout_that_was_tested(stage: Stage) -> None:
    # A checkout with the line ends of Windows, and what Git LFS has put in the place of its pointer.
    large = b"large\n" * 1000
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{hashlib.sha256(large).hexdigest()}\nsize {len(large)}\n"
    )
    (stage.module / "large.bin").write_text(pointer)
    (stage.checkout / ".gitattributes").write_text("*.bin filter=lfs\n*.py text\n")
    commit(stage.checkout)
    (stage.module / "large.bin").write_bytes(large)
    tests = stage.module / "tests/test_client.py"
    tests.write_bytes(tests.read_bytes().replace(b"\n", b"\r\n"))
    proof = stage.run()
    assert stage.wrong(proof, against="HEAD") == {}
    (stage.module / "large.bin").write_bytes(b"other")
    assert "evv_core/large.bin has other content" in stage.wrong(stage.run(), against="HEAD")["sources"]


def test_what_a_link_leads_to_in_the_repository_is_of_the_commit(stage: Stage) -> None:
    shared = stage.module.parent / "shared"
    shared.mkdir()
    (shared / "data.xml").write_text("<odoo/>\n")
    (stage.module / "data.xml").symlink_to("../shared/data.xml")
    commit(stage.checkout)
    proof = stage.run()
    assert stage.wrong(proof, against="HEAD") == {}
    (shared / "data.xml").write_text("<other/>\n")
    commit(stage.checkout)
    assert "evv_core/data.xml has other content" in stage.wrong(proof, against="HEAD")["sources"]


def test_a_submodule_counts_as_the_commit_has_it(stage: Stage, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "evv_more").mkdir(parents=True)
    git(other, "init", "-q")
    (other / "evv_more/__manifest__.py").write_text("{}\n")
    commit(other)
    git(stage.checkout, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "more")
    (stage.module / "__manifest__.py").write_text("{'depends': ['evv_more']}\n")
    commit(stage.checkout)
    proof = stage.run()
    assert stage.check(proof, against="HEAD")["sources"].text == "4 files of evv_core, evv_more as in HEAD"
    git(stage.checkout, "submodule", "deinit", "-q", "--force", "more")
    assert "is gone" in stage.wrong(proof, against="HEAD")["sources"]


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", ".git/hooks/post-checkout", "a/.GIT/config"])
def test_a_path_that_leads_elsewhere_is_not_written(tmp_path: Path, name: str) -> None:
    checkout, folder = tmp_path / "checkout", tmp_path / "deep/folder"
    checkout.mkdir()
    folder.mkdir(parents=True)
    git(checkout, "init", "-q")
    (checkout / "file").write_text("x")
    blob = git(checkout, "hash-object", "-w", "file")
    tree = ""
    for number, part in enumerate(reversed(name.split("/"))):
        entry = f"40000 {part}".encode() if number else f"100644 {part}".encode()
        content = entry + b"\0" + bytes.fromhex(tree or blob)
        tree = subprocess.run(
            ["git", "-C", str(checkout), "hash-object", "-w", "-t", "tree", "--literally", "--stdin"],
            input=content, check=True, capture_output=True,
        ).stdout.decode().strip()  # fmt: skip
    made = git(checkout, "commit-tree", tree, "-m", "evil")
    with pytest.raises(NoAnswer, match="a file that no checkout may have"):
        write_files(checkout, made, folder)
    assert not any(path.is_file() for path in (tmp_path / "deep").rglob("*"))


def test_nothing_that_the_checkout_configures_is_run(stage: Stage) -> None:
    proof = stage.run()
    marker = stage.checkout / "ran"
    git(stage.checkout, "config", "filter.evil.smudge", f"touch {marker}")
    git(stage.checkout, "config", "core.fsmonitor", f"touch {marker}")
    (stage.checkout / ".gitattributes").write_text("* filter=evil\n")
    stage.check(proof, against="HEAD")
    assert not marker.exists()


def test_a_commit_that_was_not_fetched_is_not_fetched_now(stage: Stage) -> None:
    proof = stage.run()
    marker = stage.checkout / "ran"
    for name, value in {"promisor": "true", "url": f"ext::touch {marker}", "partialclonefilter": "blob:none"}.items():
        git(stage.checkout, "config", f"remote.origin.{name}", value)
    git(stage.checkout, "config", "protocol.allow", "always")
    with pytest.raises(UsageError, match=r"it knows no such commit\. Was it fetched\?$"):
        stage.check(proof, against="1" * 40)
    assert not marker.exists()


def test_without_git_only_the_sources_are_compared(stage: Stage) -> None:
    (stage.checkout / ".git").rename(stage.checkout / "no.git")
    proof = stage.run()
    checks = stage.check(proof)
    assert (checks["commit"].result.value, checks["sources"].result.value) == ("not checked", "ok")
    with pytest.raises(UsageError, match="--against HEAD: git cannot tell"):
        stage.check(proof, against="HEAD")
