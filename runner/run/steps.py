"""What comes before the tests where these are to begin with more than an installation: `--upgrade-from`, `--reinstall`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from runner.docker import questions
from runner.environment.environment import Environment
from runner.errors import EnvironmentFailed, ExitCode
from runner.odoo import command as odoo
from runner.odoo.manifest import read_manifest
from runner.odoo.mounted_sources import Answer
from runner.odoo.settings import settings_of
from runner.odoo.source_tree import Tree
from runner.reporting.proof_log import RunLog
from runner.run.asked import Asked
from runner.run.comparing import read
from runner.run.odoo_run import OdooRun
from runner.run.telling import Telling
from runner.run.testing import Database, Tested, states_by
from runner.text import printable
from runner.upgrade.earlier import Earlier
from runner.upgrade.migrations import Update, is_higher, scripts_not_run
from runner.verdict.beginning import Beginning, Step, Version
from runner.verdict.failed_checks import Evidence, failed_checks
from runner.verdict.verdict import Verdict

# Of an uninstallation, which may fail at each record.
_MOST_ERRORS = 5


def run_after_steps(environment: Environment, test: Callable[..., Tested], log: RunLog, telling: Telling) -> Tested:
    """Do what has to come before the tests, then `test` in a `database`; the verdict says which step failed, if one did.

    EnvironmentFailed if a container or the engine dies meanwhile, or the container has not the earlier sources.
    """
    options = environment.context.options
    if environment.earlier:
        return _Upgrade(environment, environment.earlier, log, telling).run(test)
    if options.reinstall:
        return _Reinstallation(environment, log, telling).run(test)
    tested = test()
    if new := options.new_since:
        beginning = Beginning(new.name, new.commit, is_new=True)
        return _begun(tested, tested.verdict, beginning)
    return tested


def _begun(tested: Tested, verdict: Verdict, beginning: Beginning, doubts: Sequence[str] = ()) -> Tested:
    """Return what was tested with this verdict, and what came before the tests, in the facts as well."""
    facts = tested.facts
    if facts:
        facts = replace(facts, beginning=beginning.title, doubts=(*facts.doubts, *doubts))
    verdict = replace(verdict.doubted(doubts), beginning=beginning)
    return replace(tested, verdict=verdict, lasting=(*tested.lasting, *doubts), facts=facts)


def _because(verdict: Verdict, told: str) -> Verdict:
    return replace(verdict, reasons=(told, *verdict.reasons[1:]))


class _Steps:
    """Processes of Odoo one after another, on one database, in the time of the tests each."""

    def __init__(self, environment: Environment, log: RunLog, telling: Telling) -> None:
        self._environment, self._log, self._telling = environment, log, telling
        self._context = environment.context
        self._settings = Asked(environment).settings
        self._has_timed_out = False

    def _do(self, step: Step, command: list[str], state: str) -> list[str]:
        """Run the command of a step, after which the module has to be in that state; the reasons why it has failed."""
        environment, module = self._environment, self._context.module
        with self._context.terminal.phase(step.value):
            timeout = self._context.options.test_timeout
            ran = OdooRun(environment, command, timeout, self._log, self._telling, lambda _log, _begun: False)
        self._has_timed_out = ran.timed_out
        states = self._states()
        late = ["it ran past its time (--test-timeout)"] if ran.timed_out else []
        if state == "installed":
            return late + failed_checks(Evidence(module, ran.exit_code, ran.log, states, None, needs_tests=False))
        now = states if isinstance(states, str) else states.get(module, "unknown")
        if not ran.exit_code and now == state:
            return []
        errors = [*dict.fromkeys(record.message.splitlines()[-1] for record in ran.log.errors.times)][:_MOST_ERRORS]
        ended = f"Odoo ended with exit code {ran.exit_code}{f' after `{ran.log.last_line}`' if ran.log.last_line else ''}"
        return [*late, *errors, ended, f"module {module} is not {state} (its state: {now})"]

    def _states(self) -> Mapping[str, str] | str:
        """What the database says of the module, or why it does not. EnvironmentFailed if a container has died."""
        environment = self._environment
        command = odoo.states_command([self._context.module])
        status = environment.prefetch_states()
        states = environment.engine.prefetch(questions.execution(environment.odoo_container, command))
        environment.check_alive(now := status.result())
        return states_by(states, environment, now)

    def _versions(self) -> dict[str, str]:
        """The versions of all modules that are installed; none where the database does not tell, as of what Odoo broke."""
        question = questions.execution(self._environment.odoo_container, odoo.versions_command())
        exit_code, answer = self._environment.engine.ask(question)
        return {} if exit_code else odoo.parse_states(answer)

    def _stopped(self, beginning: Beginning, what: str, reasons: Sequence[str]) -> Tested:
        told = f"{what}: {reasons[0]}"
        code = int(ExitCode.TIMED_OUT if self._has_timed_out else ExitCode.NOT_PROVEN)
        verdict = Verdict(code, self._context.module, reasons=(told, *reasons[1:]), beginning=beginning)
        # What an earlier module lacks, the container is not asked for.
        is_of_the_checkout = self._environment.earlier is None
        return Tested(verdict, failed_to_install=is_of_the_checkout, lasting=(), undeclared_names=None, facts=None)


class _Reinstallation(_Steps):
    def run(self, test: Callable[..., Tested]) -> Tested:
        """Install, uninstall, and install with tests."""
        context = self._context
        module, timeout = context.module, context.options.test_timeout
        install = odoo.install_command(module, context.repository, timeout, self._settings)
        if reasons := self._do(Step.INSTALL, install, "installed"):
            return self._stopped(Beginning(failed=Step.INSTALL), "the first installation failed", reasons)
        later = settings_of(context.repository).beyond_preparation
        uninstall = odoo.uninstall_command(module, len(context.repository.addons), timeout, later)
        if reasons := self._do(Step.UNINSTALL, uninstall, "uninstalled"):
            return self._stopped(Beginning(failed=Step.UNINSTALL), "the uninstallation failed", reasons)
        tested = test(database=Database(is_begun=True))
        verdict = tested.verdict
        if tested.failed_to_install and not verdict.passed:
            told = f"after the uninstallation, the module could not be installed again: {verdict.reasons[0]}"
            return _begun(tested, _because(verdict, told), Beginning(failed=Step.REINSTALL))
        return _begun(tested, verdict, Beginning())


class _Upgrade(_Steps):
    def __init__(self, environment: Environment, earlier: Earlier, log: RunLog, telling: Telling) -> None:
        super().__init__(environment, log, telling)
        self._earlier = earlier
        self._ref = earlier.revision.ref
        # The sources here, of the module and of what it depends on in its repository.
        self._now = {folder.name: folder for folder in environment.sources.folders}
        self._before = {name: folder for name, folder in earlier.modules.items() if name in self._now}
        self._changed = [name for name in self._now if self._is_changed(name)]

    def run(self, test: Callable[..., Tested]) -> Tested:
        """Install the module as it was, update it to what is tested, and test."""
        module, name = self._context.module, printable(self._ref.name)
        beginning = Beginning(self._ref.name, self._ref.commit)
        warnings = self._earlier.warnings
        for warning in warnings:
            self._context.terminal.line(f"  warning: {warning}")
        facts = {"as of": str(self._ref), **{f"version of {name}": self._told_versions(name) for name in self._changed}}
        self._log.block("INSTALLATION OF WHAT IS UPDATED", facts, [f"warning: {warning}" for warning in warnings])
        self._compare()
        timeout = self._context.options.test_timeout
        command = odoo.install_command(module, self._earlier.repository, timeout, self._settings)
        if reasons := self._do(Step.INSTALL, command, "installed"):
            told = f"{module} as of {self._ref} could not be installed, so that no update was tested"
            return self._stopped(replace(beginning, failed=Step.INSTALL), told, reasons)
        before = self._versions()
        # What depends on them, Odoo updates too; and installs what they need that is new.
        updated = [module, *(name for name in self._changed if name in before and name != module)]
        self._log.block("UPDATE", {"from": str(self._ref), "modules": " ".join(updated)})
        update = Update()
        tested = test(database=Database(is_begun=True, update=updated, hear=update.hear))
        after = self._versions()
        versions = [Version(name, before.get(name, ""), after.get(name, "")) for name in updated]
        beginning = replace(beginning, versions=versions, scripts=update.told)
        verdict = tested.verdict
        if tested.failed_to_install and not verdict.passed and versions[0].before == versions[0].after:
            told = f"the update from {name} failed: {verdict.reasons[0]}"
            return _begun(tested, _because(verdict, told), replace(beginning, failed=Step.UPDATE))
        lost = [] if tested.failed_to_install else [*update.misfits, *self._lost_scripts(versions, update)]
        notes = (*self._notes(versions[0]), *verdict.notes)
        return _begun(tested, replace(verdict, notes=notes), beginning, lost)

    def _told_versions(self, name: str) -> str:
        """Say what the manifests have."""
        now = read_manifest(self._now[name]).version or "none"
        return f"{read_manifest(self._before[name]).version or 'none'} -> {now}" if name in self._before else f"new, {now}"

    def _is_changed(self, name: str) -> bool:
        return name not in self._before or _digest(self._before[name]) != _digest(self._now[name])

    def _compare(self) -> None:
        """Raise EnvironmentFailed if the container has other sources than those of the commit, or takes others."""
        sources = self._earlier.sources

        def ask(*, in_full: bool) -> Answer:
            command = sources.command(in_full=in_full)
            return read(self._environment.engine.ask(questions.execution(self._environment.odoo_container, command)))

        if not sources.are(answer := ask(in_full=False)):
            told = f"The container has other sources than {self._ref}. Nothing was tested."
            raise EnvironmentFailed("\n  ".join([told, *sources.differences(ask(in_full=True))]))
        if elsewhere := sources.elsewhere(answer):
            raise EnvironmentFailed("\n".join(elsewhere))

    def _lost_scripts(self, versions: Sequence[Version], update: Update) -> list[str]:
        found = (scripts_not_run(self._now[v.module], self._before[v.module], v, update) for v in versions)
        return [reason for reasons in found for reason in reasons]

    def _notes(self, version: Version) -> list[str]:
        name = printable(self._ref.name)
        if not self._changed:
            told = f"{version.module} and what it depends on here are the same at {name}: no change of them was tested"
            return [told]
        if is_higher(version) or version.module not in self._changed:
            return []
        return [
            f"the version of {version.module} is not above that at {name} ({version.before}): Odoo runs no migration script"
        ]


def _digest(folder: Path) -> str:
    """Digest the sources of a module, whatever the modes of the files are."""
    return Tree(str(folder), str(folder.parent)).digest
