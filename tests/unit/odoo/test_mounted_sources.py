"""What the container says of the sources, against what is here: where they differ, and what Odoo would load instead."""

import json
from pathlib import Path

import pytest

from runner.odoo.mounted_sources import Answer, MountedSources, addons_paths_in, read_answer
from runner.odoo.source_tree import NOTHING
from tests.unit.odoo.test_dependencies import modules_in
from tests.unit.repositories import repository

VISITS, CORE = "/mnt/extra-addons/visits", "/mnt/extra-addons/core"


@pytest.fixture
def sources(tmp_path: Path) -> MountedSources:
    """Those of `visits`, which depends on `core`; `other` is beside."""
    manifests: dict[str, object] = {"visits": {"depends": ["core", "mail"]}, "core": {}, "other": {"depends": ["visits"]}}
    modules_in(tmp_path / "evv", manifests)
    return MountedSources("visits", repository(tmp_path))


def same(sources: MountedSources) -> Answer:
    return Answer(
        {path: tree.digest for path, tree in sources.trees.items()}, {p: t.entries for p, t in sources.trees.items()}
    )


def test_the_module_and_its_local_dependencies_are_asked_for_in_full_and_others_by_their_place(
    sources: MountedSources,
) -> None:
    *python, script, request = sources.command(["/a"])
    assert python == ["python3", "-I", "-c"]
    assert "answer_to" in script
    assert json.loads(request) == {
        "addons": ["/mnt/extra-addons"],
        "places": ["/a"],
        "named": [VISITS, CORE],
        "others": ["/mnt/extra-addons/other"],
        "in_full": False,
        "only_copied": False,
        "programs": ["bash", "timeout", "psql", "odoo"],
    }


def test_modules_whose_manifests_go_in_a_circle_or_hold_nonsense_are_asked_for_all_the_same(tmp_path: Path) -> None:
    modules_in(tmp_path / "evv", {"a": {"depends": ["b"]}, "b": {"depends": ["a", "c"]}, "c": ["no dictionary"]})
    assert list(MountedSources("a", repository(tmp_path)).trees) == [f"/mnt/extra-addons/{name}" for name in "abc"]
    assert MountedSources("unknown", repository(tmp_path)).trees == {}


def test_server_wide_modules_of_the_repository_are_compared_too_with_what_they_depend_on(tmp_path: Path) -> None:
    modules_in(tmp_path / "evv", {"visits": {}, "wide": {"depends": ["core"]}, "core": {}, "other": {}})
    evv = repository(tmp_path).model_copy(update={"odoo_options": {"load": ("base", "web", "wide")}})
    assert list(MountedSources("visits", evv).trees) == [f"/mnt/extra-addons/{name}" for name in ("visits", "wide", "core")]


def test_the_same_sources_are_no_difference(sources: MountedSources) -> None:
    assert sources.are(same(sources))
    assert sources.differences(same(sources)) == []
    assert not sources.are(Answer())


def test_where_they_are_copied_what_is_not_copied_is_no_difference(sources: MountedSources, tmp_path: Path) -> None:
    before = same(sources)
    for folder in ("node_modules/tool", "static/node_modules/served"):
        (tmp_path / "evv/addons/visits" / folder).mkdir(parents=True)
        (tmp_path / "evv/addons/visits" / folder / "index.js").touch()
    assert sources.read_again().differences(before) == [
        "visits/node_modules/tool/index.js is only here",
        "visits/static/node_modules/served/index.js is only here",
    ]
    sources.are_copied = True
    assert sources.read_again().differences(before) == ["visits/static/node_modules/served/index.js is only here"]


def test_every_kind_of_difference_has_its_words(sources: MountedSources, tmp_path: Path) -> None:
    (tmp_path / "evv/addons/visits/gone.py").symlink_to("/opt/gone.py")
    (tmp_path / "evv/addons/visits/only_here.py").touch()
    (tmp_path / "evv/addons/visits/link.py").symlink_to("../../outside.py")
    (tmp_path / "evv/outside.py").touch()
    answer = same(sources)
    there = dict(answer.entries[VISITS]) | {"link.py": NOTHING, "model.py": "another", "only\n::there::.py": "x"}
    del there["only_here.py"]
    differences = sources.differences(Answer({}, {**answer.entries, VISITS: there}))
    assert differences == [
        "visits/link.py is a link to ../../outside.py, which leads out of the addons folder and to nothing in the container",
        "visits/model.py has other content in the container",
        "visits/only\\n::there::.py is only in the container",
        "visits/only_here.py is only here",
    ]


