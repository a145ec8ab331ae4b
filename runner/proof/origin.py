"""Of what a proof log is: of which module, commit, sources and images."""

import re
from collections.abc import Iterator
from pathlib import Path

from runner.config.names import CONFIG
from runner.config.repositories import RepoConfig
from runner.errors import ConfigError
from runner.images.recipe import recipe_of, recipe_of_tools
from runner.images.store import name_of
from runner.odoo.addons import modules_of
from runner.odoo.coverage_command import COVERAGE
from runner.odoo.mounted_sources import MountedSources
from runner.odoo.settings import SETTINGS, settings_of
from runner.odoo.source_digests import UNREADABLE, digest_lines, is_digest_line, path_in
from runner.odoo.source_file import UnreadableSource, read_source
from runner.proof.check import Check, no, not_checked, ok
from runner.proof.log_file import LogFile
from runner.proof.place import Place
from runner.reporting.blobs import converted_digests
from runner.reporting.proof_log import PROOF, SOURCES, SURROUNDINGS
from runner.text import counted, first_of, printable

_COMMIT = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) \((.*)\)")
_IMAGE = re.compile(r"image (.+): +(\S+)")
_OF_A_MODULE = re.compile(rf"{PROOF}\.(\w+)(?:\.\d+\.\d+)?(?:\.\d+)?\.log", re.ASCII)
# Tree says it in the place of digests, where there are more files than it takes.
_TOO_MANY = "too many files"
_IS_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHOWN, _SHORT = 5, 12
# Bytes of a file that git may have converted.
_LONGEST = 1 << 24


def module_check(log: LogFile, repository: str, module: str, modules: tuple[str, ...]) -> Check:
    """Check that the log is of one of the modules that are asked for, and of that which its file's name says."""
    series = log.blocks[0].facts.get("series")
    told = printable(f"{module} of {repository}{f', with Odoo {series}' if series else ''}")
    named = _OF_A_MODULE.fullmatch(log.file.name)
    if named and named[1] != module:
        return no("module", f"{told}, although its file is called {printable(log.file.name)}")
    if modules and {module, f"{repository}/{module}"}.isdisjoint(modules):
        return no("module", f"{told}, and not {' or '.join(modules)}")
    return ok("module", told)


def commit_check(log: LogFile, place: Place) -> Check:
    """Check that the log is of the place's commit; of one that is asked for also that its checkout was clean."""
    said = log.blocks[0].facts.get("commit", "")
    match = _COMMIT.fullmatch(said)
    if not (match and place.commit):
        why = f"the log says: {said}" if place.commit else f"git knows no commit of {place.name}"
        return (no if place.is_of_commit else not_checked)("commit", why)
    if match[1] != place.commit:
        return no("commit", f"the log is of {match[1][:_SHORT]}, and {place.name} is at {place.commit[:_SHORT]}")
    if place.is_of_commit and match[2] != "clean":
        return no("commit", f"{match[1][:_SHORT]}, but the checkout had more or other files: {match[2]}")
    return ok("commit", f"{match[1]} ({match[2]})")


def sources_check(log: LogFile, place: Place, module: str) -> Check:
    """Check that the files of the module, and of what it loads of its repository, are those that were tested."""
    block = next((block for block in reversed(log.blocks) if block.title == SOURCES), None)
    if block is None:
        return no("sources", "the log names none: nothing was tested")
    repository = place.repository
    if module not in modules_of(repository):
        return no("sources", f"{place.name} has no module {printable(module)}")
    sources = MountedSources(module, repository)
    sources.expect(copies=block.facts.get("copied") == "yes")
    if outside := [folder.name for folder in sources.folders if not folder.is_relative_to(repository.path)]:
        return no("sources", f"not in the repository, so that no commit of it tells: {', '.join(outside)}")
    folders = {folder.name: folder for folder in sources.folders}
    here, logged = digest_lines(sources.trees), [line for line in block.lines if is_digest_line(line)]
    if lost := [path_in(line) for line in {*here, *logged} if line.startswith((_TOO_MANY, UNREADABLE))]:
        return no("sources", f"too many files, or none to be read, in {', '.join(sorted(lost))}")
    differing = sorted(_differing(here, logged, folders))
    if differing:
        return no("sources", f"not those of {place.name}: {first_of(differing, _SHOWN)}")
    by_size = sum(not _IS_DIGEST.match(line) for line in here)
    more = f", {by_size} of them not by their content" if by_size else ""
    return ok("sources", f"{counted(len(here), 'file')} of {', '.join(sorted(folders))} as in {place.name}{more}")


