"""Of which series the Odoo is that runs."""

import pytest

from runner.odoo.series import not_of_series, version_in


def test_the_version_is_what_odoo_itself_logs() -> None:
    assert version_in("odoo", "Odoo version 18.0-20250704") == "18.0-20250704"
    assert version_in("odoo", "addons paths: ['/mnt']") == ""
    assert version_in("odoo.addons.mine", "Odoo version 18.0") == ""


@pytest.mark.parametrize(
    ("version", "series"),
    [("18.0", "18.0"), ("18.0-20250704", "18.0"), ("14.0.20231225", "14.0"), ("saas~18.3", "18.3"), ("17.0", ""), ("", "")],
)
def test_a_version_of_the_series_is_none_of_another(version: str, series: str) -> None:
    assert not_of_series(version, series) == ""


@pytest.mark.parametrize(
    ("version", "told"), [("19.0", "19.0"), ("18.01", "18.01"), ("", "one that does not tell its version")]
)
def test_a_version_of_another_series_is_named(version: str, told: str) -> None:
    assert not_of_series(version, "18.0") == f"Odoo 18.0 was asked for, and the image has {told}"
