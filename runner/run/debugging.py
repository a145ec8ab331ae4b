"""Debug the tests of a run: how that is done, and why it proves nothing."""

import json
from collections.abc import Iterable

from runner.config.options import Debugger, Options
from runner.environment.environment import Environment
from runner.environment.longest import WATCHED
from runner.odoo.command import addons_targets
from runner.verdict.verdict import Verdict

# As pip is told of it, for Odoo 14 to 19.
DEBUGPY = "debugpy~=1.8.0"


def say_how_to_debug(environment: Environment) -> None:
    """Tell the person what they can do from here on, if they asked for a debugger."""
    context = environment.context
    say, debugger = context.terminal.line, context.options.debugger
    if debugger is Debugger.PDB:
        say("  --debugger: Odoo has this terminal now. q in pdb ends a test, Ctrl+C goes to Odoo, Ctrl+] ends the run")
    elif debugger is Debugger.DEBUGPY:
        hours = f"{WATCHED / 3600:.0f} hours"
        say(f"  --debugpy: Odoo waits at {environment.address} for a debugger, for at most {hours}; Ctrl+C ends")
        if way := environment.address.way:
            say(f"  open:     {way}")
        say("  for `configurations` in the .vscode/launch.json of VS Code:")
        for line in json.dumps(_attach(environment), indent=2).splitlines():
            say(f"    {line}")


def _attach(environment: Environment) -> dict[str, object]:
    """What VS Code has to know."""
    host, _, port = environment.address.where.rpartition(":")
    folders = environment.context.repository.addons
    return {
        "name": f"Odoo tests of {environment.context.module}",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": host.strip("[]"), "port": int(port)},
        "pathMappings": [
            {"localRoot": str(folder), "remoteRoot": target}
            for folder, target in zip(folders, addons_targets(len(folders)), strict=True)
        ],
        "justMyCode": False,
    }


def why_no_proof(options: Options, verdict: Verdict) -> Iterable[str]:
    """Say why what passed under a debugger is not proven."""
    if options.debugger is Debugger.NONE or not verdict.passed:
        return []
    return [f"it passed under a debugger ({options.debugger.value}): only a run without one proves that"]
