"""What a demonstration expects, what was seen, and what of it a reviewer has to see. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Characters of a line that are quoted on either side of what it has to say.
_AROUND = 80
# Commands, each with the lines that it printed.
Listings = dict[str, list[str]]


@dataclass(frozen=True)
class Step:
    """One command, `python -m runner ARGUMENTS`: its exit code, and texts that its output has to hold.

    `before`: what happens before it, on the stage. `interrupt_at`: the text at which it gets a Ctrl+C, as from a terminal.
    """

    arguments: tuple[str, ...]
    exit_code: int
    says: tuple[str, ...] = ()
    before: Callable[[], object] | None = None
    interrupt_at: str = ""


@dataclass(frozen=True)
class Scene:
    """One demonstration: `name` is that of its page, `shows` a sentence, the rest what has to be seen.

    `steps` are taken one after another. `files`: texts that files have to hold afterwards, by the paths of these below the
    folder in which it is played. `kept`: those of them that go beside the page, under its name.
    """

    name: str
    title: str
    shows: str
    steps: tuple[Step, ...] = ()
    files: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kept: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """A command that has ended; `exit_code` None: it did not, in its time."""

    command: str
    exit_code: int | None
    output: str


@dataclass(frozen=True)
class Seen:
    """What happened: the steps that were taken, the files (None: there is none), what was left, what else went wrong."""

    ran: tuple[Ran, ...] = ()
    files: Mapping[str, str | None] = field(default_factory=dict)
    left: Listings = field(default_factory=dict)
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """One thing that a reviewer must see, whether it is so, and the line where it is to be seen."""

    what: str
    holds: bool
    line: str = ""


def checks(scene: Scene, seen: Seen) -> list[Check]:
    """List all that has to be seen of a demonstration; what went wrong besides comes first."""
    found = [Check(fault, holds=False) for fault in seen.faults]
    for number, step in enumerate(scene.steps):
        ran = seen.ran[number] if number < len(seen.ran) else None
        if ran is None:
            found.append(Check(f"`{' '.join(step.arguments)}` was called", holds=False))
            continue
        code = f"`{ran.command}` ends with exit code {step.exit_code}"
        is_so = ran.exit_code == step.exit_code
        found.append(Check(code, is_so, "" if is_so else f"exit code {ran.exit_code}"))
        found += [_says("its output", text, ran.output) for text in step.says]
    for name, texts in scene.files.items():
        content = seen.files.get(name)
        if content is None:
            found.append(Check(f"there is a `{name}`", holds=False))
        else:
            found += [_says(f"`{name}`", text, content) for text in texts]
    if not seen.left:
        found.append(Check("somebody looked at what is left", holds=False))
    for command, lines in seen.left.items():
        found.append(Check(f"`{command}` prints nothing afterwards", not lines, ", ".join(lines)))
    return found


def disagreements(scene: Scene, seen: Seen) -> list[str]:
    """Tell in what the demonstration did not go as it has to; empty if it did."""
    wrong = [check for check in checks(scene, seen) if not check.holds]
    return [f"{check.what} ({check.line})" if check.line else check.what for check in wrong]


def _says(where: str, text: str, content: str) -> Check:
    """Find the text, with its line, or of a long one what is around it."""
    before, found, after = content.partition(text)
    before, after = before.rpartition("\n")[2], after.partition("\n")[0]
    before = before if len(before) <= _AROUND else f"... {before[-_AROUND:]}"
    after = after if len(after) <= _AROUND else f"{after[:_AROUND]} ..."
    return Check(f"{where} says `{text}`", bool(found), f"{before}{found}{after}".strip() if found else "")
