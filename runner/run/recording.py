"""Write down behind the tests' output what a verdict can be made again from: digests of the sources, and the facts."""

import json
from collections.abc import Callable
from dataclasses import asdict

from runner.environment.environment import Environment
from runner.odoo.source_digests import digest_lines
from runner.reporting.proof_log import FACTS, SOURCES, RunLog
from runner.run.testing import Tested


def recorded(environment: Environment, log: RunLog, test: Callable[[], Tested]) -> Tested:
    """Test, and write down all that the verdict rests on besides the tests' output; nothing where no tests began."""
    tested = test()
    if tested.facts is None:
        return tested
    lines = digest_lines(environment.sources.trees)
    log.block(SOURCES, {"copied": "yes" if environment.sources.are_copied else "no", "digests": "SHA-256"}, lines)
    facts = json.dumps(asdict(tested.facts), sort_keys=True)
    log.block(FACTS, {"as JSON": environment.context.without_password(facts)})
    return tested
