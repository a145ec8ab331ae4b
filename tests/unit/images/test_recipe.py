"""What goes into an image: read from a checkout of which nothing is trusted, and told apart by its content."""

import io
import os
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.config.repositories import RepoConfig
from runner.errors import ConfigError
from runner.images.recipe import Recipe, recipe_of, recipe_of_tools
from tests.unit.repositories import repository


def described(
    folder: Path, requirements: Sequence[str] = (), packages: Sequence[str] = (), dockerfile: str = ""
) -> RepoConfig:
    recipe = {"requirements": tuple(map(Path, requirements)), "packages": tuple(packages)}
    return repository(folder).model_copy(update={**recipe, "dockerfile": Path(dockerfile) if dockerfile else None})


def write(folder: Path, **files: str) -> Path:
    """Files of the checkout of `evv`; `__` in a name is a `/`, and `_` a dot."""
    for name, content in files.items():
        file = folder / "evv" / name.replace("__", "/").replace("_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def recipe(folder: Path, **about: Any) -> Recipe:
    found = recipe_of(described(folder, **about))
    assert found
    return found


def names(found: Recipe) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(found.files)) as archive:
        return archive.getnames()


def test_without_one_of_the_keys_a_repository_goes_with_the_image_that_it_names(tmp_path: Path) -> None:
    assert recipe_of(repository(tmp_path)) is None


def test_every_selection_of_tools_is_an_image_of_its_own() -> None:
    one, two = recipe_of_tools(("a~=1.0",)), recipe_of_tools(("a~=1.0", "b"))
    assert one and two
    assert (one.told, two.told, names(two)) == ("a~=1.0", "a~=1.0, b", [])
    assert len({found.key("sha256:base") for found in (one, two, replace(one, tools=()))}) == 3
    assert recipe_of_tools(()) is None


def test_what_a_file_for_pip_includes_goes_along(tmp_path: Path) -> None:
    write(
        tmp_path,
        requirements_txt="-r more/a.txt\n-c \\\n  c.txt\nrequests # -r no.txt\n",
        more__a_txt="--requirement=b.txt\n--constraint ../c.txt\n",
        more__b_txt="lxml\n-r a.txt\n",
        c_txt="lxml<5\n",
        no_txt="",
    )
    found = recipe(tmp_path, requirements=["requirements.txt"])
    assert names(found) == ["c.txt", "more/a.txt", "more/b.txt", "requirements.txt"]
    assert found.requirements == ("requirements.txt",)


@pytest.mark.parametrize("included", ["../out.txt", "/etc/passwd", "https://example.com/r.txt", "missing.txt", ".", "a\0b"])
def test_what_a_file_for_pip_includes_from_elsewhere_is_refused(tmp_path: Path, included: str) -> None:
    write(tmp_path, requirements_txt=f"-r {included}\n")
    (tmp_path / "out.txt").touch()
    with pytest.raises(ConfigError, match="Nothing was started"):
        recipe(tmp_path, requirements=["requirements.txt"])


def test_a_device_a_pipe_and_a_link_out_of_the_checkout_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, a_txt="")
    (tmp_path / "out").write_text("secret")
    (tmp_path / "evv/out").symlink_to(tmp_path / "out")
    (tmp_path / "evv/zero").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "evv/pipe")
    for name, why in (("out", "leads out"), ("zero", "leads out"), ("pipe", "no regular file"), ("gone", "cannot be read")):
        with pytest.raises(ConfigError, match=f"evv/{name} .*{why}"):
            recipe(tmp_path, requirements=[name])


def test_what_is_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, requirements_txt="x" * 5000)
    monkeypatch.setattr("runner.images.recipe._MOST_BYTES", 4000)
    with pytest.raises(ConfigError, match="larger than 4,000 bytes"):
        recipe(tmp_path, requirements=["requirements.txt"])


def test_the_builder_gets_the_folder_of_the_dockerfile(tmp_path: Path) -> None:
    write(tmp_path, image__Dockerfile="FROM x\n", image__conf__a_conf="", image__b_sh="", other_txt="")
    (tmp_path / "evv/image/b.sh").chmod(0o700)
    (tmp_path / "evv/image/.dockerignore").write_text("b.sh\n")  # some builders do not heed it
    found = recipe(tmp_path, dockerfile="image/Dockerfile")
    assert (names(found), found.dockerfile) == (["Dockerfile", "b.sh", "conf/a.conf"], "Dockerfile")
    with tarfile.open(fileobj=io.BytesIO(found.files)) as archive:
        assert {entry.name: oct(entry.mode) for entry in archive} == {
            "Dockerfile": "0o644",
            "b.sh": "0o755",
            "conf/a.conf": "0o644",
        }


def test_a_dockerfile_at_the_top_of_the_checkout_is_refused(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM x\n")
    with pytest.raises(ConfigError, match="Move it into a folder of its own"):
        recipe(tmp_path, dockerfile="Dockerfile")


def test_a_dockerfile_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"evv/image .*cannot be read"):
        recipe(write(tmp_path, a=""), dockerfile="image/Dockerfile")
    with pytest.raises(ConfigError, match=r"evv/image/Dockerfile .*cannot be read"):
        recipe(write(tmp_path, image__a=""), dockerfile="image/Dockerfile")


def test_a_link_to_a_folder_is_refused_and_too_many_files_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, image__Dockerfile="", image__conf__a="")
    (tmp_path / "evv/image/link").symlink_to("conf")
    with pytest.raises(ConfigError, match=r"link .*cannot be read: Is a directory"):
        recipe(tmp_path, dockerfile="image/Dockerfile")
    monkeypatch.setattr("runner.images.recipe._MOST_FILES", 1)
    with pytest.raises(ConfigError, match="more than 1 files"):
        recipe(tmp_path, dockerfile="image/Dockerfile")


def test_the_key_is_that_of_base_contents_names_and_order_and_of_nothing_else(tmp_path: Path) -> None:
    write(tmp_path, a_txt="x\n", b_txt="y\n")
    about: dict[str, Any] = {"requirements": ["a.txt", "b.txt"], "packages": ("git", "gcc")}
    key = recipe(tmp_path, **about).key("sha256:base")
    assert recipe(tmp_path, **about | {"requirements": ["b.txt", "a.txt"]}).key("sha256:base") != key
    assert recipe(tmp_path, **about | {"packages": ("gcc", "git")}).key("sha256:base") != key
    assert recipe(tmp_path, **about).key("sha256:other") != key
    os.utime(tmp_path / "evv/a.txt", (1, 1))
    assert recipe(tmp_path, **about).key("sha256:base") == key
    elsewhere = write(tmp_path / "elsewhere", a_txt="x\n", b_txt="y\n")
    assert recipe(elsewhere, **about).key("sha256:base") == key
    (tmp_path / "evv/a.txt").write_text("z\n")
    assert recipe(tmp_path, **about).key("sha256:base") != key


def test_a_folder_that_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, image__Dockerfile="FROM scratch\n", image__closed__a_txt="")
    real = os.scandir

    def scandir(path: str) -> Any:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ConfigError, match=r"closed .*cannot be read: Permission denied\. Nothing was started"):
        recipe(tmp_path, dockerfile="image/Dockerfile")