def test_what_the_runner_cannot_read_itself_is_no_difference(sources: MountedSources) -> None:
    sources.trees[CORE].unreadable["private"] = "Permission denied"
    answer = same(sources)
    there = {**answer.entries[CORE], "private/a.py": "content", "private": "content"}
    assert sources.differences(Answer({}, {**answer.entries, CORE: there})) == []


def test_of_many_differences_the_first_are_told(sources: MountedSources) -> None:
    there = {f"{number:03}.py": "x" for number in range(500)}
    differences = sources.differences(Answer({}, {**same(sources).entries, CORE: there}))
    assert len(differences) == 11
    assert differences[-1].endswith("more files")


def test_both_places_are_told_of_a_module_that_odoo_loads_from_elsewhere(sources: MountedSources) -> None:
    answer = Answer(elsewhere={CORE: "/usr/odoo/core", "/mnt/extra-addons/other": "/usr/odoo/other"})
    (reason,) = sources.elsewhere(answer)
    assert "core from /usr/odoo/core" in reason
    assert CORE in reason
    assert list(sources.elsewhere_beside(answer)) == ["other"]
    assert "/usr/odoo/other" in sources.elsewhere_beside(answer)["other"]


@pytest.mark.parametrize(
    ("link", "mounts", "is_named"),
    [
        ("../../outside", ["/mnt/extra-addons"], True),
        ("../../outside", ["/mnt/extra-addons", "/mnt/outside"], False),
        ("{checkout}/outside", ["/mnt/extra-addons"], True),
        ("{checkout}/outside", ["{checkout}"], False),
        ("/usr", ["/mnt/extra-addons"], False),  # the image may have that, too
        ("../../nowhere", ["/mnt/extra-addons"], False),  # leads to nothing here either
        ("../core", ["/mnt/extra-addons"], False),
    ],
)
def test_links_that_lead_out_of_what_is_mounted_are_named(
    tmp_path: Path, link: str, mounts: list[str], is_named: bool
) -> None:
    modules = modules_in(tmp_path / "evv", {"visits": {}, "core": {}})
    checkout = tmp_path / "evv"
    (checkout / "outside").mkdir()
    (modules["visits"] / "link").symlink_to(link.format(checkout=checkout))
    sources = MountedSources("visits", repository(tmp_path))
    named = sources.leading_out([mount.format(checkout=checkout) for mount in mounts])
    assert bool(named) == is_named
    assert not named or named[0].startswith("visits/link is a link to ")


def test_a_module_that_is_such_a_link_itself_is_named(tmp_path: Path) -> None:
    module = modules_in(tmp_path / "elsewhere", {"core": {}})["core"]
    modules_in(tmp_path / "evv", {"visits": {"depends": ["core"]}})
    (tmp_path / "evv/addons/core").symlink_to(f"../../elsewhere/addons/{module.name}")
    sources = MountedSources("visits", repository(tmp_path))
    assert sources.leading_out(["/mnt/extra-addons"]) == ["core is a link to ../../elsewhere/addons/core"]


LIST = "['/usr/lib/python3/dist-packages/odoo/addons', '/mnt/extra-addons']"


@pytest.mark.parametrize(
    ("logger", "message", "paths"),
    [
        ("odoo", f"addons paths: {LIST}", 2),
        ("odoo", f"addons paths: _NamespacePath({LIST})", 2),
        ("odoo.addons.m", f"addons paths: {LIST}", None),
        ("odoo", "addons paths: [print('x')]", None),
        ("odoo", "addons paths: [" + "[" * 9000 + "]", None),
        ("odoo", "Odoo version 19.0", None),
    ],
)
def test_odoo_tells_in_its_log_where_it_looks_for_modules(logger: str, message: str, paths: int | None) -> None:
    answer = addons_paths_in(logger, message)
    assert (len(answer) if answer else None) == paths


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"digests": 1}', "[" * 100000, '{"digests": {}, "entries": {"a": 1}}'])
def test_nonsense_is_no_answer(text: str) -> None:
    with pytest.raises(ValueError):
        read_answer(text)
