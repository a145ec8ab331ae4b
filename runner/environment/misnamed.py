"""Folders with a manifest in which Odoo can have no module, because of their names: they are hidden from it.

Odoo 19 ends with an error as soon as it lists the modules if there is one of them, whatever is tested
(`Manifest.__init__` in odoo/modules/module.py). Older series list them, and can test none of them.
"""

from pathlib import Path
from typing import Any

from runner.naming import shown
from runner.odoo.addons import misnamed_modules
from runner.odoo.command import SERVICE, addons_targets
from runner.text import first_of

# More would hold up the start.
_MOST = 50
# In the warning.
_NAMED = 5


def hide_misnamed(override: dict[str, Any], rendered: dict[str, Any], addons: tuple[Path, ...]) -> list[str]:
    """Add to a run's override an empty folder over each of them, and return a warning that names them.

    `rendered` is the compose file, as Compose understands it. Only what is mounted where Odoo looks is hidden.
    """
    volumes = override["services"][SERVICE].setdefault("volumes", [])
    mounted = {
        (str(volume.get("source")), str(volume.get("target")))
        for volume in (*(rendered["services"][SERVICE].get("volumes") or ()), *volumes)
    }
    targets = dict(zip(addons, addons_targets(len(addons)), strict=True))
    hidden = []
    for folder in [folder for folder in misnamed_modules(addons) if _can_be_hidden(folder)][:_MOST]:
        target = targets[folder.parent]
        if (str(folder.parent), target) in mounted:
            volumes.append({"type": "tmpfs", "target": f"{target}/{folder.name}", "read_only": True})
            hidden.append(f"{folder.parent.name}/{shown(folder.name)}")
    names = first_of(hidden, _NAMED)
    return [f"hidden from Odoo, as no module can have these names, and Odoo 19 would install none: {names}"] if hidden else []


def _can_be_hidden(folder: Path) -> bool:
    """Not a link, which leads somewhere else in the container, nor a name that JSON cannot hold."""
    try:
        folder.name.encode()
    except UnicodeEncodeError:
        return False
    return not folder.is_symlink()
