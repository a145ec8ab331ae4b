"""Modules are checkout as Odoo finds them; who asks for a wrong one is told where to look."""

import errno
import os
from pathlib import Path

import pytest

from runner.errors import UsageError
from runner.odoo.addons import modules_of
from runner.odoo.module_search import find_module
from runner.run.selection import modules_with_tests
from tests.unit.repositories import repository, write_module


def refusal(module: str, tmp_path: Path, others: tuple[str, ...] = ()) -> str:
    evv = repository(tmp_path)
    everything = {"evv": evv} | {name: repository(tmp_path, name) for name in others}
    with pytest.raises(UsageError) as caught:
        find_module(module, evv, everything)
    return str(caught.value)


def test_a_module_is_a_folder_with_a_manifest(tmp_path: Path) -> None:
    addons = tmp_path / "evv/addons"
    write_module(addons, "evv_core")
    (addons / "not_a_module").mkdir()
    (addons / "__manifest__.py").write_text("{}")
    assert modules_of(repository(tmp_path)) == {"evv_core": addons / "evv_core"}


def test_the_first_addons_folder_wins(tmp_path: Path) -> None:
    write_module(tmp_path / "evv/second", "evv_core")
    first = write_module(tmp_path / "evv/first", "evv_core")
    checkout = repository(tmp_path, addons=("first", "second"))
    assert find_module("evv_core", checkout, {"evv": checkout}) == first


def test_a_missing_checkout_is_said_with_what_to_set(tmp_path: Path) -> None:
    message = refusal("evv_core", tmp_path)
    assert f"not at {tmp_path / 'evv'}" in message
    assert "repositories.evv.path in repos.local.yaml, or give --path" in message


def test_a_path_that_compose_cannot_take_is_said_as_such(tmp_path: Path) -> None:
    for evv in (
        repository(tmp_path, addons=("addons", "\udcff")),
        repository(tmp_path / "\udcff"),
        repository(tmp_path).model_copy(update={"compose_file": tmp_path / "\udcff.yml"}),
    ):
        with pytest.raises(UsageError, match=r"\\udcff.* is no UTF-8, and Docker Compose takes no other paths"):
            find_module("evv_core", evv, {"evv": evv})


def test_a_checkout_whose_name_is_too_long_is_not_there(tmp_path: Path) -> None:
    long = repository(tmp_path).model_copy(update={"path": tmp_path / ("x" * 256)})
    with pytest.raises(UsageError, match="File name too long"):
        find_module("evv_core", long, {long.name: long})


def test_the_error_lists_the_folders_searched_and_those_that_do_not_exist(tmp_path: Path) -> None:
    write_module(tmp_path / "evv/addons", "evv_core")
    broken = repository(tmp_path, addons=("addons", "gone"))
    with pytest.raises(UsageError) as caught:
        find_module("zzz", broken, {"evv": broken})
    lines = str(caught.value).splitlines()
    assert f"  {tmp_path / 'evv/addons'}" in lines
    assert f"  {tmp_path / 'evv/gone'}  (there is no such folder)" in lines


def test_a_folder_of_addons_that_is_missing_is_an_error_wherever_the_module_is(tmp_path: Path) -> None:
    write_module(tmp_path / "evv/addons", "evv_core")
    (tmp_path / "evv/file").touch()
    (tmp_path / "evv/link").symlink_to("nowhere")
    broken = repository(tmp_path, addons=("gone", "addons", "file", "link"))
    with pytest.raises(UsageError) as caught:
        find_module("evv_core", broken, {"evv": broken})
    lines = str(caught.value).splitlines()
    assert f"  {tmp_path / 'evv/gone'}  (there is no such folder)" in lines
    assert f"  {tmp_path / 'evv/file'}  (that is no folder)" in lines
    assert f"  {tmp_path / 'evv/link'}  (that is no folder)" in lines
    assert "repositories.evv.addons in repos.yaml" in lines[-1]


def test_near_names_are_suggested_before_all_names(tmp_path: Path) -> None:
    for name in ("evv_visits", "evv_core", "traction"):
        write_module(tmp_path / "evv/addons", name)
    assert "Near names here: evv_visits" in refusal("evv_visit", tmp_path)
    assert "Modules here: evv_core, evv_visits, traction" in refusal("zzz", tmp_path)


def test_a_module_of_another_repository_is_pointed_out_with_the_command(tmp_path: Path) -> None:
    write_module(tmp_path / "evv/addons", "evv_core")
    write_module(tmp_path / "hub/addons", "hub_compliance")
    message = refusal("hub_compliance", tmp_path, others=("hub",))
    assert "Repository hub has it: nox -s odoo_tests -- hub hub_compliance" in message


def test_a_folder_without_manifest_is_pointed_out(tmp_path: Path) -> None:
    (tmp_path / "evv/addons/evv_core").mkdir(parents=True)
    assert f"{tmp_path / 'evv/addons/evv_core'} exists, but has no __manifest__.py." in refusal("evv_core", tmp_path)


def test_a_module_outside_the_addons_folders_is_pointed_out(tmp_path: Path) -> None:
    write_module(tmp_path / "evv", "evv_core")
    assert "evv_core is in `.`, which is not among the `addons` of evv in repos.yaml: add that." in refusal(
        "evv_core", tmp_path
    )


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of folders at which another user may not look: below them everything is hidden."""
    stat = Path.stat

    def stat_of_another_user(path: Path, **options: bool) -> os.stat_result:
        if "hidden" in path.parent.parts:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", stat_of_another_user)
    return "hidden"


def test_a_checkout_of_another_user_is_an_error_that_says_so(tmp_path: Path, hidden: str) -> None:
    evv = repository(tmp_path / hidden)
    write_module(evv.addons[0], "traction")
    for ask in (lambda: find_module("traction", evv, {"evv": evv}), lambda: modules_with_tests(evv)):
        with pytest.raises(UsageError, match=r"The checkout of evv is not at .*/hidden/evv: this user may not look there"):
            ask()


def test_no_module_is_left_out_because_its_folder_of_addons_cannot_be_read(tmp_path: Path, hidden: str) -> None:
    evv = repository(tmp_path, addons=("addons", f"{hidden}/more"))
    write_module(evv.addons[0], "traction")
    write_module(evv.addons[1], "evv_core")
    with pytest.raises(UsageError, match=r"The folder of addons .*/hidden/more cannot be read: this user may not look there"):
        modules_with_tests(evv)


def test_another_repository_at_which_this_user_may_not_look_hinders_nobody(tmp_path: Path, hidden: str) -> None:
    evv, hub = repository(tmp_path), repository(tmp_path / hidden, "hub")
    write_module(evv.addons[0], "traction")
    write_module(hub.addons[0], "hub_core")
    with pytest.raises(UsageError, match="No module 'hub_core' in repository evv"):
        find_module("hub_core", evv, {"evv": evv, "hub": hub})


def test_what_is_no_module_for_this_user_is_none(tmp_path: Path, hidden: str) -> None:
    evv = repository(tmp_path)
    for name in ("traction", hidden):
        write_module(evv.addons[0], name)
    assert list(modules_of(evv)) == ["traction"]
    with pytest.raises(UsageError, match="/hidden exists, but has no __manifest__"):
        find_module(hidden, evv, {"evv": evv})
