"""Names: of modules, of Compose projects, and of the labels by which everything of a run is found again."""

import re
import secrets
from datetime import datetime

from runner.errors import UsageError

MODULE_NAME = re.compile(r"[a-z][a-z0-9_]*")
# Compose builds container, network and volume names from the project's name and the engine stores volumes in folders of
# that name (255 bytes); 128 leaves ample room and still fits a terminal's two lines.
MAX_PROJECT_NAME = 128
_STAMP = "%Y%m%d-%H%M%S"

LABEL_PREFIX = "agent-test."
REPOSITORY_LABEL = LABEL_PREFIX + "repository"
MODULE_LABEL = LABEL_PREFIX + "module"
STARTED_LABEL = LABEL_PREFIX + "started"


def check_module_name(module: str, prefix: str) -> None:
    """Raise UsageError unless `module` can be an Odoo module's technical name and part of a project's name."""
    if not MODULE_NAME.fullmatch(module):
        raise UsageError(
            f"{module!r} is not the technical name of an Odoo module: it must match [a-z][a-z0-9_]*, like the module's folder."
        )
    length = len(project_name(prefix, module))
    if length > MAX_PROJECT_NAME:
        raise UsageError(
            f"The module name {module[:40]}... is too long: the Compose project's name would have {length} characters, "
            f"{MAX_PROJECT_NAME} are possible. Use a shorter module name or prefix."
        )


def project_name(prefix: str, module: str) -> str:
    """PREFIX-MODULE-TIMESTAMP-RANDOM: unique also for two runs of one module in the same second."""
    return f"{prefix}-{module}-{datetime.now().strftime(_STAMP)}-{secrets.token_hex(3)}"
