"""What may stand in repos.yaml and repos.local.yaml, and in words what is wrong with such a file."""

import difflib
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from runner.config.lines import Document, Key
from runner.config.names import names_in
from runner.config.odoo_options import LANGUAGE, Value, check_name, check_value, option_value

_HIGHEST_PORT = 65535
# In bytes, as of nearly all file systems of Linux.
_LONGEST_NAME = 255
_RANGE = r"^\d{1,5}(-\d{1,5})?$"


class Frozen(BaseModel):
    """A value that nobody changes and that has no other fields than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PortRange(Frozen):
    """Host ports from `first` to `last`, both included; written `8090-8100` or as a single number."""

    first: int
    last: int

    def __iter__(self) -> Any:
        return iter(range(self.first, self.last + 1))

    def __str__(self) -> str:
        return f"{self.first}-{self.last}"


def _port_range(value: Any) -> Any:
    if isinstance(value, PortRange):
        return value
    if not re.match(_RANGE, str(value)):
        raise ValueError("must be a range like 8090-8100, or one port")
    ends = [int(end) for end in str(value).split("-")]
    if not all(1 <= end <= _HIGHEST_PORT for end in ends):
        raise ValueError(f"a port is a number from 1 to {_HIGHEST_PORT}")
    if ends[0] > ends[-1]:
        raise ValueError("the first port of a range must not be greater than the last")
    return {"first": ends[0], "last": ends[-1]}


_PORTS_AS_WRITTEN = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": _HIGHEST_PORT}, {"type": "string", "pattern": _RANGE}]
}


def _series(value: str) -> str:
    if not re.fullmatch(r"\d{1,2}\.\d", value):
        raise ValueError('must be a series of Odoo, such as "18.0"')
    return value


class Images(Frozen):
    """The images of the two services, as `docker pull` takes them."""

    odoo: Annotated[str, Field(min_length=1, description="For the variable ODOO_IMAGE of the compose file.")]
    postgres: Annotated[str, Field(min_length=1, description="For the variable POSTGRES_IMAGE of the compose file.")]
    series: Annotated[
        dict[Annotated[str, AfterValidator(_series)], Annotated[str, Field(min_length=1)]],
        Field(description='The images of Odoo for `--odoo`, by series: `"17.0": odoo:17.0`.'),
    ] = {}

    @property
    def all(self) -> tuple[str, ...]:
        """Return every image that a run may need, those of the two services first."""
        return (self.odoo, self.postgres, *self.series.values())


def _regex(value: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a coming Python may read in another way
            re.compile(value)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"must be a regular expression of Python: {error}") from error
    return value


# Long enough for any name; a longer regular expression would be a program.
_Entry = Annotated[str, Field(min_length=1, max_length=200)]
# Whoever needs more wants no verdict.
_MOST_ENTRIES = 100


class Allow(Frozen):
    """What is known and wanted, so that no verdict is red for it; each says so. It never makes a failure green."""

    not_imported: Annotated[
        tuple[_Entry, ...],
        Field(
            max_length=_MOST_ENTRIES,
            description="Test files that nobody imports: `tests/test_x.py`, or `MODULE/tests/test_x.py`.",
        ),
    ] = ()
    skipped: Annotated[
        tuple[_Entry, ...],
        Field(
            max_length=_MOST_ENTRIES,
            description="Tests that may be skipped: `TestX.test_y`, `TestX`, `tests/test_x.py`, or `MODULE/` and one of them;"
            " `*` stands for any text.",
        ),
    ] = ()
    errors: Annotated[
        tuple[Annotated[_Entry, AfterValidator(_regex)], ...],
        Field(
            max_length=_MOST_ENTRIES,
            description="Records at ERROR: regular expressions, searched in the first line of what was logged.",
        ),
    ] = ()


def _path(value: Path) -> Path:
    if "\0" in str(value):
        raise ValueError("no path has a null character")
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in value.parts):
        raise ValueError(f"no folder or file has a name of more than {_LONGEST_NAME} bytes")
    return value


def _of_a_home(value: Path) -> Path:
    try:
        value.expanduser()
    except RuntimeError as error:
        raise ValueError("there is no user of that name. Write the whole path of a folder whose name begins with ~") from error
    return value


def _in_checkout(value: Path) -> Path:
    if value.is_absolute() or ".." in value.parts or not value.parts:
        raise ValueError("must be the path of a file in the checkout, relative to it")
    return _path(value)


def _package(value: str) -> str:
    if not _PACKAGE.fullmatch(value):
        raise ValueError("must be the name of a Debian package, such as chromium, or NAME=VERSION")
    return value


_Path = Annotated[Path, AfterValidator(_path)]
_FileInCheckout = Annotated[Path, AfterValidator(_in_checkout)]
# As Debian has them. To apt-get a `-` at the beginning is an option, at the end it means: remove it.
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+](=[0-9A-Za-z.+:~-]*[0-9A-Za-z.+~])?")
_SIZE = re.compile(r"(\d{1,9})([mg])b?", re.IGNORECASE)
# The registry, if it is not Docker's own, and the path in it.
_REGISTRY = re.compile(r"([A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
# As Docker counts them.
_UNITS = {"m": 2**20, "g": 2**30}
# With much less no container starts.
_LEAST_MEMORY = 32 * _UNITS["m"]


def _bytes(value: Any) -> Any:
    if not isinstance(value, str) or not (size := _SIZE.fullmatch(value)):
        raise ValueError("must be a size such as 512m or 4g")
    number = int(size[1]) * _UNITS[size[2].lower()]
    if number < _LEAST_MEMORY:
        raise ValueError("must be 32m at least")
    return number


class Limits(Frozen):
    """The most that each service may take of the machine; what a service says of itself in the compose file wins."""

    memory: Annotated[
        int | None,
        BeforeValidator(_bytes),
        WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}[mMgG][bB]?$"}),
        Field(description="Its memory, such as 512m or 4g. Without it 8g, but at most three quarters of the engine's."),
    ] = None
    cpus: Annotated[
        float | None,
        Field(
            strict=True, ge=0.01, allow_inf_nan=False, description="Its processors, such as 1.5. Without it there is no limit."
        ),
    ] = None
    pids: Annotated[
        int | None,
        Field(strict=True, ge=10, le=4_000_000, description="Its processes and threads. Without it 4096."),
    ] = None


class Prepared(Frozen):
    """The most that is kept of the repository's prepared databases; what is made again in the least time is dropped first."""

    number: Annotated[int, Field(strict=True, ge=1, le=10_000, description="How many. Without it 100.")] = 100
    disk: Annotated[
        int,
        BeforeValidator(_bytes),
        WithJsonSchema({"type": "string", "pattern": r"^\d{1,9}[mMgG][bB]?$"}),
        Field(description="Their sizes together, such as 20g. Without it 10g. One takes 80 to 300 MB."),
    ] = 10 * _UNITS["g"]


