"""What was judged is what starts, whatever happens to the files meanwhile, from a path of any name, and makes no folders."""

import os
import re
import shutil

import pytest

from .tiny_repository import PASSES, TinyRepository, left

# Each would mean something to Compose, to a template of docker's, to a shell, or to a short bind.
ODD = "a$b ${HOME} $$c:d,'{{.}}' é"
ADDED = """
    environment: {PW: "${DB_PASSWORD}", URL: "http://x:${ODOO_PORT}/", LITERAL: "a$$b$${c}", FROM_ENV: "${FROM_ENV}"}
    env_file: [one.env]
    profiles: [chosen]
    security_opt: ["seccomp:./profile.json"]
"""
# What somebody writes once the compose file is judged.
EDITED = "services: {odoo: {image: agent-test-tiny, privileged: true}}\n"


def docker_with(tiny: TinyRepository, before: str = "", after: str = "") -> str:
    """A PATH on which `docker` runs these lines of bash before and after each command, which is in $*."""
    folder = tiny.folder / "bin"
    folder.mkdir()
    script = folder / "docker"
    script.write_text(f'#!/bin/bash\n{before}\n{shutil.which("docker")} "$@"; code=$?\n{after}\nexit $code\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_in_a_checkout_of_any_name_that_starts_which_was_judged(tiny: TinyRepository) -> None:
    says = 'echo "url [$URL] literal [$LITERAL] env [$ONE$FROM_ENV] password of ${#PW}"'
    tiny.module("good", f"{says}\n{PASSES}")
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace("    ports:", f"{ADDED}    ports:"))
    (tiny.checkout / "one.env").write_text("ONE=1\n")
    (tiny.checkout / "profile.json").write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    (tiny.checkout / ".env").write_text("COMPOSE_PROFILES=chosen\nFROM_ENV=2\n")
    checkout = tiny.checkout.rename(tiny.folder / ODD)
    (checkout / "more" / ODD).mkdir(parents=True)
    tiny.configure(path=ODD, addons=["addons", f"more/{ODD}"])
    edits = (
        f"""echo 'ONE=edited' >"$C/one.env"; echo 'FROM_ENV=edited' >"$C/.env"; echo '{EDITED.strip()}' >"$C/compose.yml" """
    )
    path = docker_with(tiny, after=f'[[ $* != *" config "* ]] || {{ {edits}; }}')
    code, output = tiny.run("run", "tiny", "good", "--keep=always", PATH=path, C=str(checkout))
    assert code == 0, output
    assert (checkout / "compose.yml").read_text() == EDITED
    assert re.search(r"url \[http://x:1809\d/\] literal \[a\$b\$\{c\}\] env \[12\] password of 32", output), output
    # Its folder, which has the mark, is found by the label.
    code, listed = tiny.run("list")
    assert "kept" in listed
    (run,) = (checkout / ".agent-tests").glob("tiny-*")
    assert sorted(file.name for file in run.iterdir() if file.suffix == ".json") == ["compose.override.json"]
    assert tiny.run("cleanup", "--all")[0] == 0


@pytest.mark.parametrize("when", ["never there", "gone when it starts"])
def test_no_folder_is_made_that_a_compose_file_mounts(tiny: TinyRepository, when: str) -> None:
    tiny.module("good", PASSES)
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace('"data:/var', '"./gone:/gone:ro", "data:/var'))
    path = os.environ["PATH"]
    folder = tiny.checkout / "gone"
    if when != "never there":
        folder.mkdir()
        path = docker_with(tiny, before=f'[[ $* != *" up "* ]] || rmdir {folder}')
    code, output = tiny.run("run", "tiny", "good", PATH=path)
    assert code == (2 if when == "never there" else 5), output
    assert (f"services.odoo.volumes: {folder} does not exist" in output) == (when == "never there")
    assert not folder.exists()
    assert left() == []


def test_a_file_without_an_end_is_read_no_further_than_there_is_memory_for_it(tiny: TinyRepository) -> None:
    tiny.module("good", PASSES)
    compose = tiny.checkout / "compose.yml"
    compose.write_text(compose.read_text().replace("    ports:", "    env_file: [/dev/zero]\n    ports:"))
    code, output = tiny.run("run", "tiny", "good")
    assert code == 2, output
    assert "takes more than 1 GB of memory to read" in output
    assert left() == []
