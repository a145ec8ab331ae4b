"""A right repos.yaml gives absolute, frozen values; a wrong one an error with the file, the key and what is near."""

import os
from pathlib import Path

import pydantic
import pytest

from runner.config.repositories import Config, at_checkout, in_series, load
from runner.errors import ConfigError, UsageError
from tests.unit.repositories import YAML


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


def test_a_third_repository_takes_three_lines(tmp_path: Path) -> None:
    third = "  third:\n    {prefix: third-agent-test, path: ../third,\n    addons: [addons]}\n"
    config = loaded(tmp_path, YAML + third)
    assert list(config.repositories) == ["evv", "hub", "third"]
    repository, evv = config.repository("third"), config.repository("evv")
    assert repository.addons == (tmp_path.parent / "third/addons",)
    assert (repository.compose_file, repository.ports, repository.images) == (evv.compose_file, evv.ports, evv.images)


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
        ("prefix: evv", "prefx: evv", "6: repositories.evv.prefx: unknown key. Perhaps you meant 'prefix'?"),
        ("path: evv,", "path: evv, colour: red,", "6: repositories.evv.colour: unknown key; known are: prefix, path, addons,"),
        ("  ports: 8090-8100\n", "  ports: 1\n  port: 1\n", "4: defaults.port: unknown key. Perhaps you meant 'ports'?"),
        ("{odoo: ", "{odo: ", "4: defaults.images.odo: unknown key. Perhaps you meant 'odoo'?"),
        ("defaults:", "default:", "1: default: unknown key. Perhaps you meant 'defaults'?"),
        ("defaults:", "1: 2\ndefaults:", "1: 1: unknown key; known are: defaults, repositories"),
        ("prefix: evv-agent-test, ", "", "6: repositories.evv.prefix: is required, here or under `defaults`"),
        ("path: evv, ", "", "6: repositories.evv.path: is required"),
        ("  compose_file: docker-compose.agent.yml\n", "", "5: repositories.evv.compose_file: is required"),
        (', postgres: "postgres:16"', "", "6: repositories.evv.images.postgres: is required"),
        ("evv-agent-test", "EVV_test", "6: repositories.evv.prefix: must be 2 to 40 characters of a-z, 0-9"),
        ("evv-agent-test", "-evv", "and not begin with - (found: '-evv')"),
        ("evv-agent-test", "e" * 41, "6: repositories.evv.prefix: must be 2 to 40"),
        ("evv-agent-test", "2024", "6: repositories.evv.prefix: must be a text; put it in quotes (found: 2024)"),
        ("path: evv,", "path: [evv],", "6: repositories.evv.path: must be a path (found: ['evv'])"),
        ("path: evv,", 'path: "e\\0v",', "6: repositories.evv.path: no path has a null character (found: 'e\\x00v')"),
        ("path: evv,", f"path: {'x' * 256},", "6: repositories.evv.path: no folder or file has a name of more than 255 bytes"),
        ("path: evv,", "path: ~nobody-here,", "6: repositories.evv.path: there is no user of that name. Write the whole path"),
        (
            "addons: [addons]}",
            f"addons: [{'é' * 128}]}}",
            "6: repositories.evv.addons.0: no folder or file has a name of more",
        ),
        ("path: evv,", "path: ,", "6: repositories.evv.path: must be a path (found: None)"),
        ("addons: [addons]}", "addons: []}", "6: repositories.evv.addons: must name at least one folder"),
        (
            "addons: [addons]}",
            "addons: addons}",
            "6: repositories.evv.addons: must be a list, in brackets (found: 'addons')",
        ),
        ("addons: [addons]}", "addons: [a,\n    7]}", "7: repositories.evv.addons.1: must be a path (found: 7)"),
        ("8090-8100", "8100-8090", "3: defaults.ports: the first port of a range must not be greater than the last"),
        ("8090-8100", "many", "3: defaults.ports: must be a range like 8090-8100, or one port (found: 'many')"),
        ("8090-8100", "[8090, 8100]", "3: defaults.ports: must be a range like 8090-8100"),
        ("8090-8100", "8090-65536", "3: defaults.ports: a port is a number from 1 to 65535"),
        ("8090-8100", "0", "3: defaults.ports: a port is a number from 1 to 65535"),
        (
            "{odoo: ",
            "{series: {18.0: x}, odoo: ",
            "4: defaults.images.series.18.0: a name must be a text, not a number or the like",
        ),
        ("{odoo: ", "{series: {x: x}, odoo: ", '4: defaults.images.series.x: must be a series of Odoo, such as "18.0"'),
        ("{odoo: ", "{series: {'18.0': ''}, odoo: ", "4: defaults.images.series.18.0: must not be empty"),
        *(
            (
                "path: evv,",
                f"path: evv, snapshots: {name!r},",
                "6: repositories.evv.snapshots: must be the name of images in a registry, without a tag",
            )
            for name in ("prepared", "ghcr.io/org/prepared:latest", "https://ghcr.io/org/x", "-x/y", "a/B", f"a/{'b' * 260}")
        ),
        ("path: evv,", "path: evv, demo: 1,", "6: repositories.evv.demo: must be true or false (found: 1)"),
        ("path: evv,", "path: evv, languages: [deutsch],", "6: repositories.evv.languages.0: must be the code of a language"),
        (
            "path: evv,",
            "path: evv, odoo_options: {workers: 2},",
            "6: repositories.evv.odoo_options.workers: cannot be set for a",
        ),
        ("path: evv,", "path: evv, odoo_options: {5: 2},", "6: repositories.evv.odoo_options.5: a name must be a text"),
        (
            "path: evv,",
            "path: evv, odoo_options: {a1: {b: 2}},",
            "6: repositories.evv.odoo_options.a1: must be true, false, a",
        ),
        (
            "path: evv,",
            "path: evv, odoo_options: {load: web},",
            "6: repositories.evv.odoo_options: load must keep base, without",
        ),
        ("odoo:18.0", "", "4: defaults.images.odoo: must not be empty"),
        ("{odoo: ", "{odoo: 18, postgres: 16}\n#", "4: defaults.images.postgres: must be a text"),
        ('{odoo: "odoo:18.0", postgres: "postgres:16"}', "odoo:18.0", "4: defaults.images: must be a mapping of settings"),
    ],
)
def test_an_error_names_the_file_the_line_the_key_and_what_is_wrong(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in YAML
    message = error(tmp_path, YAML.replace(old, new))
    assert f"{tmp_path}/repos.yaml:" in message
    assert expected in message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1: repositories: must map at least one name"),
        ("# nothing yet\n", "1: repositories: must map at least one name"),
        ("defaults: {}\nrepositories:\n", "2: repositories: must map at least one name"),
        ("- evv\n- hub\n", "1: must hold a mapping at its top"),
        ("just words\n", "1: must hold a mapping at its top"),
        ("repositories:\n  - evv\n", "1: repositories: must map names to settings"),
        ("repositories:\n  evv: words\n", "2: repositories.evv: must be a mapping of settings (found: 'words')"),
        ("repositories:\n  evv:\n", "2: repositories.evv: must be a mapping of settings (found: None)"),
        ("repositories:\n  2024: {prefix: a-test}\n", "2: repositories.2024: a name must be a text"),
    ],
    ids=["empty", "comments", "no names", "list", "text", "list of names", "text for settings", "no settings", "a number"],
)
def test_a_file_of_another_shape_is_an_error_that_names_it(tmp_path: Path, text: str, expected: str) -> None:
    assert f"repos.yaml:{expected}" in error(tmp_path, text)