def _registry(value: str) -> str:
    if len(value) > _LONGEST_NAME or not _REGISTRY.fullmatch(value):
        raise ValueError("must be the name of images in a registry, without a tag, such as ghcr.io/ORG/prepared")
    return value


def _language(value: str) -> str:
    if not LANGUAGE.fullmatch(value):
        raise ValueError("must be the code of a language, such as de_DE")
    return value


def _checked(options: dict[str, Value]) -> dict[str, Value]:
    for name, value in options.items():
        check_value(name, value)
    return options


_Language = Annotated[str, AfterValidator(_language), WithJsonSchema({"type": "string", "pattern": f"^{LANGUAGE.pattern}$"})]
_OptionName = Annotated[str, AfterValidator(check_name)]
_OptionValue = Annotated[
    Any,
    BeforeValidator(option_value),
    WithJsonSchema({"type": ["boolean", "number", "string", "array"], "items": {"type": "string"}}),
]


class Settings(Frozen):
    """The settings of one repository, or under `defaults` those of all that do not set them themselves."""

    prefix: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9-]{1,39}$",
            description="How the names of the repository's containers, networks and volumes begin; one for each repository.",
        ),
    ]
    path: Annotated[
        _Path, AfterValidator(_of_a_home), Field(description="The checkout: relative to this file, ~/... or absolute.")
    ]
    addons: Annotated[
        tuple[_Path, ...],
        Field(min_length=1, description="The checkout's folders of addons, relative to it; mounted read-only."),
    ]
    compose_file: Annotated[
        _Path, Field(description="Under `defaults` relative to this file; a repository's own, relative to its checkout.")
    ]
    ports: Annotated[
        PortRange,
        BeforeValidator(_port_range),
        WithJsonSchema(_PORTS_AS_WRITTEN),
        Field(description="A range of ports of the engine's machine such as 8090-8100, or one port."),
    ]
    images: Images
    requirements: Annotated[
        tuple[_FileInCheckout, ...],
        Field(
            max_length=_MOST_ENTRIES,
            description="Files of the checkout for pip: what they name is installed beside Odoo, in an image of the"
            " repository's own that is built once and kept.",
        ),
    ] = ()
    packages: Annotated[
        tuple[Annotated[str, AfterValidator(_package)], ...],
        Field(max_length=_MOST_ENTRIES, description="Packages for apt-get, such as chromium: installed into that image, too."),
    ] = ()
    dockerfile: Annotated[
        _FileInCheckout | None,
        Field(
            description="A Dockerfile of the checkout that describes that image instead, with what it copies in a folder of"
            " its own; `ARG BASE` and `FROM $BASE` is the image that it adds to."
        ),
    ] = None
    limits: Limits = Limits()
    prepared: Prepared = Prepared()
    snapshots: Annotated[
        str | None,
        AfterValidator(lambda value: value if value is None else _registry(value)),
        Field(
            description="Where runs pull prepared databases from that they would have to make, and push those that they make:"
            " images of this name, such as ghcr.io/ORG/prepared. Who may push there decides what tests start from."
        ),
    ] = None
    guard: Annotated[
        Literal["auto", "local", "engine"],
        Field(
            description="Where the guard is that tears down when a run is killed. `local`: beside the runner. `engine`: also"
            " at the engine, in a container of Odoo's image that has its socket, and with that all of its machine. `auto`:"
            " also there where the runner is in a container of the engine or on another machine, and it can be had."
        ),
    ] = "auto"
    sources: Annotated[
        Literal["auto", "mount", "copy"],
        Field(
            description="How the containers get the addons, and what else of this machine the compose file mounts: `mount`, "
            "`copy`, or `auto` (without the key): mounted where the engine has the same files at the same path, else copied."
        ),
    ] = "auto"
    demo: Annotated[
        bool | None,
        Field(
            strict=True,
            description="Whether modules are installed with their demo data. Without the key as Odoo does: before 19 they"
            " are, since 19 they are not.",
        ),
    ] = None
    languages: Annotated[
        tuple[_Language, ...],
        Field(max_length=_MOST_ENTRIES, description="Languages that are loaded besides English, such as [de_DE]."),
    ] = ()
    odoo_options: Annotated[
        dict[_OptionName, _OptionValue],
        AfterValidator(_checked),
        Field(
            description="Options for the Odoo that tests, by their names in an odoo.conf, such as `proxy_mode: true`; `load:"
            " [base, web, queue_job]` for server-wide modules. What a run says itself is refused."
        ),
    ] = {}
    allow: Allow = Allow()


