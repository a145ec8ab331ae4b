"""Why a stage could not be prepared: because of what its key covers, or because of the machine and its network."""

import re

from runner.text import printable, shortened

_LONGEST = 200
# What the system, PostgreSQL and Python's libraries say of disks, memory, other processes and the network.
_OF_THE_MACHINE = re.compile(
    r"no space left|disk quota|disk ?full|could not extend file|input/output error|read-only file system"
    r"|out of (shared )?memory|memoryerror|cannot allocate memory|temporarily unavailable|too many open files"
    r"|name resolution|name or service not known|nodename nor servname|network is unreachable|host is unreachable|no route to"
    r"|connection (refused|reset|aborted|timed out|to server|already closed)|connectionerror|connecttimeout|broken pipe"
    r"|timed? ?out|max retries exceeded|remote end closed|ssl.{0,40}error|certificate verify failed|proxyerror|http error"
    r"|bad gateway|service unavailable|too many clients|connection slots|(terminating|closed the) connection|could not connect"
    r"|in recovery mode|database system is|deadlock detected|could not serialize|locknotavailable|canceling statement",
    re.IGNORECASE,
)
# Killed, or ended by its limit of time: by whom, and how fast the machine is, no key covers.
_ENDED_FROM_OUTSIDE = range(124, 192)


def is_lasting(exit_code: int, messages: list[str]) -> bool:
    """Tell whether the next run with the same key will most likely meet the same: there are reasons, none of the machine."""
    return bool(messages) and exit_code not in _ENDED_FROM_OUTSIDE and not any(map(_OF_THE_MACHINE.search, messages))


def told(reason: str) -> str:
    """Return a reason in a line that a label can hold and a terminal only shows; log and labels may hold anything."""
    lines = [line for line in reason.splitlines() if line.strip()]
    return shortened(printable(lines[0].strip()), _LONGEST) if lines else "unknown"