def test_everything_wrong_in_both_files_is_said_at_once(tmp_path: Path) -> None:
    text = YAML.replace("path: evv", "pth: evv").replace("8090-8100", "many")
    lines = error(tmp_path, text, local="defaults: {images: 7}\nrepositories:\n  hub:\n    addons: no\n").splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        [f"{tmp_path}/repos.yaml:3", "defaults.ports"],
        [f"{tmp_path}/repos.yaml:6", "repositories.evv.pth"],
        [f"{tmp_path}/repos.local.yaml:1", "defaults.images"],
        [f"{tmp_path}/repos.local.yaml:4", "repositories.hub.addons"],
    ]


def test_everything_missing_is_said_at_once_and_at_the_entry(tmp_path: Path) -> None:
    text = YAML.replace("prefix: evv-agent-test, path: evv, ", "").replace("prefix: hub-agent-test, ", "")
    assert [line.rpartition("repos.yaml")[2].partition(": is")[0] for line in error(tmp_path, text).splitlines()] == [
        ":6: repositories.evv.prefix",
        ":6: repositories.evv.path",
        ":7: repositories.hub.prefix",
    ]


def test_what_only_the_local_file_lacks_is_said_at_its_entry(tmp_path: Path) -> None:
    local = "# one more\nrepositories:\n  third: {prefix: third-test, path: /srv}\n"
    assert "repos.local.yaml:3: repositories.third.addons: is required" in error(tmp_path, local=local)


