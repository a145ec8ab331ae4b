"""`verify`: whether proof logs prove what they say."""

import argparse
from collections.abc import Sequence

from runner.config.repositories import Config
from runner.errors import ExitCode, UsageError
from runner.proof.check import Check
from runner.proof.checking import Asked, Checked, check_log
from runner.proof.log_file import Summary
from runner.proof.place import Places
from runner.terminal import Terminal
from runner.text import printable, table


def verify(given: argparse.Namespace, settings: Config, terminal: Terminal) -> ExitCode:
    """Print a line for each check of each log; PASSED only if none of them says no. Nothing of a log is run.

    UsageError for a file, a checkout or a commit that is not there.
    """
    if given.signer and not given.allowed_signers:
        raise UsageError("--signer names one of those in a file: give that file by --allowed-signers.")
    if given.allowed_signers and not given.allowed_signers.is_file():
        raise UsageError(f"There is no file {printable(str(given.allowed_signers))} (--allowed-signers).")
    asked = Asked(given.against or "", given.path, tuple(given.module), given.allowed_signers, given.signer)
    checked: list[Checked] = []
    with Places(asked.against) as places:
        for file in given.logs:
            try:
                checked.append(check_log(file, asked, settings, places))
            except Summary:
                terminal.closing([f"{file}: the summary of several modules, which proves nothing by itself", ""])
            else:
                terminal.closing([f"{file}:", *_lines(checked[-1].checks), ""])
    proven = [each for each in checked if each.is_proven]
    missing = [module for module in asked.modules if not any(module in each.names for each in proven)]
    told = ", ".join(printable(each.module) for each in proven)
    terminal.closing([f"proven: {told or 'nothing'}", *([f"not proven: {', '.join(missing)}"] if missing else [])])
    return ExitCode.PASSED if proven and len(proven) == len(checked) and not missing else ExitCode.FAILED


def _lines(checks: Sequence[Check]) -> list[str]:
    rows = [("", "", ""), *((check.result.value, check.name, check.text) for check in checks)]
    return [f"  {line}" for line in table(rows)[1:]]
