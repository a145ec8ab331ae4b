"""What the verdict on a module goes by besides its log and its sources: what is allowed, and whose errors are its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from runner.config.model import Allow
from runner.config.names import CONFIG
from runner.odoo.dependencies import SnapshotUnavailable, dependencies_of
from runner.odoo.module_file import MODULE_FILE, read_module_file
from runner.verdict.allowed import Allowed, allowed_for


@dataclass(frozen=True)
class Terms:
    """`own`: the module and those of its repository on which it depends."""

    own: frozenset[str]
    allowed: Allowed


def terms_of(module: str, modules: Mapping[str, Path], allow: Allow) -> Terms:
    """Put together what repos.yaml and the module allow. ConfigError for a file of the module that cannot be understood."""
    sources = {CONFIG: allow}
    if module in modules:
        sources[f"{module}/{MODULE_FILE}"] = read_module_file(modules[module]).allow
    try:
        local = dependencies_of(module, modules).local
    except SnapshotUnavailable:  # a manifest does not tell
        local = modules
    return Terms(frozenset({module, *local}), allowed_for(module, sources, modules))
