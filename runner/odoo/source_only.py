"""Have Python load what is below the addons folders from its sources alone, whatever bytecode lies beside them.

The text of this file becomes `sitecustomize.py` in the odoo container, which Python, from 3.7 on, imports at its start. What
wins over a source otherwise: an unchecked `.pyc`, or one of another source of the same size and second. `PYTHONPYCACHEPREFIX`
would keep Odoo from its own bytecode as well, which costs it seconds at every start.
"""

import importlib.util
import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader, SourcelessFileLoader
from types import CodeType

# Of all addons folders: /mnt/extra-addons, /mnt/extra-addons-2 ...
_ADDONS = "/mnt/extra-addons"


def _is_addon(path: str) -> bool:
    return path.startswith(_ADDONS) or os.path.realpath(path).startswith(os.path.realpath(_ADDONS))


_get_code = SourceFileLoader.get_code


def _from_source(self: SourceFileLoader, fullname: str) -> "CodeType | None":
    path = self.get_filename(fullname)
    if _is_addon(path):
        return self.source_to_code(self.get_data(path), path)
    return _get_code(self, fullname)


_get_sourceless_code = SourcelessFileLoader.get_code


def _not_without_source(self: SourcelessFileLoader, fullname: str) -> "CodeType | None":
    path = self.get_filename(fullname)
    if _is_addon(path):
        raise ImportError(f"{path} is bytecode without its source, and is not loaded", name=fullname, path=path)
    return _get_sourceless_code(self, fullname)


def _load_the_other() -> None:
    """Run the `sitecustomize` that this one hides."""
    here, _ = os.path.split(__file__)
    sys.path[:] = [folder for folder in sys.path if folder != here]
    other = PathFinder.find_spec("sitecustomize")
    if other and other.loader:
        other.loader.exec_module(importlib.util.module_from_spec(other))


if __name__ == "sitecustomize":
    SourceFileLoader.get_code = _from_source  # type: ignore[method-assign, assignment]
    SourcelessFileLoader.get_code = _not_without_source  # type: ignore[method-assign]
    _load_the_other()
