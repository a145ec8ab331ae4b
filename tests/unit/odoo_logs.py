"""Odoo's logs: real ones from tests/data, and records put together in the same format."""

from collections.abc import Iterable
from pathlib import Path

from runner.verdict.odoolog import OdooLog
from tests.corpus import case

DATA = Path(__file__).resolve().parents[1] / "data"
# The database of the real run that failed; the passing ones ran on odoo.DATABASE.
FAILED_DATABASE = "b_evv_traction_27577"
DATABASE, MODULE = "agent_test", "evv_core"
TESTS = f"odoo.addons.{MODULE}.tests.test_client"


def real(name: str) -> str:
    """A log of a real run."""
    return (DATA / "odoo-19" / f"{name}.log").read_text(encoding="utf-8")


def record(logger: str, message: str, level: str = "INFO", database: str = DATABASE) -> str:
    """One record as odoo/netsvc.py writes it; Odoo's own messages often end in a space."""
    return f"2026-11-24 11:10:42,408 40 {level} {database} {logger}: {message} "


def result(failed: int = 0, errors: int = 0, tests: int = 2, database: str = DATABASE) -> str:
    """Odoo's result line."""
    level = "ERROR" if failed or errors else "INFO" if tests else "WARNING"
    said = f"{failed} failed, {errors} error(s) of {tests} tests when loading database '{database}'"
    return record("odoo.tests.result", said, level, database)


def starting(test: str = "TestClient.test_one", logger: str = TESTS, database: str = DATABASE) -> str:
    """A test begins."""
    return record(logger, f"Starting {test} ...", database=database)


def skipped(test: str = "TestClient.test_one", reason: str = "no browser") -> str:
    """A test is skipped, after it began."""
    return record(TESTS, f"skipped {test} : {reason}")


def problem(kind: str, test: str) -> str:
    """A test fails or errs; the traceback goes on in lines without a prefix."""
    return "\n".join(
        [
            record(TESTS, f"{kind}: {test}", "ERROR").rstrip(),
            "Traceback (most recent call last):",
            '  File "/mnt/extra-addons/evv_core/tests/test_client.py", line 7, in test_one',
            "AssertionError: 1 != 2",
            " ",
        ]
    )


def log(*records: str) -> str:
    """A whole log: a server's first lines, the records, and its last ones."""
    return text(
        [
            record("odoo", "Odoo version 19.0", database="?"),
            record("odoo.modules.loading", "Initializing database agent_test"),
            *records,
            record("odoo.service.server", "Initiating shutdown"),
        ]
    )


def text(records: Iterable[str]) -> str:
    """Records as they stand in a log."""
    return "\n".join(records) + "\n"


def read_log(log: str, database: str = DATABASE) -> OdooLog:
    """What a log says."""
    return case.read_log(log.encode(errors="replace"), database)
