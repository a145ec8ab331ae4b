"""Names: of modules, of Compose projects, and of the labels by which everything of a run is found again."""

import re
import secrets
from datetime import datetime

from runner.errors import UsageError
from runner.text import printable, shortened

# As in Odoo 19 (MODULE_NAME_RE of odoo/modules/module.py); older series find other names, but can select no test of theirs. No
# character of these means anything to a shell, to SQL or to a terminal, and no such name looks like an option.
_MODULE_NAME = re.compile(r"\w+")
_NO_MODULES = ("__pycache__",)
# Of what Compose cannot have in a project's name.
_NOT_IN_A_PROJECT = re.compile(r"[^a-z0-9_]")
# Compose builds container, network and volume names from the project's name and the engine stores volumes in folders of
# that name (255 bytes); 128 leaves ample room and still fits a terminal's two lines.
MAX_PROJECT_NAME = 128
# Characters of a name in a message.
_LONGEST_SHOWN = 60
_STAMP = "%Y%m%d-%H%M%S"

LABEL_PREFIX = "agent-test."
REPOSITORY_LABEL = LABEL_PREFIX + "repository"
MODULE_LABEL = LABEL_PREFIX + "module"
STARTED_LABEL = LABEL_PREFIX + "started"
# On all of an environment to look at (`uat`), which has none of the labels above: no cleanup, of whatever version, takes it
# for a run's.
UAT_LABEL = "agent-test-uat.project"
_OF_TESTS = "-agent-test"


def is_module_name(name: str) -> bool:
    """Tell whether Odoo can find a module in a folder of that name: letters, digits and underscores."""
    return bool(_MODULE_NAME.fullmatch(name)) and name not in _NO_MODULES


def module_name_fault(module: str, prefix: str) -> str:
    """Say why a module of that name cannot be tested; nothing if it can."""
    if not is_module_name(module):
        return "not the technical name of an Odoo module: only letters, digits and underscores"
    length = len(project_name(prefix, module))
    if length > MAX_PROJECT_NAME:
        return (
            f"the name is too long: the Compose project's name would have {length} characters, "
            f"{MAX_PROJECT_NAME} are possible. Use a shorter module name or prefix"
        )
    return ""


def check_module_name(module: str, prefix: str) -> None:
    """Raise UsageError unless a module of that name can be tested."""
    if fault := module_name_fault(module, prefix):
        raise UsageError(f"`{shown(module)}` cannot be tested: {fault}.")


def shown(name: str) -> str:
    """Return a folder's name as a message can hold it, whatever is in it and however long it is."""
    return shortened(printable(name), _LONGEST_SHOWN)


def run_name(module: str, series: str, repeat: int = 0) -> str:
    """Name a run among those of one call: by its module, the series of Odoo that was asked for, and which repetition it is."""
    return f"{module}{f' ({series})' if series else ''}{f' #{repeat}' if repeat else ''}"


def project_name(prefix: str, module: str) -> str:
    """Make PREFIX-MODULE-TIMESTAMP-RANDOM: unique also for two runs of one module in the same second, or of Module and module.

    Of the module as much as Compose accepts; its label has the name as it is.
    """
    part = _NOT_IN_A_PROJECT.sub("_", module.lower())
    return f"{prefix}-{part}-{datetime.now().strftime(_STAMP)}-{secrets.token_hex(3)}"


def uat_project_name(prefix: str) -> str:
    """Return the project of a repository's environment to look at, always the same: `evv-agent-test` makes `evv-uat-env`."""
    return f"{prefix.removesuffix(_OF_TESTS)}-uat-env"
