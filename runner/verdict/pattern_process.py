"""Search regular expressions in lines: a process by itself, which pattern_search starts and ends. Standard library only."""

import json
import re
import sys
import warnings


def main() -> None:
    """Read `[patterns, lines]` as JSON; write, for one pattern after another, which of the lines it is found in."""
    warnings.simplefilter("ignore")
    patterns, lines = json.load(sys.stdin)
    for pattern in patterns:
        search = re.compile(pattern).search
        sys.stdout.write(f"{json.dumps([number for number, line in enumerate(lines) if search(line)])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