def _differing(here: list[str], logged: list[str], folders: dict[str, Path]) -> Iterator[str]:
    """Say which files are others, but for what git makes of the same."""
    mine, other = ({path_in(line): line.partition("  ")[0] for line in lines} for lines in (here, logged))
    for path in mine.keys() | other.keys():
        if path not in other:
            yield f"{path} is new"
        elif path not in mine:
            yield f"{path} is gone"
        elif mine[path] != other[path] and other[path] not in _converted(path, folders):
            yield f"{path} has other content"
    if len(mine) != len(here) or len(other) != len(logged):
        yield "files that cannot be told apart by their names"


def _converted(path: str, folders: dict[str, Path]) -> set[str]:
    module, _, name = path.partition("/")
    folder = folders[module]
    try:
        return converted_digests(read_source(folder / name, folder.parent, _LONGEST))
    except UnreadableSource:
        return set()


def images_check(log: LogFile, repository: RepoConfig) -> Check:
    """Check that the images are those of repos.yaml: by their names, and those that were built by what they were built from.

    What a name meant at an engine nobody can ask here, unless it has a digest.
    """
    lines = [line for block in log.blocks if block.title == SURROUNDINGS for line in block.lines]
    images = {match[1]: match[2] for line in lines if (match := _IMAGE.fullmatch(line))}
    compose = _compose_file(repository)
    wanted = {"ODOO_IMAGE": repository.images.odoo, "POSTGRES_IMAGE": repository.images.postgres}
    wrong = [f"{name} of {CONFIG} is not among them" for key, name in wanted.items() if key in compose and name not in images]
    try:
        recipe = recipe_of(repository)
    except ConfigError as error:
        return no("images", printable(str(error)))
    built = {name_of(recipe.key(digest)) for digest in images.values()} if recipe else set()
    # What --coverage adds, which no test sees.
    tools = recipe_of_tools((COVERAGE,))
    measuring = {name_of(tools.key(digest)) for digest in images.values()} if tools else set()
    known = {*wanted.values(), *built, *measuring}
    wrong += [f"{printable(name)} is none of {CONFIG}" for name in images if name not in known and not _names(compose, name)]
    if recipe and built.isdisjoint(images):
        wrong.append("the image was not built from what the repository names now")
    if wrong:
        return no("images", "; ".join(wrong))
    return ok("images", ", ".join(f"{name} ({digest.removeprefix('sha256:')[:_SHORT]})" for name, digest in images.items()))


def _names(compose: str, image: str) -> bool:
    """Tell whether a compose file has the name of an image, and not only one that it is a part of."""
    return bool(re.search(rf"(?<![\w./:@]){re.escape(image)}(?![\w.:/@-])", compose))


def settings_check(log: LogFile, repository: RepoConfig) -> Check:
    """Check that Odoo was asked for what repos.yaml says, besides the module: an option of the run may say otherwise."""
    head, wanted = log.blocks[0].facts, {name: printable(value) for name, value in settings_of(repository).facts().items()}
    said = {name: head[name] for name in SETTINGS if name in head}
    if others := [name for name in SETTINGS if said.get(name) != wanted.get(name)]:
        told = "; ".join(f"{name}: {said.get(name, 'not asked for')}" for name in others)
        mine = "; ".join(f"{name}: {wanted.get(name, 'not asked for')}" for name in others)
        return no("settings", f"the log says {told}; but {CONFIG} says {mine}")
    return ok("settings", "; ".join(f"{name}: {value}" for name, value in said.items()) or f"none, as in {CONFIG}")


def _compose_file(repository: RepoConfig) -> str:
    file = repository.compose_file
    try:
        return read_source(file, file.parent).decode(errors="replace")
    except UnreadableSource:
        return "ODOO_IMAGE POSTGRES_IMAGE"
