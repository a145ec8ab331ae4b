"""What of the sources the container could not see, as far as that is known before anything is started."""

from collections.abc import Iterable, Mapping
from typing import Any

from runner.docker.inventory import Image
from runner.errors import ConfigError
from runner.odoo.command import SERVICE
from runner.odoo.mounted_sources import MountedSources

_NOT_STARTED = "Nothing was started."


def check_links(sources: MountedSources, rendered: Mapping[str, Any], more: Iterable[str] = (), when: str = "") -> None:
    """Raise ConfigError if links lead out of what is mounted; `more`: where else the service has something.

    `when`: the commit at which the sources were so, for the message.
    """
    mounts = [*more, *(str(volume["target"]) for volume in rendered["services"][SERVICE].get("volumes") or ())]
    if links := sources.leading_out(mounts):
        folders = sources.linked_folders()
        first = f"Name the folder of a linked module in repos.yaml, before the others: `addons: [{', '.join(folders)}, ...]`."
        raise ConfigError(
            "\n".join(
                [
                    f"{when}Links lead out of the addons folders, to what the container does not have. {_NOT_STARTED}",
                    *(f"  {link}" for link in links),
                    *([first] if folders else []),
                    "Replace a link by what it leads to, or mount that in the compose file where the link looks for it.",
                ]
            )
        )


def closed_to_odoo(sources: MountedSources, rendered: Mapping[str, Any], images: Mapping[str, Image]) -> str:
    """Say what of the sources Odoo's user surely cannot read where they are mounted; empty if there is nothing.

    Surely, as it is not root: what belongs to root, and that neither its group nor others may read. Whatever else it cannot
    read, as its number is the image's matter, only the container can tell.
    """
    service = rendered["services"][SERVICE]
    image = images.get(str(service.get("image")))
    user = str(service.get("user") or (image.config.get("User") if image else "") or "root")
    if user.partition(":")[0] in ("root", "0") or not (closed := sources.closed()):
        return ""
    return unreadable(closed, f"the user {user} of the odoo service", _NOT_STARTED)


def unreadable(files: list[str], user: str, what_happened: str) -> str:
    """Say what cannot be read by whom, and what to do."""
    lines = [f"What {user} cannot read would not be tested. {what_happened}", *(f"  {file}" for file in files)]
    return "\n".join([*lines, "Let it be read: chmod -R a+rX FOLDER. Or leave out `sources: mount` in repos.yaml."])