# The settings that have keys of their own.
SECTIONS: dict[str, type[Frozen]] = {
    name: field.annotation
    for name, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Frozen) and field.annotation is not PortRange
}


class ConfigFile(Frozen):
    """The repositories whose modules can be tested; repos.local.yaml overrides any of it on one machine."""

    defaults: Settings
    repositories: dict[str, Settings]


class ModuleFile(Frozen):
    """What a module says of its own tests."""

    allow: Allow = Allow()


_WORDS = {
    "bool_type": "must be true or false",
    "model_type": "must be a mapping of settings",
    "dict_type": "must map names to settings",
    "tuple_type": "must be a list, in brackets",
    "path_type": "must be a path",
    "string_pattern_mismatch": "must be 2 to 40 characters of a-z, 0-9 and -, and not begin with -",
    "string_type": "must be a text; put it in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must be a text of 200 characters at most",
    "too_long": "must have 100 entries at most",
    "too_short": "must name at least one folder",
}
# What pydantic puts in the place of a key that is wrong itself.
_NAME_ITSELF = "[key]"


def problems_in(document: Document) -> list[str]:
    """Return what is wrong with one file, each as `FILE:LINE: KEY: message`. A missing key is no fault of one file alone."""
    problems = faults(document, ConfigFile)
    return problems or (list(_unreadable_names(document)) if document.content else [])


