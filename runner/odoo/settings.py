"""What is asked of Odoo besides a module: demo data, languages, options. How it is told, and whether it did as it was told."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from runner.config.odoo_options import LEFT_OUT, LOAD, in_conf, modules_in
from runner.config.repositories import RepoConfig
from runner.text import first_of, printable, shortened

# By which names a log tells them.
SETTINGS = _DEMO, _LANGUAGES, _OPTIONS = ("demo data", "languages", "options of Odoo")
_ENGLISH = "en_US"
_MOST_NAMES, _LONGEST = 5, 300
# By its name, the value of such an option is nobody's business who reads a log.
_SECRET = re.compile(r"passw|secret|token|key")


@dataclass(frozen=True)
class OdooSettings:
    """`demo`: None for what Odoo does by itself. `options`: as in an odoo.conf."""

    demo: bool | None = None
    languages: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_conf(self) -> dict[str, str]:
        """Return the options with which Odoo 14 to 19 do as asked, but for languages."""
        # As an option of the command line it is another one before 19.
        demo = {} if self.demo is None else {"without_demo": str(not self.demo)}
        return {**self.options, **demo}

    @property
    def not_of_a_conf(self) -> tuple[str, ...]:
        """Return the options that count neither in an odoo.conf nor as a variable."""
        return (*LEFT_OUT, *self.in_conf, *(() if self.demo is None else ("with_demo",)))

    @property
    def words(self) -> list[str]:
        """Return what the command line says besides: in an odoo.conf of 19 languages do not count.

        The first one is that of all partners of a new database, and English is not in it by itself.
        """
        return [f"--load-language={','.join(dict.fromkeys((_ENGLISH, *self.languages)))}"] if self.languages else []

    @property
    def beyond_preparation(self) -> "OdooSettings":
        """Return what is left to ask of an Odoo that begins with a prepared database, in which the languages are loaded.

        Of what it installs, Odoo loads the translations of the languages that are there.
        """
        return replace(self, languages=())

    @property
    def query(self) -> str:
        """Return the question whether the database is as asked; empty where nothing was asked of it."""
        questions = []
        if self.languages:
            questions.append("select 'language', code, active::text from res_lang")
        if self.demo is not None:
            other = "not coalesce(demo, false)" if self.demo else "demo"
            questions.append(f"select 'module', name, '' from ir_module_module where state = 'installed' and {other}")  # noqa: S608
        return " union all ".join(questions)

    def facts(self) -> dict[str, str]:
        """Return what a reader of the log has to know."""
        demo = {} if self.demo is None else {_DEMO: "yes" if self.demo else "no"}
        languages = {_LANGUAGES: ", ".join(self.languages)} if self.languages else {}
        told = {name: "(not shown)" if _SECRET.search(name) else value for name, value in self.options.items()}
        options = ", ".join(f"{name} = {shortened(value, _LONGEST)}" for name, value in told.items())
        return demo | languages | ({_OPTIONS: printable(options)} if options else {})

    def not_honoured(self, answer: str) -> list[str]:
        """Return what the database has otherwise than it was asked for, by the answer to `query`."""
        rows = [line.split(" ") for line in answer.splitlines()]
        active = {row[1]: row[2] == "true" for row in rows if len(row) == 3 and row[0] == "language"}
        modules = [row[1] for row in rows if len(row) == 3 and row[0] == "module"]
        told = f"{'without' if self.demo else 'with'} demo data: {first_of(modules, _MOST_NAMES)}"
        reasons = [f"not as asked, installed {told}"] if modules else []
        return reasons + [_not_there(code, active) for code in self.languages if not active.get(code)]


NOTHING_ASKED = OdooSettings()


def _not_there(code: str, known: Iterable[str]) -> str:
    if code in known:
        return f"the language {code} was not loaded, although it was asked for"
    near = sorted(other for other in known if other.split("_")[0] == code.split("_", maxsplit=1)[0])
    return f"Odoo does not know the language {code}{f', but {first_of(near, _MOST_NAMES)}' if near else ''}"


def settings_of(repository: RepoConfig) -> OdooSettings:
    """Return what is asked for the modules of a repository."""
    return OdooSettings(repository.demo, repository.languages, in_conf(repository.odoo_options))


def server_wide_modules(repository: RepoConfig) -> list[str]:
    """Return the modules that Odoo is asked to import before it looks at a database."""
    return modules_in(repository.odoo_options.get(LOAD, ""))
