"""What the engine holds is read from JSON, whatever is in a label; what is no listing is never taken for an empty one."""

import json

import pytest

from runner.docker.listing import CONTAINERS, NETWORKS, VOLUMES, Resource, listing, resources_in
from runner.docker.process import DockerFailed

PUBLISHED = "0.0.0.0:8090->8069/tcp, :::8090->8069/tcp, 127.0.0.1:8000-8002->8000-8002/tcp, 5432/tcp"


def test_a_listing_asks_for_the_name_the_ports_and_the_labels_of_what_has_every_label() -> None:
    assert listing(CONTAINERS, ("a.b", "c"), "label=x", "label=y=z") == (
        *("ps", "-a", "--filter", "label=x", "--filter", "label=y=z", "--format"),
        '[{{json .Names}},{{json .Ports}},{{json (.Label "a.b")}},{{json (.Label "c")}}]',
    )
    assert listing(NETWORKS, ()) == ("network", "ls", "--format", '[{{json .Name}},""]')
    assert listing(VOLUMES, ("a",)) == ("volume", "ls", "--format", '[{{json .Name}},"",{{json (.Label "a")}}]')


def test_names_labels_and_ports_are_read_and_a_label_that_is_not_there_is_left_out() -> None:
    output = '["odoo","127.0.0.1:8090->8069/tcp","one",""]\n["db","","","two"]\n'
    assert resources_in(output, ("a", "b")) == [Resource("odoo", {"a": "one"}, (8090,)), Resource("db", {"b": "two"})]


def test_columns_of_docker_s_own_listing_come_behind_the_labels() -> None:
    columns = ("State", "CreatedAt")
    of_containers = '[{{json .Names}},{{json .Ports}},{{json (.Label "a")}},{{json .State}},{{json .CreatedAt}}]'
    assert listing(CONTAINERS, ("a",), columns=columns)[-1] == of_containers
    # docker refuses a listing with a column that its kind does not have.
    assert listing(NETWORKS, ("a",), columns=columns)[-1] == '[{{json .Name}},"",{{json (.Label "a")}},"",{{json .CreatedAt}}]'
    assert listing(VOLUMES, (), columns=columns)[-1] == '[{{json .Name}},"","",""]'
    about = {"State": "", "CreatedAt": "today"}
    assert resources_in('["n","","","","today"]\n', ("a",), columns) == [Resource("n", {}, (), about)]


def test_an_engine_without_resources_has_an_empty_listing() -> None:
    assert resources_in("", ("a",)) == []


@pytest.mark.parametrize(
    "value",
    [
        "a\tb",
        "a,b=c",
        'say "hello"',
        "it's",
        "a\\b",
        "two\nlines",
        "\r\n",
        "\u0085",
        "\u2028",
        "\x1c",
        "<&>",
        "caf\u00e9",
        "]",
        "{}",
    ],
)
def test_a_label_may_hold_anything(value: str) -> None:
    # Docker leaves what is not ASCII as it is, but for the two separators U+2028 and U+2029.
    row = json.dumps(["v", "", value, "next"], ensure_ascii=False).replace("\u2028", r"\u2028")
    assert resources_in(f"{row}\n{row}\n", ("a", "b")) == [Resource("v", {"a": value, "b": "next"})] * 2


def test_every_published_port_of_the_host_is_told_once_and_a_range_in_full() -> None:
    (container,) = resources_in(json.dumps(["c", PUBLISHED]), ())
    assert container.ports == (8090, 8000, 8001, 8002)


@pytest.mark.parametrize(
    "output",
    [
        "no JSON",
        "\n",
        '["v","","one"]\nWARNING: something',
        '["v","","one","too many"]',
        '["v",""]',
        "[]",
        "null",
        "7",
        '"vv"',
        '{"Name": "v"}',
    ],
)
def test_what_is_no_listing_is_an_error_with_the_line(output: str) -> None:
    with pytest.raises(DockerFailed, match="docker's listing is not understood: '"):
        resources_in(output, ("a",))
