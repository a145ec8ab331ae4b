"""What a module says of its own tests, in a file beside its manifest: the key `allow`, as in repos.yaml."""

import contextlib
import os
from pathlib import Path

import yaml

from runner.config.lines import Document, parse, shown
from runner.config.model import ModuleFile, faults
from runner.errors import ConfigError
from runner.odoo.source_file import UnreadableSource, read_source
from runner.text import printable, shortened

MODULE_FILE = ".agent-tests.yaml"
# Bytes, and mappings and lists in each other; the file needs far less, and PyYAML far more for one that has more.
_LONGEST = 16_384
_DEEPEST = 4
# Of a message, which may quote the file.
_LONGEST_MESSAGE = 400


def read_module_file(module: Path) -> ModuleFile:
    """Read what the module in this folder says; nothing where it has no such file.

    ConfigError, with the line, for a file that cannot be understood. The file is a stranger's: it is read in bounds, and no
    anchors, aliases and tags are taken, by which a small file may mean a huge one.
    """
    file = module / MODULE_FILE
    if not os.path.lexists(file):  # Path.exists() is an error where it may not look
        return ModuleFile()
    try:
        document = _plain(file, read_source(file, module, _LONGEST))
    except UnreadableSource as error:
        raise ConfigError(f"{shown(file)} {error}.") from error
    if problems := faults(document, ModuleFile):
        raise ConfigError("\n".join(printable(shortened(problem, _LONGEST_MESSAGE)) for problem in problems))
    return ModuleFile.model_validate({key: value for key, value in (document.content or {}).items() if value is not None})


def _plain(file: Path, content: bytes) -> Document:
    depth = 0
    # What is no YAML is told below, with its line.
    with contextlib.suppress(yaml.YAMLError, ValueError, OverflowError):
        for event in yaml.parse(content, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            what = "no more lists in lists" if depth > _DEEPEST else ""
            if getattr(event, "anchor", None) is not None or getattr(event, "tag", None) is not None:
                what = "no anchors, aliases and tags; put a text that begins with &, * or ! in quotes"
            if what:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise ConfigError(f"{shown(file)}:{line}: what stands there is not taken: {what}.")
    return parse(file, content)
