"""The commands that measure, in the odoo service, what of a module runs: see coverage_program.py."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.odoo.command import PYTHON, TOOLS_FOLDER

_PROGRAM = Path(__file__).with_name("coverage_program.py").read_text(encoding="utf-8")
_FOLDER = "/tmp/agent-test-coverage"  # noqa: S108 - in a container of our own
# By a name that Odoo takes for coverage.py's own: it then waits half as long again for a browser (tests/common.py of 19).
_FILE = f"{_FOLDER}/coverage/execfile.py"
_DATA = f"{_FOLDER}/data"
# What an image says in variables of how coverage.py is to measure is for others.
_BY_OURSELVES = 'unset "${!COVERAGE_@}"; '
_SET_UP = (
    f"mkdir -p {_FOLDER}/coverage {_DATA} && printf %s {shlex.quote(_PROGRAM)} >{_FILE} || exit 1; {_BY_OURSELVES}"
    'measured=$(type -P odoo); read -r python <"$measured"; case $python in '
    f'"#!"*python*) measured="${{python#"#!"}} {_FILE} run $folder {_DATA} $measured";; '
    f'*) echo "the program odoo of this image is no Python script" >{_DATA}/notes;; esac; '
)
_ODOO, _MEASURED = ' odoo --config="$conf"', ' $measured --config="$conf"'
# For pip, with JSON reports that name branches; the newest one that the image's Python can have.
COVERAGE = "coverage>=6.5,<8"
# Seconds, for what takes one in most modules.
LIMIT = 120


def with_coverage(command: Sequence[str], folder: str) -> list[str]:
    """Have a command of `command` that runs tests measure what is in `folder` of the container, a module's."""
    bash, option, script, *words = command
    assert script.count(_ODOO) == 1, "the command runs Odoo"
    return [bash, option, f"folder={folder}; {_SET_UP}{script.replace(_ODOO, _MEASURED)}", *words]


def coverage_command(folder: str) -> list[str]:
    """Print, as JSON, what of a folder ran that was measured."""
    script = f'{PYTHON}{_BY_OURSELVES}cd / && PYTHONPATH={TOOLS_FOLDER} exec timeout "$1" $python -c "$2" report "$3" {_DATA}'
    return ["bash", "-c", script, "coverage", str(LIMIT), _PROGRAM, folder]
