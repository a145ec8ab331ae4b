"""Everything that a compose file says, and every file behind it, is in the key of a prepared database."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.odoo.dependencies import SnapshotUnavailable
from runner.snapshots.surroundings import Around, surroundings_of

Change = Callable[[dict[str, Any]], object]
Seen = Callable[..., tuple[str, str]]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two addons folders, and files that its compose file mounts."""
    root = tmp_path / "checkout"
    for folder in ("addons/evv_core/data", "more", "conf", "overlay", "site"):
        (root / folder).mkdir(parents=True)
    (root / "addons/evv_core/data/x.csv").write_text("id\n")
    for file in ("conf/odoo.conf", "secret", "odoo.conf", "overlay/model.py", "site/x.pth"):
        (root / file).write_text("1\n")
    return root


def bind(source: Path | str, target: str, **more: Any) -> dict[str, Any]:
    return {"type": "bind", "source": str(source), "target": target, "read_only": True, "bind": {}, **more}


def rendered(root: Path, project: str = "evv-agent-test-evv_core-1", password: str = "pw-1") -> dict[str, Any]:
    """A compose file with a bit of everything, as Compose renders it for a run."""
    return {
        "name": project,
        "services": {
            "db": {
                "image": "postgres:16",
                "environment": {"POSTGRES_PASSWORD": password},
                "volumes": [{"type": "volume", "source": "db-data", "target": "/data", "volume": {}}],
                "networks": {"default": None},
            },
            "odoo": {
                "image": "odoo:18.0",
                "command": ["odoo", "--addons-path=/mnt/extra-addons", "--db-filter=^$"],
                "environment": {"PASSWORD": password, "WHERE": f"http://{project}"},
                "ports": [{"target": 8069, "published": "64738", "host_ip": "127.0.0.1"}],
                "volumes": [
                    bind(root / "addons", "/mnt/extra-addons"),
                    bind(root / "conf", "/etc/odoo"),
                    bind(root / "overlay", "/mnt/extra-addons/evv_core/models"),
                    bind(root / "site", "/usr/lib/python3/dist-packages/site"),
                    {"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1"}},
                ],
                "configs": [{"source": "conf", "target": "/etc/odoo.conf", "mode": 288}, {"source": "text"}],
                "secrets": [{"source": "file", "target": "/run/secrets/file"}, {"source": "variable"}],
                "extra_hosts": ["mail=127.0.0.1"],
                "networks": {"default": {"aliases": ["web"]}},
                "labels": {"of": "theirs"},
                "tmpfs": ["/x"],
                "develop": {"watch": [{"path": "/x", "action": "sync"}]},
                "healthcheck": {"test": ["CMD", "true"]},
            },
        },
        "volumes": {
            "db-data": {"name": f"{project}_db-data"},
            "memory": {"name": f"{project}_memory", "driver_opts": {"type": "tmpfs", "device": "tmpfs", "o": "size=1m"}},
        },
        "networks": {"default": {"name": f"{project}_default", "driver_opts": {"com.docker.network.driver.mtu": "1400"}}},
        "configs": {"conf": {"name": f"{project}_conf", "file": str(root / "odoo.conf")}, "text": {"content": "a"}},
        "secrets": {"file": {"file": str(root / "secret")}, "variable": {"environment": "TOKEN"}},
        "x-note": "none",
    }


@pytest.fixture
def seen(checkout: Path) -> Seen:
    """What the key holds of a compose file and of the files behind it."""

    def surroundings(
        change: Change = lambda _: None, project: str = "evv-agent-test-evv_core-1", password: str = "pw-1", token: str = "t"
    ) -> tuple[str, str]:
        file = rendered(checkout, project, password)
        change(file)
        environ = {"TOKEN": token, "DB_PASSWORD": password}
        around = surroundings_of(file, Around([checkout / "addons", checkout / "more"], checkout, environ, password))
        return around.text, around.contents()

    return surroundings


def odoo(change: Change) -> Change:
    return lambda file: change(file["services"]["odoo"])


