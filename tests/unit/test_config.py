"""A right repos.yaml gives absolute, frozen values; a wrong one an error with the file, the key and what is near."""

from pathlib import Path

import pydantic
import pytest

from runner.config import Config, at_checkout, load
from runner.errors import ConfigError, UsageError

from .repositories import YAML


def written(folder: Path, text: str = YAML, local: str | None = None) -> Path:
    (folder / "repos.yaml").write_text(text)
    if local is not None:
        (folder / "repos.local.yaml").write_text(local)
    return folder


def loaded(folder: Path, text: str = YAML, local: str | None = None, **environ: str) -> Config:
    return load(written(folder, text, local), environ)


def error(folder: Path, text: str = YAML, local: str | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, local)
    return str(caught.value)


def test_defaults_are_filled_in_and_every_path_is_absolute(tmp_path: Path) -> None:
    config = loaded(tmp_path)
    assert list(config.repositories) == ["evv", "hub"]
    hub = config.repository("hub")
    assert (hub.name, hub.prefix, hub.path) == ("hub", "hub-agent-test", tmp_path / "hub")
    assert hub.addons == (tmp_path / "hub/addons", tmp_path / "hub/more")
    assert hub.compose_file == tmp_path / "docker-compose.agent.yml"
    assert (hub.images.odoo, hub.images.postgres) == ("odoo:18.0", "postgres:16")
    assert config.files == (tmp_path / "repos.yaml",)


def test_a_range_of_ports_includes_both_ends(tmp_path: Path) -> None:
    ports = loaded(tmp_path).repository("evv").ports
    assert list(ports) == list(range(8090, 8101))
    assert str(ports) == "8090-8100"


def test_a_single_port_is_a_range_of_one(tmp_path: Path) -> None:
    assert list(loaded(tmp_path, YAML.replace("8090-8100", "8090")).repository("evv").ports) == [8090]


def test_a_compose_file_of_the_repository_s_own_lies_in_its_checkout(tmp_path: Path) -> None:
    text = YAML.replace("path: evv,", "path: evv, compose_file: docker/test.yml,")
    config = loaded(tmp_path, text)
    assert config.repository("evv").compose_file == tmp_path / "evv/docker/test.yml"
    assert config.repository("hub").compose_file == tmp_path / "docker-compose.agent.yml"


def test_home_and_absolute_paths_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = YAML.replace("path: evv,", "path: ~/evv,").replace("path: hub,", "path: /srv/hub,")
    config = loaded(tmp_path, text)
    assert config.repository("evv").path == tmp_path / "home/evv"
    assert config.repository("hub").path == Path("/srv/hub")


def test_the_values_are_frozen(tmp_path: Path) -> None:
    repository = loaded(tmp_path).repository("evv")
    with pytest.raises(pydantic.ValidationError):
        repository.prefix = "other"


# What overrides what


def test_the_local_file_overrides_single_keys_and_is_listed_among_the_files(tmp_path: Path) -> None:
    local = "defaults:\n  images: {odoo: mine}\nrepositories:\n  evv: {path: /srv/evv}\n"
    config = loaded(tmp_path, local=local)
    evv, hub = config.repository("evv"), config.repository("hub")
    assert (evv.path, evv.prefix) == (Path("/srv/evv"), "evv-agent-test")
    assert hub.path == tmp_path / "hub"
    assert (hub.images.odoo, hub.images.postgres) == ("mine", "postgres:16")
    assert config.files == (tmp_path / "repos.yaml", tmp_path / "repos.local.yaml")


def test_the_local_file_replaces_lists_as_a_whole(tmp_path: Path) -> None:
    config = loaded(tmp_path, local="repositories:\n  hub: {addons: [third]}\n")
    assert config.repository("hub").addons == (tmp_path / "hub/third",)


def test_an_empty_local_file_changes_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, local="# nothing yet\n").repositories == loaded(tmp_path).repositories


def test_a_repository_s_images_override_the_defaults(tmp_path: Path) -> None:
    config = loaded(tmp_path, YAML.replace("path: evv,", "path: evv, images: {odoo: special},"))
    assert config.repository("evv").images.odoo == "special"
    assert config.repository("evv").images.postgres == "postgres:16"
    assert config.repository("hub").images.odoo == "odoo:18.0"


def test_the_image_variables_override_both_files(tmp_path: Path) -> None:
    local = "repositories:\n  evv: {images: {odoo: local}}\n"
    images = loaded(tmp_path, local=local, ODOO_IMAGE="from-env", POSTGRES_IMAGE="pg-env").repository("evv").images
    assert (images.odoo, images.postgres) == ("from-env", "pg-env")


def test_an_empty_image_variable_overrides_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, ODOO_IMAGE="").repository("evv").images.odoo == "odoo:18.0"


