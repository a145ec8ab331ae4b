"""What a module needs and Odoo does not find, as the odoo container tells it: in plain words, with what to write."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from runner.config.repositories import RepoConfig
from runner.odoo.lost_modules import advice_on
from runner.text import first_of, printable, shortened

_LONGEST = 200
_MOST = 20
_MOST_NAMED = 3
_IS_NAME = re.compile(r"[\w.-]+", re.ASCII)
# The last series whose addons are called by it on PyPI.
_LAST_NUMBERED = 14


@dataclass(frozen=True)
class Unmet:
    """What is not there, each with the module that needs it; of a package also what Odoo says.

    Last, of packages and programs, the Debian packages that the module's manifest names for them, if it does.
    """

    series: int
    modules: Mapping[str, str]
    packages: Mapping[str, tuple[str, str, str]]
    programs: Mapping[str, tuple[str, str]]

    def reasons(self, repository: RepoConfig) -> list[str]:
        """Say what is not there, and what to do: a reason for each kind."""
        told = (self._of_modules(repository), self._of_packages(), self._of_programs())
        return ["\n".join(lines) for lines in told if lines]

    def _of_modules(self, repository: RepoConfig) -> list[str]:
        if not self.modules:
            return []
        prefix = f"odoo{self.series}-addon-" if self.series <= _LAST_NUMBERED else "odoo-addon-"
        lines = [f"{prefix}{name}=={self.series}.0.*" for name in self.modules]
        return [
            "modules that neither the folders of addons nor the image have: "
            + ", ".join(f"{name} (for {module})" for name, module in self.modules.items()),
            *advice_on(self.modules, repository),
            "Have them in the checkout, in a git submodule say, and its folder in `addons`; or those of the OCA in the image: "
            f"`requirements: [FILE]` in repos.yaml, and in that file {first_of(lines, _MOST_NAMED)}",
        ]

    def _of_packages(self) -> list[str]:
        if not self.packages:
            return []
        debian = ", ".join(filter(None, (package for _, _, package in self.packages.values())))
        return [
            "Python packages that the image does not have: "
            + ", ".join(f"{name} (for {module}{_detail(name, why)})" for name, (module, why, _) in self.packages.items()),
            "Write them, as PyPI calls them, into a file that `requirements: [FILE]` in repos.yaml names"
            + (f"; or `packages: [{debian}]`." if debian else "."),
        ]

    def _of_programs(self) -> list[str]:
        if not self.programs:
            return []
        debian = ", ".join(dict.fromkeys(filter(None, (package for _, package in self.programs.values()))))
        return [
            "programs that the image does not have: "
            + ", ".join(f"{name} (for {module})" for name, (module, _) in self.programs.items()),
            f"Name the Debian packages that have them in repos.yaml: `packages: [{debian or 'NAME'}]`.",
        ]


def _detail(requirement: str, why: str) -> str:
    """What Odoo says, of what is more than a name."""
    return "" if _IS_NAME.fullmatch(requirement) else f": {why}"


def read_unmet(text: str) -> Unmet:
    """Read what the command printed. ValueError if that is something else."""
    try:
        answer = json.loads(text.strip().rpartition("\n")[2])
        modules, packages, programs = (list(answer[kind].items())[:_MOST] for kind in ("modules", "packages", "programs"))
        return Unmet(
            int(answer["series"]),
            {_word(name): _word(module) for name, module in modules},
            {_word(name): (_word(module), _word(why), _word(debian)) for name, (module, why, debian) in packages},
            {_word(name): (_word(module), _word(debian)) for name, (module, debian) in programs},
        )
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"no answer: {error}") from error


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return shortened(printable(value), _LONGEST)
