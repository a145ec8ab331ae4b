"""Which modules of a repository are tested when all are asked for, in which order, and which are not, and why."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from runner.config.repositories import RepoConfig
from runner.errors import UsageError
from runner.naming import module_name_fault
from runner.odoo.addons import check_checkout, misnamed_modules, modules_of
from runner.odoo.manifest import read_manifest
from runner.verdict.sources import read_sources


@dataclass(frozen=True)
class Selection:
    """The modules to test, each after those it depends on, and those that are left out, each with its reason."""

    modules: tuple[str, ...]
    left_out: Mapping[str, str]
    tests: Mapping[str, int] = field(default_factory=dict)
    """Number of tests in the sources of each module."""

    def only(self, names: Container[str]) -> "Selection":
        """Return the selection without the modules that are not among these names."""
        return replace(self, modules=tuple(name for name in self.modules if name in names))


def modules_with_tests(repository: RepoConfig) -> Selection:
    """Return every module of the repository with tests, after those of the same repository that it depends on; else by name.

    Left out is only what is meant to be: without anything that looks like a test, or with `installable: False`; and what
    Odoo or Compose cannot have by its name. A test file that is no valid Python, or a broken manifest, is a reason to run the
    module and to see it red.

    UsageError if the checkout is missing, or if modules depend on each other in a circle.
    """
    check_checkout(repository)
    folders = modules_of(repository)
    manifests = {name: read_manifest(folder) for name, folder in folders.items()}
    misnamed = [folder.name for folder in misnamed_modules(repository.addons)]
    left_out = {name: module_name_fault(name, repository.prefix) for name in misnamed}
    tests: dict[str, int] = {}
    for name, folder in folders.items():
        if fault := module_name_fault(name, repository.prefix):
            left_out[name] = fault
        elif not manifests[name].installable:
            left_out[name] = "not installable"
        else:
            sources = read_sources(folder)
            tests[name] = len(sources.tests)
            if not (sources.tests or sources.files or sources.unreadable):
                left_out[name] = "no tests"
    order = _in_order({name: manifest.depends for name, manifest in manifests.items()}, repository)
    return Selection(tuple(name for name in order if name not in left_out), dict(sorted(left_out.items())), tests)


def _in_order(depends: Mapping[str, tuple[str, ...]], repository: RepoConfig) -> list[str]:
    """All modules, level by level: first those that depend on none of the others, by name within a level."""
    sorter = TopologicalSorter({name: [module for module in needed if module in depends] for name, needed in depends.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib gives each before the one that needs it.
        circle = " -> ".join(reversed(error.args[1]))
        raise UsageError(
            f"Modules of {repository.name} depend on each other in a circle: {circle}. Odoo can install none of them."
        ) from None
    order: list[str] = []
    while sorter.is_active():
        level = sorted(sorter.get_ready())
        order += level
        sorter.done(*level)
    return order