CHANGES: dict[str, Change] = {
    "a target": odoo(lambda s: s["volumes"][1].update(target="/etc/odoo2")),
    "options of a mount": odoo(lambda s: s["volumes"][1].update(bind={"propagation": "rslave"})),
    "a mount less": odoo(lambda s: s["volumes"].pop()),
    "two mounts changed": odoo(
        lambda s: (s["volumes"][1].update(target="/x"), s["volumes"][3].update(target="/etc/odoo")),
    ),
    "the order of mounts": odoo(lambda s: s["volumes"].reverse()),
    "the addons folder not read-only": odoo(lambda s: s["volumes"][0].update(read_only=False)),
    "size of a tmpfs": odoo(lambda s: s["volumes"][4]["tmpfs"].update(size="2")),
    "tmpfs": odoo(lambda s: s.update(tmpfs=["/y"])),
    "a config's target": odoo(lambda s: s["configs"][0].update(target="/etc/odoo/odoo.conf")),
    "a config's mode": odoo(lambda s: s["configs"][0].update(mode=292)),
    "a config's content": lambda file: file["configs"]["text"].update(content="b"),
    "another config": lambda file: file["configs"].update(more={"content": "b"}),
    "a secret's target": odoo(lambda s: s["secrets"][0].update(target="/etc/odoo/odoo.conf")),
    "environment": odoo(lambda s: s["environment"].update(LANG="de_DE.UTF-8")),
    "command": odoo(lambda s: s.update(command=["odoo"])),
    "user": odoo(lambda s: s.update(user="0")),
    "aliases": odoo(lambda s: s["networks"]["default"].update(aliases=["db"])),
    "extra_hosts": odoo(lambda s: s.update(extra_hosts=["mail=127.0.0.2"])),
    "volumes_from": odoo(lambda s: s.update(volumes_from=["db"])),
    "develop": odoo(lambda s: s["develop"]["watch"][0].update(path="/y")),
    "labels": odoo(lambda s: s.update(labels={})),
    "health check": odoo(lambda s: s["healthcheck"].update(test=["CMD", "false"])),
    "hooks": odoo(lambda s: s.update(post_start=[{"command": ["true"]}])),
    "memory": odoo(lambda s: s.update(mem_limit="1g")),
    "a target port": odoo(lambda s: s["ports"][0].update(target=8072)),
    "image": odoo(lambda s: s.update(image="odoo:19.0")),
    "another service": lambda file: file["services"].update(cache={"image": "redis:7"}),
    "size of a volume": lambda file: file["volumes"]["memory"]["driver_opts"].update(o="size=2m"),
    "options of a network": lambda file: file["networks"]["default"].update(driver_opts={}),
    "an internal network": lambda file: file["networks"]["default"].update(internal=True),
    "what nobody thought of": lambda file: file.update({"x-note": "another"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_whatever_the_compose_file_says_counts(seen: Seen, change: Change) -> None:
    assert seen(change) != seen()


@pytest.mark.parametrize(
    "file", ["conf/odoo.conf", "conf/more", "odoo.conf", "secret", "overlay/model.py", "site/x.pth", "site/y.pth"]
)
def test_every_file_behind_it_counts(seen: Seen, checkout: Path, file: str) -> None:
    before = seen()
    (checkout / file).write_text("2\n")
    assert seen() != before


def test_the_mode_of_a_file_behind_it_counts(seen: Seen, checkout: Path) -> None:
    before = seen()
    (checkout / "odoo.conf").chmod(0o755)
    assert seen() != before


def test_the_value_of_a_secret_of_the_environment_counts(seen: Seen) -> None:
    assert seen(token="other") != seen()


def test_what_is_another_for_each_run_does_not_count(seen: Seen, checkout: Path) -> None:
    before = seen()
    assert seen(project="evv-agent-test-evv_visits-2", password="pw-2") == before
    by_variable: Change = lambda file: file["secrets"].update(variable={"environment": "DB_PASSWORD"})  # noqa: E731
    assert seen(by_variable, password="pw-2") == seen(by_variable)
    (checkout / "addons" / "evv_core" / "data" / "x.csv").write_text("another\n")  # counts with the dependencies
    assert seen() == before


def test_another_checkout_with_the_same_files_is_the_same(seen: Seen, checkout: Path, tmp_path: Path) -> None:
    before = seen()
    other = tmp_path / "other"
    checkout.rename(other)
    around = Around([other / "addons", other / "more"], other, {"TOKEN": "t"}, "pw-1")
    found = surroundings_of(rendered(other), around)
    assert (found.text, found.contents()) == before


UNCOVERED: dict[str, tuple[Change, str]] = {
    "writable": (odoo(lambda s: s["volumes"][1].pop("read_only")), "services.odoo.volumes: /etc/odoo can be written to"),
    "devices": (odoo(lambda s: s.update(devices=[{"source": "/dev/null"}])), "services.odoo.devices cannot be compared"),
    "gpus": (odoo(lambda s: s.update(gpus=[{"count": -1}])), "services.odoo.gpus"),
    "reserved devices": (
        odoo(lambda s: s.update(deploy={"resources": {"reservations": {"devices": [{"count": -1}]}}})),
        "services.odoo.deploy: devices",
    ),
    "seccomp": (odoo(lambda s: s.update(security_opt=["seccomp:./x.json"])), "names a file that is not mounted"),
    "a mount of an image": (odoo(lambda s: s["volumes"].append({"type": "image", "target": "/x"})), "type 'image'"),
    "nfs": (
        lambda file: file["volumes"]["db-data"].update(driver_opts={"type": "nfs", "device": ":/srv"}),
        "what is in :/srv cannot",
    ),
    "bind by driver": (
        lambda file: file["volumes"]["db-data"].update(driver_opts={"type": "none", "o": "bind", "device": "/srv"}),
        "what is in /srv cannot be compared",
    ),
    "unknown secret": (lambda file: file["secrets"].update(variable={"environment": "NONE"}), "not known beforehand"),
    "external secret": (lambda file: file["secrets"].update(variable={"external": True}), "not known beforehand"),
    "python path": (odoo(lambda s: s["environment"].update(PYTHONPATH="/x:/mnt/extra-addons")), "PYTHONPATH names"),
    "odoo.conf in the addons": (
        odoo(lambda s: s["environment"].update(ODOO_RC="/mnt/extra-addons/odoo.conf")),
        "services.odoo.environment.ODOO_RC names /mnt/extra-addons/odoo.conf",
    ),
    "odoo.conf in the second addons": (
        odoo(lambda s: s["command"].append("-c/mnt/extra-addons-2/odoo.conf")),
        "command names",
    ),
    "working_dir": (odoo(lambda s: s.update(working_dir="/mnt/extra-addons")), "working_dir names"),
}


@pytest.mark.parametrize(("change", "why"), UNCOVERED.values(), ids=UNCOVERED.keys())
def test_what_cannot_be_compared_is_named(seen: Seen, change: Change, why: str) -> None:
    with pytest.raises(SnapshotUnavailable, match=why):
        seen(change)


@pytest.mark.parametrize("target", ["/etc/odoo", "/mnt/extra-addons-3", "/usr/lib/python3/dist-packages/x"])
def test_the_module_under_test_must_not_be_somewhere_else_as_well(seen: Seen, checkout: Path, target: str) -> None:
    (checkout / "link").symlink_to("addons")
    for source in ("addons", "more", ".", "..", "link"):
        with pytest.raises(SnapshotUnavailable, match=rf"odoo\.volumes: {target} holds the module under test as well"):
            seen(odoo(lambda s, source=source: s["volumes"].append(bind(checkout / source, target))))  # type: ignore[misc]


def test_no_other_service_may_have_the_module_under_test(seen: Seen, checkout: Path) -> None:
    with pytest.raises(SnapshotUnavailable, match=r"services\.db\.volumes: /mnt/extra-addons holds"):
        seen(lambda file: file["services"]["db"]["volumes"].append(bind(checkout / "addons", "/mnt/extra-addons")))


def test_a_folder_within_the_addons_that_is_mounted_elsewhere_counts_by_its_files(seen: Seen, checkout: Path) -> None:
    mounted = odoo(lambda s: s["volumes"].append(bind(checkout / "addons/evv_core/data", "/srv/data")))
    before = seen(mounted)
    (checkout / "addons/evv_core/data/x.csv").write_text("another\n")
    assert seen(mounted) != before


def test_a_source_that_is_missing_or_no_file_is_named(seen: Seen) -> None:
    for source in ("/not/there", "/dev/null"):
        with pytest.raises(SnapshotUnavailable, match=source):
            seen(odoo(lambda s, source=source: s["volumes"].append(bind(source, "/x"))))  # type: ignore[misc]


def test_what_the_runner_adds_counts_but_for_whose_run_it_is_and_where_the_addons_are(checkout: Path, tmp_path: Path) -> None:
    def text(root: Path, owner: str, no_proxy: str = "db", target: str = "/mnt/extra-addons-2", *hidden: Any) -> str:
        more = {"type": "bind", "source": str(root / "more"), "target": target, "read_only": True}
        odoo = {"labels": {"agent-test.owner": owner}, "environment": {"NO_PROXY": no_proxy}, "volumes": [more, *hidden]}
        override = {
            "services": {"odoo": odoo},
            "volumes": {"db-data": {"labels": {"agent-test.owner": owner}}},
            "networks": {},
        }
        addons = [root / "addons", root / "more"]
        return surroundings_of(rendered(root), Around(addons, root, {"TOKEN": "t"}, "pw-1", override)).text

    assert text(checkout, "1") == text(checkout, "2") == text(tmp_path / "elsewhere", "1")
    hidden = {"type": "tmpfs", "target": "/mnt/extra-addons/a b", "read_only": True}
    assert text(checkout, "1") == text(checkout, "1", "db", "/mnt/extra-addons-2", hidden)
    assert len({text(checkout, "1"), text(checkout, "1", no_proxy=""), text(checkout, "1", target="/mnt/x")}) == 3


@pytest.mark.parametrize("foreign", ["conf", "secret"])
def test_what_is_mounted_from_another_machine_is_not_known(checkout: Path, foreign: str) -> None:
    path = str(checkout / foreign)
    around = Around([checkout / "addons"], checkout, {"TOKEN": "t"}, "pw-1", is_foreign=path.__eq__)
    with pytest.raises(SnapshotUnavailable, match=f"the engine may have another {path} than there is here"):
        surroundings_of(rendered(checkout), around)


@pytest.mark.parametrize("kind", ["configs", "secrets"])
def test_a_config_that_is_no_file_is_named(seen: Seen, kind: str) -> None:
    with pytest.raises(SnapshotUnavailable, match="/dev/zero"):
        seen(lambda file: file[kind].update(odd={"file": "/dev/zero"}))


def test_a_mounted_file_that_leads_to_the_addons_is_named(seen: Seen, checkout: Path) -> None:
    (checkout / "site" / "x.pth").write_text("/mnt/extra-addons\n")
    with pytest.raises(SnapshotUnavailable, match=r"x\.pth names mnt/extra-addons"):
        seen()
