"""Addons that others have written, the OCA's, as PyPI has them: each gets its verdict and its number of tests.

They depend on each other, in the checkout or in an image that is built with them, and on what the image does not have. Nothing
of them is in this repository.
"""

import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from runner.config.repositories import load
from runner.text import counted

from .tiny_repository import ROOT, Started, environ_without_starter, left

pytestmark = [pytest.mark.odoo, pytest.mark.timeout(900)]

PINNED = Path(__file__).with_name("public_addons.txt")
PORTS = "18210-18219"
# How many tests of each run. Of one of these addons six are of a class that Odoo does not collect, which is a note.
COUNTS = {"endpoint_route_handler": 22, "partner_contact_birthdate": 1, "component_event": 10}
# What the last one needs besides Odoo: a module, which itself needs a Python package.
REQUIREMENTS = "odoo-addon-component==19.0.1.0.1.6\ncachetools==8.0.2\n"
UNMET = {
    "connector": ["modules that neither the folders of addons nor the image have: queue_job (for connector)\n"],
    "auth_saml": ["pysaml2 (for auth_saml)", "xmlsec1 (for auth_saml)", "`packages: [xmlsec1]`"],
}


class Run(NamedTuple):
    """A run of all of them: what it says, and the image that it has built or found."""

    output: str
    image: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    images = next(iter(load(ROOT, os.environ).repositories.values())).images
    version = subprocess.run(
        ["docker", "run", "--rm", "--entrypoint", "odoo", images.odoo, "--version"], check=True, capture_output=True
    )
    if b" 19." not in version.stdout:
        pytest.skip(f"the addons are for Odoo 19; the image holds {version.stdout!r}")
    folder = tmp_path_factory.mktemp("public-addons")
    _download(folder)
    repository = {
        "prefix": "public-agent-test",
        "path": ".",
        "addons": ["odoo/addons"],
        "compose_file": str(ROOT / "docker-compose.agent.yml"),
        "ports": PORTS,
        "images": images.model_dump(),
        "requirements": ["requirements.txt"],
    }
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    (folder / "repos.yaml").write_text(yaml.safe_dump({"repositories": {"public": repository}}))
    command = [sys.executable, "-m", "runner", "run", "public", *COUNTS, *UNMET, "--jobs", "2"]
    started = Started(command, folder, environ_without_starter() | {"PYTHONPATH": str(ROOT)}, patience=600)
    try:
        assert started.finish() == 7, started.output[-3000:]
        log = (folder / "proof_of_execution_tests.component_event.log").read_text(errors="replace")
        images_of_ours = re.findall(r"^image (agent-test-image:\w+):", log, re.MULTILINE)
        yield Run(started.output, images_of_ours[0])
    finally:
        if started.process.poll() is None:
            started.send(signal.SIGTERM)
            started.finish()
    assert left("agent-test.repository=public") == []


def _download(folder: Path) -> None:
    """Have the addons in `folder`, in odoo/addons."""
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--no-deps", "--require-hashes", "--dest", str(wheels), "--requirement", str(PINNED)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for wheel in wheels.iterdir():
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder, [name for name in archive.namelist() if name.startswith("odoo/addons/")])


@pytest.mark.parametrize("module", COUNTS)
def test_an_addon_passes_with_its_number_of_tests(run: Run, module: str) -> None:
    assert f"{module}: PASSED  {counted(COUNTS[module], 'test')} ran, 0 failed, 0 errors, 0 skipped\n" in run.output


def test_what_an_addon_needs_is_installed_without_the_requirements_that_odoo_itself_has(run: Run) -> None:
    look = "ls -d /opt/agent-test/lib/*/site-packages/*.dist-info"
    command = ["docker", "run", "--rm", "--entrypoint", "sh", run.image, "-c", look]
    found = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert {Path(path).name.partition("-")[0] for path in found} == {"cachetools", "odoo_addon_component"}


@pytest.mark.parametrize("module", UNMET)
def test_an_addon_that_needs_what_the_image_lacks_says_so_before_all_else(run: Run, module: str) -> None:
    verdict = run.output.partition(f"{module}: NOT PROVEN")[2].partition("  log: ")[0]
    assert [words for words in UNMET[module] if words not in verdict] == [], run.output[-3000:]
    # What Odoo says of it comes after: nobody asked before, where a prepared database had all that the addon depends on.
    assert UNMET[module][0].strip() in verdict.splitlines()[1]