def test_the_place_is_relative_to_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = "repos.yaml:6: repositories.evv.prefx: unknown key. Perhaps you meant 'prefix'?"
    assert error(tmp_path, YAML.replace("prefix: evv", "prefx: evv")) == expected


def test_a_missing_file_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"no repos.yaml in {tmp_path}"):
        load(tmp_path, {})


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ("link", "cannot be read: No such file or directory"),
        ("circle", "cannot be read: Too many levels of symbolic links"),
        ("fifo", "is no regular file"),
        ("folder", "is no regular file"),
    ],
)
def test_a_local_file_that_is_none_is_not_left_out_without_a_word(tmp_path: Path, there: str, words: str) -> None:
    local = tmp_path / "repos.local.yaml"
    if there == "fifo":
        os.mkfifo(local)
    elif there == "folder":
        local.mkdir()
    else:
        local.symlink_to(local if there == "circle" else tmp_path / "gone")
    assert f"repos.local.yaml {words}" in error(tmp_path)


def test_links_in_a_circle_are_a_path_like_any_other_that_is_not_there(tmp_path: Path) -> None:
    for name in ("circle", "evv/circle"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).symlink_to(tmp_path / name)
    text = YAML.replace("path: hub", "path: circle").replace("addons: [addons]", "addons: [circle], compose_file: circle")
    config = loaded(tmp_path, text)
    evv, hub = config.repository("evv"), config.repository("hub")
    assert (evv.addons, evv.compose_file) == ((tmp_path / "evv/circle",), tmp_path / "evv/circle")
    assert hub.path == at_checkout(hub, tmp_path / "circle").path == tmp_path / "circle"


def test_equal_prefixes_are_an_error_with_both_places(tmp_path: Path) -> None:
    message = error(tmp_path, YAML.replace("hub-agent-test", "evv-agent-test"))
    assert message.startswith(f"{tmp_path}/repos.yaml:7: repositories.hub.prefix: 'evv-agent-test' is that of evv already")
    assert f"{tmp_path}/repos.yaml:6)" in message


@pytest.mark.parametrize(
    ("text", "local", "place"),
    [
        (YAML, "repositories:\n  hub:\n    path: x\n    prefix: evv-agent-test\n", "repos.local.yaml:4"),
        (YAML.replace("prefix: hub-agent-test, ", ""), "\ndefaults:\n  prefix: evv-agent-test\n", "repos.local.yaml:3"),
        (
            YAML.replace("evv: {", "evv: &evv {").replace("hub: {prefix: hub-agent-test", "hub: {<<: *evv"),
            None,
            "repos.yaml:7",
        ),
    ],
    ids=["local entry", "local defaults", "alias"],
)
def test_the_place_of_a_value_is_the_file_and_section_that_it_comes_from(
    tmp_path: Path, text: str, local: str | None, place: str
) -> None:
    assert f"{tmp_path}/{place}: repositories.hub.prefix:" in error(tmp_path, text, local)


def test_ranges_of_ports_may_overlap(tmp_path: Path) -> None:
    config = loaded(tmp_path, local="repositories:\n  hub: {ports: 8095-8110}\n")
    assert set(config.repository("evv").ports) & set(config.repository("hub").ports)


@pytest.mark.parametrize(
    "text",
    [
        "repositories: {evv: {prefix: evv-agent-test, path: evv, addons: [addons]}}\n",
        "repositories:\n    evv: {prefix: evv-agent-test, path: evv, addons: [addons]}\n",
        'repositories:\n  "evv": {prefix: evv-agent-test, path: evv, addons: [addons]}\n',
    ],
    ids=["in one line", "other indentation", "quoted"],
)
def test_names_that_the_noxfile_would_read_otherwise_are_an_error(tmp_path: Path, text: str) -> None:
    assert "repos.yaml:1: repositories: the names must stand one to a line, indented by two spaces" in (
        told := error(tmp_path, text)
    )
    assert told.endswith("without quotes. Not so: evv")


