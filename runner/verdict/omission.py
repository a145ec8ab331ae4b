"""What Odoo itself says that it did not load, understand or run."""

import re

from runner.text import shortened
from runner.verdict.record import Record

# Records of Odoo itself (never of a module's own loggers) after which not everything was tested, in plain words.
_OMISSIONS = (
    (re.compile(r"^invalid module names, ignored: (.*)"), "Odoo ignored modules that it did not find: {0}"),
    (re.compile(r"^module (\S+): not installable, skipped"), "module {0} is not installable"),
    (re.compile(r"^(Some modules .*)"), "{0}"),
    (re.compile(r"^Invalid tag (.*)"), "Odoo does not understand the test tag {0}"),
    (re.compile(r"^(Test suite halted.*)"), "{0}"),
    (re.compile(r"^Module (\S+) demo data failed to install"), "the demo data of {0} failed to install"),
    (re.compile(r"^Failed to load server-wide module `([^`]*)`"), "the server-wide module {0} cannot be loaded"),
    (re.compile(r"^(option .*, no such directory .*, skipped)"), "Odoo skipped a folder of its addons path: {0}"),
)
# The same of the module under test only: Odoo says it of every module that it happens to read.
_OMISSIONS_OF_THE_MODULE = (
    (re.compile(r"^The module (\S+) has an incompatible version"), "the manifest's version is of another series of Odoo"),
    # Of 19, and of 18 and older.
    (
        re.compile(r"^module (\S+): (?:some depends are not loaded|Unmet dependencies: )"),
        "a module that {0} depends on cannot be loaded",
    ),
)
# What Odoo 14 and 15 say of a module's tests, and go on without them.
TESTS_NOT_IMPORTED = re.compile(r"^Can not `import (\S+)`")
_ANY = (TESTS_NOT_IMPORTED, *(pattern for pattern, _ in _OMISSIONS + _OMISSIONS_OF_THE_MODULE))
# With which letters they begin: most records are told apart by these alone.
_BEGINNINGS = re.compile(r"\s*(?:invalid |[mM]odule |Some |Invalid |Test |option |The |Can |Failed to load s)")
_FRAME = re.compile(r'^ *File "([^"]+)", line (\d+)')
_LONGEST = 400
# Characters of a line that are looked at: a name or a path in it is never so long.
_LONGEST_LINE = 4000


def tells_of_omission(record: Record) -> bool:
    """Tell, by its first line, whether a record may say that something was left out, of whatever module."""
    if not _BEGINNINGS.match(record.message) or not record.is_of_odoo:
        return False
    line = _line(record)
    return any(pattern.match(line) for pattern in _ANY)


def omission(record: Record, module: str) -> str:
    """Say in plain words what Odoo left out, if this record tells of that; else nothing."""
    if record.is_of_odoo:
        line = _line(record)
        if TESTS_NOT_IMPORTED.match(line):
            return with_exception(record, module)
        for pattern, words in _OMISSIONS:
            if match := pattern.match(line):
                return words.format(*match.groups())
        for pattern, words in _OMISSIONS_OF_THE_MODULE:
            if (match := pattern.match(line)) and match[1] == module:
                return words.format(module)
    return ""


def _line(record: Record) -> str:
    return record.first_line[:_LONGEST_LINE].strip()


def with_exception(record: Record, module: str) -> str:
    """Quote a record's first line with the exception whose traceback follows, and where in the module that was."""
    lines = [line.rstrip() for line in record.message.splitlines() if line.strip()]
    frames = [(number, match) for number, line in enumerate(lines) if (match := _FRAME.match(line))]
    if not frames:
        return in_a_line(" ".join([*lines[:1], *lines[1:][-1:]])) or "a critical record without a word"
    exception = [line for line in lines[frames[-1][0] + 1 :] if not line.startswith("    ")]
    places = [match.groups() for _, match in frames if f"/{module}/" in match[1]]
    place = f" ({module}/{places[-1][0].rpartition(f'/{module}/')[2]}, line {places[-1][1]})" if places else ""
    return in_a_line(" ".join([lines[0], *exception])) + place


def in_a_line(text: str) -> str:
    """Put a text into one line that is not too long."""
    return shortened(" ".join(text.split()), _LONGEST)