# Errors


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("prefix: evv-agent-test", "prefx: evv-agent-test", ["repositories.evv.prefx", "Perhaps you meant 'prefix'"]),
        ("path: evv,", "path: evv, colour: red,", ["repositories.evv.colour", "known are", "compose_file"]),
        ("  ports: 8090-8100\n", "  ports: 8090-8100\n  port: 1\n", ["port", "Perhaps you meant 'ports'"]),
        ("odoo: ", "odo: ", ["images.odo", "Perhaps you meant 'odoo'"]),
        ("defaults:", "default:", ["unknown key 'default'", "Perhaps you meant 'defaults'"]),
        ("prefix: evv-agent-test, ", "", ["repositories.evv.prefix", "required"]),
        ("path: evv, ", "", ["repositories.evv.path", "required"]),
        ("  compose_file: docker-compose.agent.yml\n", "", ["repositories.evv.compose_file", "required"]),
        ("evv-agent-test", "EVV_test", ["repositories.evv.prefix", "EVV_test"]),
        ("evv-agent-test", "-evv", ["repositories.evv.prefix", "-evv"]),
        ("evv-agent-test", "e" * 41, ["repositories.evv.prefix"]),
        ("hub-agent-test", "evv-agent-test", ["evv and hub have the same prefix"]),
        ("addons: [addons]}", "addons: []}", ["repositories.evv.addons", "at least 1"]),
        ("addons: [addons]}", "addons: addons}", ["repositories.evv.addons", "'addons'"]),
        ("8090-8100", "8100-8090", ["repositories.evv.ports", "must not be greater"]),
        ("8090-8100", "many", ["repositories.evv.ports", "must be a range like 8090-8100", "many"]),
        ("8090-8100", "8090-65536", ["repositories.evv.ports.last", "65535"]),
        ("8090-8100", "0-1", ["repositories.evv.ports.first", "greater than or equal to 1"]),
        ("odoo:18.0", "", ["images"]),
    ],
)
def test_an_error_names_the_file_the_key_and_what_is_wrong(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert old in YAML
    message = error(tmp_path, YAML.replace(old, new))
    for part in ["repos.yaml", *expected]:
        assert part in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "`repositories:` must map"),
        ("repositories:\n", "`repositories:` must map"),
        ("- evv\n- hub\n", "must hold a mapping at its top"),
        ("just words\n", "must hold a mapping at its top"),
        ("repositories:\n  - evv\n", "`repositories:` must map"),
        ("repositories:\n  evv: words\n", "repositories.evv must be a mapping"),
        ("repositories:\n  evv:\n", "repositories.evv must be a mapping"),
        ("repositories: [\n", "is not valid YAML"),
        ("1: 2\n" + YAML, "unknown key"),
    ],
    ids=["empty", "no names", "a list", "a text", "a list of names", "a text for settings", "no settings", "syntax", "number"],
)
def test_a_file_of_another_shape_is_an_error_that_names_it(tmp_path: Path, text: str, expected: str) -> None:
    message = error(tmp_path, text)
    assert expected in message
    assert "repos.yaml" in message


def test_a_file_that_is_not_utf8_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "repos.yaml").write_bytes(b"caf\xe9: 1\n")
    with pytest.raises(ConfigError, match=r"repos\.yaml cannot be read"):
        load(tmp_path, {})


def test_a_missing_file_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"no repos.yaml in {tmp_path}"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    "text",
    [
        "repositories: {evv: {prefix: evv-agent-test, path: evv, addons: [addons]}}\n",
        "repositories:\n    evv: {prefix: evv-agent-test, path: evv, addons: [addons]}\n",
        'repositories:\n  "evv": {prefix: evv-agent-test, path: evv, addons: [addons]}\n',
        "repositories:\n  evv: {prefix: a-test}\n  evv: {prefix: b-test}\n",
        "repositories:\n  2024: {prefix: a-test}\n",
    ],
    ids=["in one line", "other indentation", "quoted", "twice", "a number"],
)
def test_names_that_the_noxfile_would_read_otherwise_are_an_error(tmp_path: Path, text: str) -> None:
    assert "must stand one to a line, indented by two spaces" in error(tmp_path, text)


def test_errors_of_the_local_file_name_the_local_file(tmp_path: Path) -> None:
    assert "repos.local.yaml is not valid YAML" in error(tmp_path, local="repositories: [\n")
    assert "repos.local.yaml" in error(tmp_path, local="repositories:\n  evv: {pth: /srv}\n")
    message = error(tmp_path, local="repositoris:\n  evv: {path: /srv}\n")
    assert "repos.local.yaml: unknown key 'repositoris'. Perhaps you meant 'repositories'?" in message


def test_an_unknown_repository_is_answered_with_the_known_ones_and_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path).repository("ev")
    assert "known are: evv, hub" in str(caught.value)
    assert "Perhaps you meant 'evv'?" in str(caught.value)
    with pytest.raises(UsageError) as caught:
        loaded(tmp_path).repository("unrelated")
    assert "Perhaps" not in str(caught.value)


# --path


def test_another_checkout_moves_addons_and_an_own_compose_file_but_not_the_common_one(tmp_path: Path) -> None:
    text = YAML.replace("path: evv,", "path: evv, compose_file: test.yml,")
    config, checkout = loaded(tmp_path, text), tmp_path / "worktree"
    evv, hub = (at_checkout(config.repository(name), checkout) for name in ("evv", "hub"))
    assert evv.path == checkout
    assert evv.addons == (checkout / "addons",)
    assert evv.compose_file == checkout / "test.yml"
    assert hub.compose_file == tmp_path / "docker-compose.agent.yml"
    assert evv.prefix == "evv-agent-test"


def test_a_relative_checkout_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    moved = at_checkout(loaded(tmp_path).repository("evv"), Path("here"))
    assert moved.path == tmp_path / "here"


def test_addons_outside_the_checkout_stay_where_they_are(tmp_path: Path) -> None:
    config = loaded(tmp_path, YAML.replace("[addons]", "[addons, ../common]"))
    assert at_checkout(config.repository("evv"), tmp_path / "w").addons == (tmp_path / "w/addons", tmp_path / "common")
