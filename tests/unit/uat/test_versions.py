"""Data that another series of Odoo or another major version of PostgreSQL has made is not touched."""

import pytest

from runner.errors import ConfigError
from runner.uat.data import Data
from runner.uat.versions import check_versions
from tests.unit.fake_engine import FakeEngine, Words

DATA = Data("one", {}, odoo="18.0-20250704", postgres="16", images={"odoo": "o1", "db": "p1"})


def engine(odoo: str = "Odoo Server 18.0-20251101", postgres: str = "postgres (PostgreSQL) 16.9 (Debian)") -> FakeEngine:
    def said(words: Words) -> str:
        return f"{odoo if '--entrypoint=odoo' in words else postgres}\n"

    return FakeEngine({"run": said})


def test_images_that_are_the_same_are_not_asked() -> None:
    asked = FakeEngine()
    check_versions(asked, DATA, DATA.images, "p")
    assert asked.asked == []


def test_others_of_the_same_series_and_major_version_are_taken() -> None:
    asked = engine()
    check_versions(asked, DATA, {"odoo": "o2", "db": "p2"}, "p")
    assert len(asked.asked) == 2
    assert all("--rm" in words and "--network=none" in words for words in asked.asked)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"odoo": "Odoo Server 19.0"}, "made by Odoo 18.0, and the image now has Odoo Server 19.0. Nothing was changed."),
        ({"postgres": "postgres (PostgreSQL) 17.5"}, "made by PostgreSQL 16, and the image now has postgres"),
        ({"postgres": "?"}, "made by PostgreSQL 16"),
    ],
)
def test_others_are_refused_with_what_to_do(other: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_versions(engine(**other), DATA, {"odoo": "o2", "db": "p2"}, "evv-uat-env")
    assert told in str(error.value)
    assert "reset" in str(error.value)
