"""Of which series the Odoo is that runs, by what it logs at its start."""

import re

_VERSION = re.compile(r"Odoo version (\S{1,60})")
# The official images have the day of their sources behind it, `18.0-20250704`.
_SERIES = re.compile(r"(?:saas[~-])?(\d{1,2}\.\d{1,2})(?!\d)")


def version_in(logger: str, message: str) -> str:
    """Return Odoo's version if this record tells it, as at every start; else nothing."""
    match = _VERSION.match(message) if logger == "odoo" else None
    return match[1] if match else ""


def series_in(version: str) -> str:
    """Return the series of a version of Odoo, as `18.0` of `18.0-20250704`; nothing if it does not tell."""
    match = _SERIES.match(version)
    return match[1] if match else ""


def not_of_series(version: str, series: str) -> str:
    """Say that this version of Odoo is not of the series asked for; nothing if it is, or none was asked for."""
    if not series or series_in(version) == series:
        return ""
    return f"Odoo {series} was asked for, and the image has {version or 'one that does not tell its version'}"
