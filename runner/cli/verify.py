"""`verify`: whether proof logs prove what they say."""

import argparse

from runner.config.repositories import Config
from runner.errors import ExitCode, UsageError
from runner.proof.check import Check, Result
from runner.proof.checking import Asked, check_log
from runner.proof.log_file import Summary
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
    proven: list[str] = []
    wrong = False
    for file in given.logs:
        try:
            module, checks = check_log(file, asked, settings)
        except Summary:
            terminal.closing([f"{file}: the summary of several modules, which proves nothing by itself", ""])
            continue
        terminal.closing([f"{file}:", *_lines(checks), ""])
        is_proven = not any(check.result is Result.NO for check in checks)
        wrong = wrong or not is_proven
        proven += [printable(module)] if is_proven else []
    missing = [module for module in asked.modules if module not in proven]
    terminal.closing(
        [f"proven: {', '.join(proven) or 'nothing'}", *([f"not proven: {', '.join(missing)}"] if missing else [])]
    )
    return ExitCode.PASSED if proven and not (wrong or missing) else ExitCode.FAILED


def _lines(checks: list[Check]) -> list[str]:
    rows = [("", "", ""), *((check.result.value, check.name, check.text) for check in checks)]
    return [f"  {line}" for line in table(rows)[1:]]
