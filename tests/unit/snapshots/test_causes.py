"""What lies in what a key covers is refused for a day; what a machine or a network did is tried again at once."""

import pytest

from runner.snapshots.causes import is_lasting

OF_THE_MACHINE = [
    "OSError: [Errno 28] No space left on device",
    'psycopg2.errors.DiskFull: could not extend file "base/1/2": wrote only 4096 of 8192 bytes',
    "OSError: [Errno 5] Input/output error",
    "MemoryError",
    "psycopg2.errors.OutOfMemory: out of memory",
    "OSError: [Errno 12] Cannot allocate memory",
    "urllib3.exceptions.MaxRetryError: Max retries exceeded with url: /",
    "requests.exceptions.ConnectTimeout: x",
    "ConnectionRefusedError: [Errno 111] Connection refused",
    "socket.gaierror: [Errno -2] Name or service not known",
    "TimeoutError: The read operation timed out",
    "ssl.SSLCertVerificationError: certificate verify failed",
    "psycopg2.OperationalError: server closed the connection unexpectedly",
    "psycopg2.errors.AdminShutdown: terminating connection due to administrator command",
    "psycopg2.errors.DeadlockDetected: deadlock detected",
    "psycopg2.OperationalError: FATAL: sorry, too many clients already",
    "psycopg2.errors.SerializationFailure: could not serialize access due to concurrent update",
]
OF_THE_KEY = [
    "ParseError: while parsing /mnt/extra-addons/evv_core/views/x.xml:4",
    "No matching record found for external id 'x' in field 'Model'",
    "Some modules are not loaded, some dependencies or manifest may be missing: ['m']",
    "demo data of hr failed to install",
    "ModuleNotFoundError: No module named 'x'",
]


@pytest.mark.parametrize("message", OF_THE_MACHINE)
def test_a_cause_in_the_machine_does_not_last(message: str) -> None:
    assert not is_lasting(255, [message])
    assert not is_lasting(255, ["Failed to load registry", f"Traceback:\n  File x\n{message}"])


@pytest.mark.parametrize("message", OF_THE_KEY)
def test_a_cause_in_the_sources_lasts_unless_odoo_was_ended_from_outside(message: str) -> None:
    assert is_lasting(255, [message])
    assert is_lasting(0, [message])
    for exit_code in (124, 137, 130, 143):
        assert not is_lasting(exit_code, [message])


def test_without_a_reason_nobody_knows() -> None:
    assert not is_lasting(1, [])