def test_errors_of_the_local_file_name_the_local_file(tmp_path: Path) -> None:
    assert "repos.local.yaml:2: not valid YAML" in error(tmp_path, local="repositories: [\n")
    assert "repos.local.yaml:2: repositories.evv.pth: unknown" in error(tmp_path, local="repositories:\n  evv: {pth: /srv}\n")
    message = error(tmp_path, local="repositoris:\n  evv: {path: /srv}\n")
    assert "repos.local.yaml:1: repositoris: unknown key. Perhaps you meant 'repositories'?" in message


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


# allow


def test_what_is_allowed_stands_with_the_defaults_or_the_repository_and_a_list_replaces_the_other(tmp_path: Path) -> None:
    text = YAML.replace("defaults:\n", "defaults:\n  allow: {skipped: [TestTour], errors: ['^bad query']}\n")
    config = loaded(
        tmp_path, text.replace("path: evv,", "path: evv, allow: {skipped: [TestX], not_imported: [tests/test_x.py]},")
    )
    evv, hub = config.repository("evv").allow, config.repository("hub").allow
    assert (evv.not_imported, evv.skipped, evv.errors) == (("tests/test_x.py",), ("TestX",), ("^bad query",))
    assert (hub.not_imported, hub.skipped, hub.errors) == ((), ("TestTour",), ("^bad query",))


@pytest.mark.parametrize(
    ("allow", "words"),
    [
        ("{skiped: [TestX]}", "allow.skiped: unknown key. Perhaps you meant 'skipped'?"),
        ("{errors: ['(a']}", "allow.errors.0: must be a regular expression of Python: missing )"),
        ("{skipped: TestX}", "allow.skipped: must be a list"),
        ("[TestX]", "allow: must be a mapping"),
    ],
)
def test_what_is_wrong_with_it_is_told_with_file_line_and_key(tmp_path: Path, allow: str, words: str) -> None:
    told = error(tmp_path, YAML.replace("path: evv,", f"path: evv, allow: {allow},"))
    assert f"repos.yaml:6: repositories.evv.{words}" in told


# guard


def test_where_the_guard_is_to_be_is_one_of_three_words_and_auto_without_any(tmp_path: Path) -> None:
    text = YAML.replace("path: evv,", "path: evv, guard: engine,")
    config = loaded(tmp_path, text)
    assert (config.repository("evv").guard, config.repository("hub").guard) == ("engine", "auto")
    told = error(tmp_path, text.replace("guard: engine", "guard: both"))
    assert "repos.yaml:6: repositories.evv.guard: Input should be 'auto', 'local' or 'engine' (found: 'both')" in told


# limits


def test_limits_stand_with_the_defaults_or_the_repository_and_each_wins_by_itself(tmp_path: Path) -> None:
    text = YAML.replace("defaults:\n", "defaults:\n  limits: {memory: 512M, pids: 500}\n")
    config = loaded(tmp_path, text.replace("path: evv,", "path: evv, limits: {memory: 4gb, cpus: 2},"))
    evv, hub = config.repository("evv").limits, config.repository("hub").limits
    assert (evv.memory, evv.cpus, evv.pids) == (4 * 2**30, 2.0, 500)
    assert (hub.memory, hub.cpus, hub.pids) == (512 * 2**20, None, 500)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("{memroy: 4g}", "limits.memroy: unknown key. Perhaps you meant 'memory'?"),
        ("{memory: 4}", "limits.memory: must be a size such as 512m or 4g (found: 4)"),
        ("{memory: 4t}", "limits.memory: must be a size such as 512m or 4g (found: '4t')"),
        ("{memory: 5m}", "limits.memory: must be 32m at least (found: '5m')"),
        ("{cpus: 0}", "limits.cpus: Input should be greater than or equal to 0.01 (found: 0)"),
        ("{cpus: .nan}", "limits.cpus: Input should be a finite number (found: nan)"),
        ("{pids: 5}", "limits.pids: Input should be greater than or equal to 10 (found: 5)"),
        ("{pids: true}", "limits.pids: Input should be a valid integer (found: True)"),
        ("4g", "limits: must be a mapping"),
    ],
)
def test_a_limit_that_is_none_is_told_with_file_line_and_key(tmp_path: Path, limits: str, words: str) -> None:
    assert words in error(tmp_path, YAML.replace("path: evv,", f"path: evv, limits: {limits},"))


