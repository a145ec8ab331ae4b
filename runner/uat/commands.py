"""`uat start`, `update`, `stop`, `reset` and `status` of one repository's environment."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from runner.cleanup import keep, orphans
from runner.cleanup.teardown import remove_project
from runner.docker import questions
from runner.environment.health import has_failed
from runner.errors import ExitCode, UsageError
from runner.odoo.command import SERVICE
from runner.reporting.proof_log import seconds_since
from runner.text import age, aligned, first_of
from runner.uat.data import Data, drop
from runner.uat.login import file_in
from runner.uat.login_page import login_fault
from runner.uat.modules import changes_since, named_changes, wanted_modules
from runner.uat.place import REMOVING, Place, alone, at_work, cleared, take_down, usable
from runner.uat.standing import LEFT, Uat, address_at
from runner.uat.work import MOST_NAMED, Work

# Seconds for a page that is there.
_LOOKING = 10.0


def start(place: Place, named: Sequence[str]) -> int:
    """Have it run: the first time with the modules installed, later with the data that is there. The exit code."""
    with alone(place) as held:
        uat = cleared(place)
        data = usable(place, uat)
        if not data:
            return Work(place, held, None, wanted_modules(named, place.repository, place.repositories)).first(whole=not named)
        assert uat
        if others := [name for name in named if name not in data.modules]:
            raise UsageError(
                f"{place.project} is there, without {', '.join(others)}. To install that as well: "
                f"{place.call('update')} {' '.join(others)}"
            )
        work = Work(place, held, data, list(data.modules))
        if uat.is_running and work.has_login and not _fault(place, uat):
            address = address_at(place.engine, uat.ports[0]) if uat.ports else None
            work.tell("is running already", address)
            return ExitCode.PASSED
        work.check_versions()
        return work.again(uat)


def update(place: Place, named: Sequence[str]) -> int:
    """Bring in what changed since, or what is named, on a copy of the data which replaces it at the end. The exit code."""
    with alone(place) as held:
        uat = cleared(place)
        data = usable(place, uat)
        if not uat or not data:
            raise UsageError(f"There is no environment {place.project} to update. First: {place.call('start')}")
        if named:
            wanted_modules(named, place.repository, place.repositories)
        changes = named_changes(data, named) if named else changes_since(data, place.repository)
        work = Work(place, held, data, [name for name in (*data.modules, *changes.new) if name not in changes.gone])
        if is_other := work.check_versions():
            changes = replace(changes, changed=("base",))
        if changes.gone:
            place.terminal.line(f"installed, and not in the checkout any more: {', '.join(changes.gone)}")
        if not changes.told:
            since = f"the last update, {age(seconds_since(data.updated))} ago"
            place.terminal.line(f"Nothing changed in the modules of {place.project} since {since}. Nothing is updated.")
            if not uat.is_running:
                place.terminal.line(f"It is stopped. To start it: {place.call('start')}")
            return ExitCode.PASSED
        if changes.new:
            wanted_modules(changes.new, place.repository, place.repositories)
        told = "all modules, as the image of Odoo is another one" if is_other else changes.told
        place.terminal.line(f"{place.project}: {told}")
        return work.with_changes(uat, changes)


def stop(place: Place) -> int:
    """Remove its containers, so that its port is free; the data stays. The exit code."""
    with alone(place):
        uat = cleared(place)
        if not uat or not (uat.containers or uat.networks):
            place.terminal.line(f"{place.project} is not running" + ("." if uat else ", and there is no data of it."))
            return ExitCode.PASSED
        take_down(place, uat)
        place.terminal.line(f"{place.project} is stopped; its data stays. To start it again: {place.call('start')}")
    return ExitCode.PASSED


def reset(place: Place) -> int:
    """Remove it, with its data and its passwords. The exit code."""
    with alone(place):
        uat = place.found()
        if uat and uat.worker:
            raise at_work(place, f", {uat.worker}")
        if uat:
            report = remove_project(place.engine.endpoint, place.project, bound=REMOVING, guard=True)
            # The marker first, without which the others count no more.
            kept = drop(place.engine, [name for name in uat.volumes if name not in uat.half])
            for line in kept:
                place.terminal.line(f"  LEFT: {line}")
            if kept or not report.complete:
                orphans.tell(place.project, report, place.terminal.line)
                return ExitCode.LEFT_BEHIND
        with contextlib.suppress(OSError):
            file_in(place.folder).unlink(missing_ok=True)
        keep.unmark({keep.FOLDER_LABEL: str(place.folder)})
        place.terminal.line(f"{place.project} is removed, with its data." if uat else f"There is no {place.project}.")
    return ExitCode.PASSED


def status(place: Place) -> int:
    """Say what there is of it, and how it is. The exit code."""
    say, uat = place.terminal.line, place.found()
    if not uat:
        say(f"There is no environment {place.project}. To make one: {place.call('start')}")
        return ExitCode.PASSED
    data = uat.data
    facts = {"state": uat.state if uat.is_readable else f"{uat.state}, made by another version of this runner"}
    if uat.worker:
        facts["state"] += f" by {uat.worker}"
    if uat.is_left:
        facts["state"] += f": {LEFT}"
    if uat.is_running:
        fault = _fault(place, uat)
        facts["state"] += f", but {fault}: nox -s logs -- {place.project}" if fault else ""
        facts["address"] = f"http://{address_at(place.engine, uat.ports[0])}" if uat.ports else "none"
    if data:
        facts |= _facts_of(data)
        facts["passwords"] = str(file_in(place.folder))
        changes = changes_since(data, place.repository)
        if changes.told:
            facts["to update"] = f"{changes.told}: {place.call('update')}"
    for line in (f"{place.project}", *(f"  {line}" for line in aligned(facts))):
        say(line)
    return ExitCode.PASSED


def _facts_of(data: Data) -> dict[str, str]:
    return {
        "modules": first_of(list(data.modules), MOST_NAMED),
        "made": f"{age(seconds_since(data.made))} ago, with Odoo {data.odoo or '?'} and PostgreSQL {data.postgres or '?'}",
        "updated": f"{age(seconds_since(data.updated))} ago",
        "login": data.login,
    }


def _fault(place: Place, uat: Uat) -> str:
    """Say what is wrong with one that runs; "" if its containers are as they should be, and Odoo shows its page to log in."""
    states = place.engine.ask(questions.states(list(uat.containers)))
    for state in states:
        if has_failed(state) or state.health == "unhealthy":
            return f"{state.service} is {state.status if state.status != 'running' else state.health or state.status}"
    odoo = [state.name for state in states if state.service == SERVICE]
    assert uat.data
    fault = login_fault(place.engine, odoo[0], uat.data.http_port, _LOOKING) if odoo else "there is no container of Odoo"
    return f"it shows no page to log in: {fault}" if fault and odoo else fault
