"""The images of repos.yaml: pulled from the registry, or stand-ins built from Debian's packages where there is none."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

import yaml

from runner.config.names import LOCAL_CONFIG
from runner.config.repositories import Config
from runner.setup import debian
from runner.setup.shell import ProvisionError, output_of, run, say

RECIPES = Path(__file__).resolve().parent / "images"
_SUITE = "trixie"
_BASE = f"agent-test-stand-in/debian:{_SUITE}"
STAND_INS = {"odoo": "agent-test-stand-in/odoo:19", "postgres": "agent-test-stand-in/postgres:17"}
# What tests in a browser need, in Debian's names.
_PACKAGES = ["chromium", "python3-websocket"]
_RECIPE_LABEL = "agent-test.recipe"


def ensure_images(settings: Config, folder: Path) -> None:
    """Have every image that a repository names on this machine; else build stand-ins and name them in repos.local.yaml."""
    images = [repository.images for repository in settings.repositories.values()]
    wanted = dict.fromkeys(image for each in images for image in (each.odoo, each.postgres))
    stand_ins = set(STAND_INS.values())
    missing = [image for image in wanted if image not in stand_ins and not _is_here(image) and not _pulled(image)]
    if missing or stand_ins & set(wanted):
        _build_stand_ins()
    # There are no stand-ins for these.
    for image in dict.fromkeys(image for each in images for image in each.series.values()):
        if not _is_here(image):
            _pulled(image)
    if missing:
        _name_stand_ins(folder / LOCAL_CONFIG, missing)


def _is_here(image: str) -> bool:
    return output_of("docker", "image", "inspect", "--format", "{{.Id}}", image) is not None


def _pulled(image: str) -> bool:
    say(f"Pulling {image} ...")
    if output_of("docker", "pull", "--quiet", image) is None:
        say(f"  {image} cannot be pulled here")
        return False
    return True


def _build_stand_ins() -> None:
    for service, image in STAND_INS.items():
        recipe = RECIPES / service
        digest = _digest(recipe)
        if output_of("docker", "image", "inspect", "--format", f'{{{{index .Config.Labels "{_RECIPE_LABEL}"}}}}', image) == (
            digest + "\n"
        ):
            continue
        debian.require_root_on_debian(f"The image for {service} cannot be pulled, and a stand-in has to be built.")
        if not _is_here(_BASE):
            say(f"Making a base image of Debian {_SUITE} ...")
            _make_base()
        say(f"Building {image} ...")
        arguments = [f"--build-arg={name}={value}" for name, value in debian.proxy().items()]
        run(
            *("docker", "build", "--quiet", "--build-arg", f"BASE={_BASE}", *arguments),
            *("--label", f"{_RECIPE_LABEL}={digest}", "--tag", image, recipe),
            # Debian's docker.io comes without the buildx plugin, which the newer builder needs.
            environ={**os.environ, "DOCKER_BUILDKIT": "0"},
        )


def _make_base() -> None:
    if shutil.which("debootstrap") is None:
        debian.install("debootstrap")
    with tempfile.TemporaryDirectory() as name:
        system = Path(name) / "system"
        run(
            "debootstrap",
            "--variant=minbase",
            _SUITE,
            system,
            debian.mirror(),
            environ={**os.environ, **debian.proxy()},
        )
        archive = Path(name) / "system.tar"
        run("tar", "-C", system, "-cf", archive, ".")
        run("docker", "import", archive, _BASE)


def _digest(recipe: Path) -> str:
    digest = hashlib.sha256(_SUITE.encode())
    for file in sorted(recipe.iterdir()):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _name_stand_ins(file: Path, missing: list[str]) -> None:
    lines = yaml.safe_dump({"defaults": {"images": STAND_INS, "packages": _PACKAGES}}, sort_keys=False)
    if file.exists():
        raise ProvisionError(
            f"{', '.join(missing)} cannot be pulled. Stand-ins are built, but {file} exists already.\n"
            f"Put this into it:\n{lines}"
        )
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(f"# Written by `nox -s setup`: {', '.join(missing)} cannot be pulled on this machine.\n{lines}")
    unfinished.replace(file)
    say(f"{file.name} now names the stand-ins: {', '.join(STAND_INS.values())}")
