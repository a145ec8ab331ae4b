"""Every reason not to believe that a module's tests ran and passed, the cause before its consequences. Pure."""

import re
import signal
from collections.abc import Mapping

from runner.verdict.odoolog import Record, TestLog

# Records of Odoo itself (never of a module's own loggers) after which not everything was tested, in plain words.
_DENIALS = (
    (re.compile(r"^invalid module names, ignored: (.*)"), "Odoo ignored modules that it did not find: {0}"),
    (re.compile(r"^module (\S+): not installable, skipped"), "module {0} is not installable"),
    (re.compile(r"^(Some modules .*)"), "{0}"),
    (re.compile(r"^Invalid tag (.*)"), "Odoo does not understand the test tag {0}"),
    (re.compile(r"^(Test suite halted.*)"), "{0}"),
    (re.compile(r"^Module (\S+) demo data failed to install"), "the demo data of {0} failed to install"),
    (re.compile(r"^(option .*, no such directory .*, skipped)"), "Odoo skipped a folder of its addons path: {0}"),
)
# The same of the module under test only: Odoo says it of every module that it happens to read.
_DENIALS_OF_THE_MODULE = (
    (re.compile(r"^The module (\S+) has an incompatible version"), "the manifest's version is of another series of Odoo"),
    (re.compile(r"^module (\S+): some depends are not loaded"), "a module that {0} depends on cannot be loaded"),
)
# What Odoo 14 and 15 say of a module's tests, and go on without them.
_TESTS_NOT_IMPORTED = re.compile(r"^Can not `import (\S+)`")
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)')
_LONGEST = 400


def doubts(module: str, odoo_exit: int, seen: TestLog, hollow: set[str], states: Mapping[str, str] | str) -> list[str]:
    """The reasons, each once. `hollow`: tests of which nothing runs, although Odoo starts them."""
    reasons = what_odoo_left_out(seen, module)
    if odoo_exit == 137:
        reasons.append("Odoo was killed (exit code 137), as happens when memory runs out")
    elif odoo_exit:
        reasons.append(f"Odoo ended with exit code {odoo_exit}{_signal(odoo_exit)}")
    if isinstance(states, str):
        reasons.append(f"the database could not be asked which modules are installed: {states}")
    elif (state := states.get(module)) != "installed":
        reasons.append(f"module {module} is not installed (its state: {state or 'unknown to the database'})")
    reasons += _what_did_not_run(module, odoo_exit, seen, hollow)
    if was_installed_before(seen, module, states):
        reasons.append(f"{module} was installed already: Odoo runs the tests of a module while it installs it")
    return list(dict.fromkeys(reasons))


def was_installed_before(seen: TestLog, module: str, states: Mapping[str, str] | str) -> bool:
    """Whether Odoo found the module installed, so that it ran none of its tests."""
    if isinstance(states, str) or states.get(module) != "installed" or not seen.results or seen.started.get(module):
        return False
    return not any(record.message.startswith(f"Loading module {module} (") for record in seen.records)


def tests_not_imported(seen: TestLog, module: str) -> bool:
    """Whether Odoo went on without the module's tests, since it could not import them."""
    found = (_TESTS_NOT_IMPORTED.match(record.message) for record in seen.records if _is_of_odoo(record))
    return any(each.group(1) == module for each in found if each)


def what_odoo_left_out(seen: TestLog, module: str) -> list[str]:
    """What Odoo itself says that it did not load, understand or run, in plain words."""
    own = [record for record in seen.records if _is_of_odoo(record)]
    reasons = [_exception(record, module) for record in own if record.level == "CRITICAL"]
    return reasons + [words for record in own if (words := denial(record, module))]


def denial(record: Record, module: str) -> str:
    """What a record says that Odoo left out, in plain words; empty if it says nothing of the kind."""
    if _is_of_odoo(record):
        line = record.message.partition("\n")[0].strip()
        if _TESTS_NOT_IMPORTED.match(line):
            return _exception(record, module)
        for pattern, words in _DENIALS:
            if found := pattern.match(line):
                return words.format(*found.groups())
        for pattern, words in _DENIALS_OF_THE_MODULE:
            if (found := pattern.match(line)) and found.group(1) == module:
                return words.format(module)
    return ""


def _is_of_odoo(record: Record) -> bool:
    return f"{record.logger}.".startswith("odoo.") and not record.logger.startswith("odoo.addons.")


def _what_did_not_run(module: str, odoo_exit: int, seen: TestLog, hollow: set[str]) -> list[str]:
    started = seen.started.get(module, set())
    skipped = set(seen.skipped.get(module, {}))
    reasons = []
    if not seen.results:
        if not any(record.level == "CRITICAL" for record in seen.records if _is_of_odoo(record)):
            reasons.append(f"Odoo's result line is missing: the log is cut short{_where_it_is_cut(odoo_exit, seen)}")
    elif len(seen.results) > 1:
        reasons.append(f"Odoo's result line stands in the log {len(seen.results)} times")
    elif not seen.results[0].tests:
        reasons.append("Odoo ran 0 tests")
    if not started:
        reasons.append(f"no test of {module} started")
    elif started <= skipped:
        reasons.append(f"all {len(started)} tests of {module} were skipped")
    elif started <= skipped | hollow:
        reasons.append(f"nothing of the tests of {module} ran, although Odoo calls them passed")
    return reasons


def _where_it_is_cut(odoo_exit: int, seen: TestLog) -> str:
    after = f" after `{_shortened(seen.last_line)}`" if seen.last_line else ""
    return after + ("" if odoo_exit else ", although Odoo's exit code is 0: something ended it, or switched its log off")


def _signal(odoo_exit: int) -> str:
    if odoo_exit == 130:  # Odoo's own, for each of them
        return ", as after SIGINT, SIGTERM or SIGHUP"
    try:
        return f", as after {signal.Signals(odoo_exit - 128).name}"
    except ValueError:
        return ""


def _exception(record: Record, module: str) -> str:
    """A record's first line with the exception whose traceback follows, and where in the module that was."""
    lines = [line.rstrip() for line in record.message.splitlines() if line.strip()]
    frames = [(number, found) for number, line in enumerate(lines) if (found := _FRAME.match(line))]
    if not frames:
        return _shortened(" ".join([*lines[:1], *lines[1:][-1:]])) or "a critical record without a word"
    said = [line for line in lines[frames[-1][0] + 1 :] if not line.startswith("    ")]
    places = [found.groups() for _, found in frames if f"/{module}/" in found.group(1)]
    place = f" ({module}/{places[-1][0].rpartition(f'/{module}/')[2]}, line {places[-1][1]})" if places else ""
    return _shortened(" ".join([lines[0], *said])) + place


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
