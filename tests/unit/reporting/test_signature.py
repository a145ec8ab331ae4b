"""A signature is by a key that is allowed, of this very log, and nothing ever waits for a person."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from runner.errors import ReportFailed, UsageError
from runner.proof.check import Result
from runner.reporting.signature import check_key, sign
from tests.unit.fake_environment import Fakes
from tests.unit.processes import PATIENCE
from tests.unit.proof.conftest import GREEN, Stage, forge, stage

__all__ = ["stage"]
pytestmark = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="no ssh-keygen")


def _key(folder: Path, name: str, passphrase: str = "") -> Path:
    key = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(key)], check=True)
    return key


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return _key(tmp_path, "key")


def _allowed(folder: Path, **keys: Path) -> Path:
    file = folder / "allowed"
    lines = [
        f'{name}@example.com namespaces="proof-of-execution-tests" {Path(f"{key}.pub").read_text()}'
        for name, key in keys.items()
    ]
    file.write_text("".join(lines))
    return file


def test_a_signed_log_is_known_by_its_signer(stage: Stage, key: Path, tmp_path: Path) -> None:
    allowed = _allowed(tmp_path, me=key, you=_key(tmp_path, "other"))
    proof = stage.run(sign_key=key)
    assert stage.check(proof, allowed=allowed)["signature"].text == "of me@example.com"
    assert stage.wrong(proof, allowed=allowed, signer="me@example.com") == {}
    assert [*stage.wrong(proof, allowed=allowed, signer="you@example.com")] == ["signature"]
    assert stage.check(proof)["signature"].result is Result.NOT_CHECKED


def test_what_a_forger_makes_anew_with_its_digest_has_no_signature(stage: Stage, key: Path, tmp_path: Path) -> None:
    allowed = _allowed(tmp_path, me=key)
    proof = stage.run(sign_key=key)
    forge(proof, lambda part: part.replace(b"Odoo version 19.0", b"Odoo version 18.0"))
    assert stage.wrong(proof) == {}  # which a digest cannot tell
    assert "incorrect signature" in stage.wrong(proof, allowed=allowed)["signature"]


def test_a_log_without_a_signature_or_of_a_stranger_is_told(stage: Stage, key: Path, tmp_path: Path) -> None:
    allowed = _allowed(tmp_path, me=key)
    assert stage.wrong(stage.run(), allowed=allowed)["signature"].startswith("there is none: ")
    proof = stage.run(sign_key=_key(tmp_path, "stranger"))
    assert stage.wrong(proof, allowed=allowed)["signature"].startswith(f"it is of nobody in {allowed}: ")
    proof.with_name(f"{proof.name}.sig").write_text("no signature")
    assert [*stage.wrong(proof, allowed=allowed)] == ["signature"]


@pytest.mark.timeout(PATIENCE)
def test_what_stands_in_the_place_of_a_signature_is_not_waited_for(stage: Stage, key: Path, tmp_path: Path) -> None:
    proof = stage.run()
    signature = proof.with_name(f"{proof.name}.sig")
    os.mkfifo(signature)
    assert stage.wrong(proof, allowed=_allowed(tmp_path, me=key)) == {"signature": "there is none: it is no regular file"}
    signature.unlink()
    signature.mkdir()
    assert stage.wrong(proof, allowed=_allowed(tmp_path, me=key))["signature"].startswith("there is none: Is a directory")


def test_a_signature_for_something_else_does_not_count(stage: Stage, key: Path, tmp_path: Path) -> None:
    proof = stage.run()
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "git", str(proof)], check=True, stderr=subprocess.DEVNULL
    )
    file = tmp_path / "allowed"
    file.write_text(f"me@example.com {Path(f'{key}.pub').read_text()}")
    assert [*stage.wrong(proof, allowed=file)] == ["signature"]


def test_a_key_that_cannot_sign_is_said_with_what_to_do(tmp_path: Path, key: Path) -> None:
    check_key(key)
    locked = _key(tmp_path, "locked", "secret")
    with pytest.raises(UsageError, match=r"locked cannot sign: .* `ssh-add KEY`, then --sign-key KEY\.pub"):
        check_key(locked)
    with pytest.raises(UsageError, match=r"--sign-key: there is no file .*gone"):
        check_key(tmp_path / "gone")
    (tmp_path / "none").write_text("no key")
    with pytest.raises(UsageError, match="none cannot sign: "):
        check_key(tmp_path / "none")


def test_where_there_is_no_ssh_keygen_one_sentence_says_so(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="there is no ssh-keygen, which OpenSSH has"):
        check_key(key)


def test_a_log_that_cannot_be_signed_is_no_proof(stage: Stage, fakes: Fakes, tmp_path: Path) -> None:
    with pytest.raises(ReportFailed, match="The proof log cannot be signed: there is no file"):
        sign(stage.module / "__manifest__.py", tmp_path / "gone")
    with pytest.raises(AssertionError, match="The proof log cannot be signed"):  # of the stage: the run has no proof
        stage.run(GREEN, sign_key=tmp_path / "gone")
    assert not list(stage.checkout.glob("*.log*"))
