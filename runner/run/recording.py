"""Write down what a verdict can be made again from: where Odoo's output begins, the digests of the sources, and the facts."""

import json
from collections.abc import Callable
from dataclasses import asdict

from runner.environment.environment import Environment
from runner.odoo.source_digests import digest_lines
from runner.reporting.proof_log import FACTS, SOURCES, TESTS, RunLog
from runner.run.testing import Tested


def recorded(environment: Environment, log: RunLog, test: Callable[[], Tested]) -> Tested:
    """Test, and write down before it that the tests begin, and after it all that the verdict rests on besides their output."""
    log.block(TESTS, {"module": environment.context.module})
    tested = test()
    lines = digest_lines(environment.sources.trees)
    log.block(SOURCES, {"copied": "yes" if environment.sources.are_copied else "no", "digests": "SHA-256"}, lines)
    facts = json.dumps(asdict(tested.facts), sort_keys=True)
    log.block(FACTS, {"as JSON": environment.context.without_password(facts)})
    return tested
