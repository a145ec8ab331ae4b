"""All demonstrations, one after another, and the folder with their pages."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from runner.docker import questions
from runner.docker.engine import connect
from runner.reporting.proof_log import now
from runner.reporting.provenance import commit_of

from .documents import review
from .listings import what_is_left
from .markdown import Pair, kept_name, page, summary
from .play import play
from .record import Scene, Seen, disagreements
from .scenes import SCENES, SCENES_OF_ODOO
from .stage import Stage
from .subject import ROOT, Subject

SUMMARY = "summary.md"


def show(subject: Subject, proof: Path, say: Callable[[str], None]) -> bool:
    """Play every demonstration, write a page for each and a summary into `proof`, and return whether all went as expected.

    What an earlier call wrote is removed first. EngineUnavailable if there is no engine.
    """
    facts = _facts(subject)
    proof.mkdir(exist_ok=True)
    for old in (*proof.glob("*.md"), *proof.glob("*.html")):
        old.unlink()
    pairs: list[Pair] = []
    for number, (scene, seen) in enumerate(_played(subject), start=1):
        pair = replace(scene, name=f"{number}-{scene.name}"), seen
        pairs.append(pair)
        _write(proof, *pair)
        wrong = disagreements(*pair)
        say(f"{'WRONG' if wrong else 'ok   '}  {scene.title}")
        for each in wrong:
            say(f"       {each}")
    (proof / SUMMARY).write_text(summary(facts, pairs), errors="backslashreplace")
    say(f"Pages to post: {proof}")
    return not any(disagreements(*pair) for pair in pairs)


def _played(subject: Subject) -> Iterator[Pair]:
    """Each on a stage of its own: what one changes is none of the next one's."""
    for make in (*SCENES, *(SCENES_OF_ODOO if subject.is_odoo else ())):
        with tempfile.TemporaryDirectory(prefix="agent-tests-demonstration-") as folder, Stage(Path(folder), subject) as stage:
            scene = make(stage)
            yield scene, play(stage, scene)
    scene, seen = review(ROOT)
    yield scene, replace(seen, left=what_is_left(f"{subject.repository}-agent-test-demo", ""))


def _write(proof: Path, scene: Scene, seen: Seen) -> None:
    (proof / f"{scene.name}.md").write_text(page(scene, seen), errors="backslashreplace")
    for name in scene.kept:
        if content := seen.files.get(name):
            (proof / kept_name(scene, name)).write_text(content, errors="backslashreplace")


def _facts(subject: Subject) -> dict[str, str]:
    engine = connect(os.environ)
    version = engine.ask(questions.version()).version
    facts = {"when": now(), "commit": commit_of(ROOT), "engine": f"Docker {version}"}
    for name, image in subject.images.items():
        here = engine.ask(questions.image(image))
        facts[f"image {name}"] = f"{image} ({here.digest if here else 'not here yet'})"
    return facts
