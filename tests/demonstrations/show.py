"""All demonstrations, one after another, and the folder with their pages."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from runner.docker import questions
from runner.docker.engine import connect
from runner.reporting.proof_log import now
from runner.reporting.provenance import commit_of

from .documents import review
from .listings import what_is_left
from .markdown import Pair, page, summary
from .plays import PLAYS
from .record import disagreements
from .stage import Stage
from .subject import ROOT, Subject

SUMMARY = "summary.md"


def show(subject: Subject, proof: Path, say: Callable[[str], None]) -> bool:
    """Play every demonstration, write a page for each and a summary into `proof`, and return whether all went as expected.

    Pages of an earlier call are removed first. EngineUnavailable if there is no engine.
    """
    facts = _facts(subject)
    proof.mkdir(exist_ok=True)
    for old in proof.glob("*.md"):
        old.unlink()
    pairs: list[Pair] = []
    with tempfile.TemporaryDirectory(prefix="agent-tests-demonstration-") as folder:
        stage = Stage(Path(folder), subject)
        for play in (*PLAYS, _documents):
            expected, seen = play(stage)
            pairs.append((expected, seen))
            (proof / f"{expected.name}.md").write_text(page(expected, seen), errors="backslashreplace")
            wrong = disagreements(expected, seen)
            say(f"{'WRONG' if wrong else 'ok   '}  {expected.title}")
            for each in wrong:
                say(f"       {each}")
    (proof / SUMMARY).write_text(summary(facts, pairs), errors="backslashreplace")
    say(f"Pages to post: {proof}")
    return not any(disagreements(*pair) for pair in pairs)


def _documents(stage: Stage) -> Pair:
    expected, seen = review(ROOT)
    return expected, replace(seen, left=what_is_left(stage.prefix, None))


def _facts(subject: Subject) -> dict[str, str]:
    engine = connect(os.environ)
    version = engine.ask(questions.version()).version
    facts = {"when": now(), "commit": commit_of(ROOT), "engine": f"Docker {version}"}
    for name, image in subject.images.items():
        here = engine.ask(questions.image(image))
        facts[f"image {name}"] = f"{image} ({here.digest if here else 'not here yet'})"
    return facts