def faults(document: Document, model: type[Frozen]) -> list[str]:
    """Return what keeps one file from being what the model says, each as `FILE:LINE: KEY: message`."""
    content = document.content
    if content is None:
        return []
    if not isinstance(content, dict):
        keys = " and ".join(f"`{key}:`" for key in model.model_fields)
        return [document.says((), f"must hold a mapping at its top, with {keys}")]
    # A section without content, as after commenting out all of it, says nothing.
    said = {key: value for key, value in content.items() if value is not None or key not in model.model_fields}
    try:
        model.model_validate(said)
    except ValidationError as error:
        problems = [problem for problem in error.errors(include_url=False) if problem["type"] != "missing"]
        # A list whose items are wrong is too short only because they are not counted.
        wrong = {problem["loc"][:-1] for problem in problems}
        problems = [problem for problem in problems if problem["type"] != "too_short" or problem["loc"] not in wrong]
        return [document.says(_key(problem), _words(problem, model)) for problem in problems]
    return []


def _key(error: ErrorDetails) -> Key:
    return tuple(str(part) for part in error["loc"] if part != _NAME_ITSELF)


def _words(error: ErrorDetails, model: type[Frozen]) -> str:
    kind, key = error["type"], _key(error)
    message = _WORDS.get(kind) or error["msg"].removeprefix("Value error, ")
    if _NAME_ITSELF in error["loc"] and kind != "value_error":
        return "a name must be a text, not a number or the like: put it in quotes"
    if kind in ("extra_forbidden", "invalid_key"):
        return f"unknown key{_suggestion(key[-1], _known_beside(key, model))}"
    # Of an option by its name, and of all options, the message tells what is wrong where.
    is_told = kind == "value_error" and (_NAME_ITSELF in error["loc"] or isinstance(error["input"], dict))
    return message if is_told else f"{message} (found: {error['input']!r})"


def _known_beside(key: Key, model: type[Frozen]) -> Iterable[str]:
    if len(key) == 1:
        return model.model_fields
    return SECTIONS.get(key[-2], Settings).model_fields


def _suggestion(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f". Perhaps you meant {near[0]!r}?" if near else f"; known are: {', '.join(known)}"


def _unreadable_names(document: Document) -> Iterator[str]:
    """The noxfile reads the names line by line, with the standard library alone; it must find the same."""
    listed, seen = list(document.content.get("repositories") or {}), names_in(document.text)
    if listed != seen:
        unread = [str(name) for name in listed if name not in seen] or seen
        yield document.says(
            ("repositories",),
            f"the names must stand one to a line, indented by two spaces, without quotes. Not so: {', '.join(unread)}",
        )
