"""What a build learns of this user's registries, and what nobody may see of it."""

from pathlib import Path

import pytest

from runner.images.index import Index, index_of


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("runner.images.index._OF_THE_MACHINE", tmp_path / "none")


def index(home: Path, proxies: dict[str, str] | None = None, **environ: str) -> Index:
    return index_of({"HOME": str(home), "XDG_CONFIG_DIRS": str(home / "nothing"), **environ}, proxies or {})


def test_the_variables_of_pip_win_over_its_files(tmp_path: Path) -> None:
    (tmp_path / ".config/pip").mkdir(parents=True)
    (tmp_path / ".config/pip/pip.conf").write_text(
        "[global]\nindex-url = https://of.file/simple\ntimeout = 7\n"
        "[install]\ntrusted-host =\n  of.file\n  more\n[list]\nformat = json\n"
    )
    conf = index(tmp_path, PIP_INDEX_URL="https://of.variable/simple", PIP_NO_INDEX="1").files["pip.conf"].decode()
    assert "index-url = https://of.variable/simple\n" in conf
    assert "timeout = 7\n" in conf
    assert "trusted-host = of.file more\n" in conf
    assert "no-index" not in conf and "format" not in conf


def test_an_index_that_is_a_folder_of_this_machine_does_not_count(tmp_path: Path) -> None:
    conf = index(tmp_path, PIP_EXTRA_INDEX_URL="file:///opt/wheels https://more/simple").files["pip.conf"]
    assert b"file:" not in conf and b"https://more/simple" in conf


def test_a_file_of_pip_s_that_is_not_understood_is_as_none(tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_bytes(b"index-url = \xff\n")
    assert index(tmp_path, PIP_CONFIG_FILE=str(file)).files["pip.conf"].startswith(b"[global]\n")


def test_certificates_go_along(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(b"of the firm")
    file = str(tmp_path / "ca.pem")
    for found in (index(tmp_path, PIP_CERT=file), index(tmp_path, REQUESTS_CA_BUNDLE=file)):
        assert found.files["certificates"] == b"of the firm"
    assert "certificates" not in index(tmp_path).files


def test_of_netrc_only_the_hosts_of_the_indexes_go_along(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine pypi.firm login me password s3cret\nmachine bank login me password rich\n")
    (tmp_path / ".netrc").chmod(0o600)
    found = index(tmp_path, PIP_INDEX_URL="https://pypi.firm/simple")
    assert found.files["netrc"] == b"machine pypi.firm\nlogin me\npassword s3cret\n"
    assert "s3cret" in found.secrets and "rich" not in found.secrets


def test_passwords_and_tokens_of_addresses_are_secrets_as_they_are_written_and_as_they_are_meant(tmp_path: Path) -> None:
    found = index(
        tmp_path,
        PIP_INDEX_URL="https://me:p%40ss@one/simple",
        PIP_EXTRA_INDEX_URL="https://token@two/simple",
        HTTPS_PROXY="http://u:proxied@p:3128",
    )
    assert {"p%40ss", "p@ss", "token", "proxied"} <= set(found.secrets)
    assert "me" not in found.secrets


def test_the_proxies_of_docker_s_client_win_over_those_of_the_shell(tmp_path: Path) -> None:
    found = index(tmp_path, {"http_proxy": "http://of-docker:1"}, HTTP_PROXY="http://of-shell:1", no_proxy="it's")
    assert found.proxies == {"http_proxy": "http://of-docker:1", "no_proxy": "it's"}
    assert found.files["proxies"] == b"export http_proxy=http://of-docker:1\nexport no_proxy='it'\"'\"'s'\n"


@pytest.mark.parametrize("url", ["https://me:s3cret@[firm/simple", "me:s3cret@firm:3128"])
def test_what_is_no_url_goes_along_and_its_password_stays_hidden(tmp_path: Path, url: str) -> None:
    found = index(tmp_path, PIP_INDEX_URL=url, http_proxy=url)
    assert f"index-url = {url}\n" in found.files["pip.conf"].decode()
    assert found.secrets == ("s3cret",)
