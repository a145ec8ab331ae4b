"""The data of an environment to look at: volumes that outlive its containers, in generations of which one counts.

A generation is all named volumes of the environment together: the database, Odoo's files, and what else the compose file has.
It is made under the guard, which removes it with all else if the work does not come to its end. At the end one more volume,
the marker, names it, and with that it counts, at once and whole: neither a first start nor an update leaves half of anything.
"""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace

from runner.cleanup.resources import GENERATION_LABEL, PUBLISHED_LABEL
from runner.docker import questions
from runner.docker.engine import Engine
from runner.docker.listing import PROJECT_LABEL
from runner.errors import EnvironmentFailed
from runner.naming import UAT_LABEL

# Rises with every change of what is in the volumes, or of what the marker says of it.
SCHEMA = 1
STATE_LABEL = "agent-test-uat.state"
# Seconds, for some gigabytes.
_COPY_LIMIT = 1800.0
# Each pair of folders, in a container with both: also the owner and the mode of the folder itself.
_COPY = """set -e
for from in /from/*; do
    to=/to/${from#/from/}
    cp -a "$from/." "$to/"
    chown --reference="$from" "$to"
    chmod --reference="$from" "$to"
done
"""


@dataclass(frozen=True)
class Data:
    """One generation: what is in its volumes, and what made it.

    `volumes`: their names by those in the compose file. `number`: rises with every marker. `modules`: the digest of each
    module of the repository that is installed. `whole`: all modules of the repository were asked for, and not some. `login`:
    the user's, `login_id` tells whose the password is that is kept beside the checkout. `odoo`, `postgres`: versions, the
    latter a major one; `images`: what was used, by service, as the engine calls it. `http_port`: Odoo's, in its container.
    """

    generation: str
    volumes: Mapping[str, str]
    number: int = 0
    made: str = ""
    updated: str = ""
    modules: Mapping[str, str] = field(default_factory=dict)
    whole: bool = True
    login: str = ""
    login_id: str = ""
    odoo: str = ""
    postgres: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    http_port: int = 8069
    schema: int = SCHEMA


def new_generation() -> str:
    """Return a name for a generation that no other has."""
    return secrets.token_hex(4)


def new_data(project: str, generation: str, keys: Iterable[str], before: Data | None) -> Data:
    """Return what comes after `before`, with names for volumes, of which there is none yet, by those in the compose file."""
    volumes = {key: f"{project}_{generation}_{key}" for key in keys}
    return replace(before or Data("", {}), generation=generation, volumes=volumes)


def from_label(text: str) -> Data | None:
    """Read a generation from its marker; None if another version has written it in another way."""
    try:
        content = json.loads(text)
        if content["schema"] != SCHEMA:
            return None
        return Data(**content)
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def make_volumes(engine: Engine, project: str, data: Data, labels: Mapping[str, str]) -> None:
    """Make the volumes, empty, for as long as the work at them goes on. EnvironmentFailed if the engine does not."""
    for name in data.volumes.values():
        _create(engine, name, {**labels, UAT_LABEL: project, GENERATION_LABEL: data.generation})


def copy(
    engine: Engine,
    project: str,
    before: Data,
    data: Data,
    labels: Mapping[str, str],
    image: str,
    binds: Iterable[Mapping[str, str]],
) -> None:
    """Copy what the generation before has, of which nothing may be in use. EnvironmentFailed if that cannot be done.

    `image`: one with a shell and `cp`; `binds`: what its service mounts of the machine, which it may need for them.
    """
    labels = {**labels, UAT_LABEL: project, PROJECT_LABEL: project}
    mounts = [f"--mount=type=bind,source={bind['source']},target={bind['target']},readonly" for bind in binds]
    for number, key in enumerate(key for key in data.volumes if key in before.volumes):
        mounts.append(f"--mount=type=volume,source={before.volumes[key]},target=/from/{number},readonly,volume-nocopy")
        mounts.append(f"--mount=type=volume,source={data.volumes[key]},target=/to/{number},volume-nocopy")
    words = (
        *("run", "--rm", "--user=0", "--network=none", f"--name={project}-copy"),
        *(f"--label={key}={value}" for key, value in labels.items()),
        *mounts,
        *("--entrypoint=sh", image, "-c", _COPY),
    )
    try:
        engine.ask(questions.command(*words).within(_COPY_LIMIT))
    except EnvironmentFailed as error:
        raise EnvironmentFailed(f"The data could not be copied, which an update works with: {error}") from error


def publish(engine: Engine, project: str, data: Data, labels: Mapping[str, str]) -> Data:
    """Declare the data to be what counts, with a number above that of before, and return it so."""
    data = replace(data, number=data.number + 1)
    about = {PUBLISHED_LABEL: data.generation, GENERATION_LABEL: data.generation, STATE_LABEL: json.dumps(asdict(data))}
    _create(engine, f"{project}_{data.number}_is_whole", {**labels, UAT_LABEL: project, **about})
    return data


def drop(engine: Engine, volumes: Iterable[str]) -> list[str]:
    """Remove volumes; those that the engine keeps, each with what it says."""
    kept = []
    for name in volumes:
        try:
            engine.command("volume", "rm", "--force", name)
        except EnvironmentFailed as error:
            kept.append(f"{name}: {error}")
    return kept


def _create(engine: Engine, name: str, labels: Mapping[str, str]) -> None:
    words = [word for key, value in labels.items() for word in ("--label", f"{key}={value}")]
    engine.command("volume", "create", *words, name)
