"""Play a demonstration on its stage: take its steps, read its files, and look at once at what is left."""

from .listings import what_is_left
from .record import Ran, Scene, Seen, Step
from .stage import Stage
from .started import Started


def play(stage: Stage, scene: Scene) -> Seen:
    """Take all steps, also where one did not go as expected: the page then shows what became of the others."""
    faults: list[str] = []
    ran = tuple(_take(stage, step, faults) for step in scene.steps)
    files = {}
    for name in scene.files:
        file = stage.folder / name
        files[name] = file.read_text(errors="replace") if file.is_file() else None
    left = what_is_left(stage.prefix, "\n".join(each.output for each in ran))
    return Seen(ran, files, left, tuple(faults))


def _take(stage: Stage, step: Step, faults: list[str]) -> Ran:
    if step.before:
        step.before()
    with Started(stage.folder, *step.arguments) as run:
        if step.interrupt_at:
            if run.wait_for(step.interrupt_at):
                run.ctrl_c()
            else:
                faults.append(f"`{step.interrupt_at}` came, so that there was a Ctrl+C")
        exit_code = run.finish()
    return Ran(run.command, exit_code, run.output)
