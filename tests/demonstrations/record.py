"""What a demonstration expects, what was seen, and whether they agree. Pure."""

from dataclasses import dataclass, field

# Commands, each with the lines that it printed.
Listings = dict[str, list[str]]


@dataclass(frozen=True)
class Demonstration:
    """One demonstration: `name` is that of its file, `shows` a sentence, the rest what has to be seen.

    `exit_code` None: no command with an exit code is part of it.
    """

    name: str
    title: str
    shows: str
    exit_code: int | None
    says: tuple[str, ...] = ()
    log_says: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What happened. `left`: the listings afterwards; `faults`: what went wrong besides.

    `log` is the proof log, None where there is none.
    """

    command: str
    exit_code: int | None
    output: str
    log: str | None = None
    left: Listings = field(default_factory=dict)
    faults: tuple[str, ...] = ()


def disagreements(expected: Demonstration, seen: Seen) -> list[str]:
    """In what the demonstration did not go as it has to; empty if it did."""
    found = list(seen.faults)
    if seen.exit_code != expected.exit_code:
        found.append(f"the exit code is {seen.exit_code}, not {expected.exit_code}")
    found += [f"the output does not say `{text}`" for text in expected.says if text not in seen.output]
    if expected.log_says and seen.log is None:
        found.append("there is no proof log")
    elif seen.log is not None:
        found += [f"the proof log does not say `{text}`" for text in expected.log_says if text not in seen.log]
    if not seen.left:
        found.append("nobody looked at what is left")
    found += [f"left behind: {line}" for lines in seen.left.values() for line in lines]
    return found