def test_sources_are_mounted_or_copied_and_nothing_else(tmp_path: Path) -> None:
    text = YAML.replace("path: evv,", "path: evv, sources: copy,")
    config = loaded(tmp_path, text)
    assert [config.repository(name).sources for name in ("evv", "hub")] == ["copy", "auto"]
    with pytest.raises(ConfigError, match=r"evv\.sources: Input should be 'auto', 'mount' or 'copy' \(found: 'link'\)"):
        loaded(tmp_path, text.replace("copy", "link"))


def with_image(keys: str) -> str:
    return YAML.replace("path: evv,", f"path: evv, {keys},")


def test_what_an_image_is_to_have_is_looked_for_in_the_checkout(tmp_path: Path) -> None:
    text = with_image("requirements: [a.txt, more/b.txt], packages: [g++, libreoffice-writer=4:7.4, wkhtmltopdf]")
    evv = loaded(tmp_path, text).repository("evv")
    assert evv.requirements == (Path("a.txt"), Path("more/b.txt"))
    assert evv.packages == ("g++", "libreoffice-writer=4:7.4", "wkhtmltopdf")
    assert at_checkout(evv, tmp_path / "other").requirements == evv.requirements


@pytest.mark.parametrize("path", ["/etc/passwd", "../a.txt", "more/../../a.txt", "~/a.txt/..", "."])
def test_what_is_no_file_of_the_checkout_is_refused(tmp_path: Path, path: str) -> None:
    assert "repositories.evv.requirements.0: must be the path of a file in the checkout" in error(
        tmp_path, with_image(f"requirements: ['{path}']")
    )
    assert "repositories.evv.dockerfile: must be the path" in error(tmp_path, with_image(f"dockerfile: '{path}'"))


NO_PACKAGES = ("-o=Debug::NoLocking=1", "--reinstall", "git-", "Git", "git curl", "git;x", "a", "./git.deb", "git=-")


@pytest.mark.parametrize("name", NO_PACKAGES)
def test_what_apt_get_would_take_for_something_else_than_a_package_is_refused(tmp_path: Path, name: str) -> None:
    assert "repos.yaml:6: repositories.evv.packages.0: must be the name of a Debian package" in error(
        tmp_path, with_image(f"packages: ['{name}']")
    )


def test_a_dockerfile_and_what_it_would_say_itself_contradict_each_other(tmp_path: Path) -> None:
    text = with_image("dockerfile: image/Dockerfile").replace("defaults:", "defaults:\n  packages: [git]")
    told = error(tmp_path, text)
    assert "repos.yaml:7: repositories.evv.dockerfile: describes the whole image, and `packages` adds to one" in told
    assert "repos.yaml:2" in told
    text = with_image("dockerfile: image/Dockerfile, packages: []").replace("defaults:", "defaults:\n  packages: [git]")
    assert loaded(tmp_path, text).repository("evv").dockerfile == Path("image/Dockerfile")


def test_in_another_series_a_repository_differs_in_the_image_of_odoo_alone(tmp_path: Path) -> None:
    text = YAML.replace("{odoo: ", "{series: {'17.0': 'odoo:17.0', '19.0': mine}, odoo: ")
    evv = loaded(tmp_path, text).repository("evv")
    other = in_series(evv, "17.0")
    assert (other.series, other.images.odoo, evv.images.odoo) == ("17.0", "odoo:17.0", "odoo:18.0")
    assert other.model_copy(update={"series": "", "images": evv.images}) == evv
    with pytest.raises(UsageError, match=r"evv has no image for Odoo 16.0; known are: 17.0, 19.0\."):
        in_series(evv, "16.0")


def test_where_no_series_has_an_image_the_error_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"known are: none: write into repos.yaml `images: \{series:"):
        in_series(loaded(tmp_path).repository("evv"), "17.0")


@pytest.mark.parametrize("name", ["ghcr.io/org/prepared", "org/prepared", "127.0.0.1:5000/a.b/c_d-e", "registry/x"])
def test_a_registry_is_named_as_docker_names_one_and_a_local_file_may_take_it_away(tmp_path: Path, name: str) -> None:
    text = YAML.replace("defaults:\n", f"defaults:\n  snapshots: {name}\n")
    assert loaded(tmp_path, text).repository("hub").snapshots == name
    config = loaded(tmp_path, text, "repositories:\n  hub: {snapshots: null}\n")
    assert [repository.snapshots for repository in config.repositories.values()] == [name, None]
