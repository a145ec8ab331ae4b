"""A job's log as its CI shows it: what is a section, and what only looks like one."""

import re

from runner.ci_sections import Ci

_OF_GITLAB = re.compile(r"^\x1b\[0Ksection_(start|end):\d+:([0-9a-f]+)(?:\[collapsed=true\])?\r+\x1b\[0K(.*)$")


def sections(ci: Ci, shown: str) -> list[str]:
    """The lines that are not empty, with `(` and `)` for what that CI takes for the beginning and the end of a section."""
    lines = []
    names = []
    token = ""
    for line in shown.split("\n"):
        if ci is Ci.GITHUB and token:
            token = "" if line == f"::{token}::" else token
            assert "##[" not in line
            lines += [line] if token else []
        elif ci is Ci.GITHUB and line.startswith("::stop-commands::"):
            token = line.removeprefix("::stop-commands::")
        elif ci is Ci.GITHUB and line.startswith(("::group::", "::endgroup::")):
            lines.append(f"({line.removeprefix('::group::')}" if "::group::" in line else ")")
        elif found := _OF_GITLAB.match(line):
            lines.append(f"({found[3]}" if found[1] == "start" else ")")
            names.append(found[2])
        else:
            assert "\x1b" not in line
            lines.append(line)
    assert names[::2] == names[1::2]
    assert len(set(names)) == len(names) / 2
    return [line for line in lines if line]
