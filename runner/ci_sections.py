"""Which CI runs this job, and sections of its log that are collapsed until somebody opens them.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands,
https://docs.gitlab.com/ci/jobs/job_logs/
"""

import time
from collections.abc import Mapping
from enum import Enum

from runner.workflow_commands import new_token, on_github


class Ci(Enum):
    """A CI whose logs have sections."""

    GITHUB = "GitHub Actions"
    GITLAB = "GitLab CI"


def ci_of(environ: Mapping[str, str]) -> Ci | None:
    """Tell which CI this is a job of; None for none of those whose logs have sections."""
    if on_github(environ):
        return Ci.GITHUB
    return Ci.GITLAB if environ.get("GITLAB_CI") == "true" else None


class Section:
    """One section, with a title of one line; `begin` and `end` are the lines that the CI reads."""

    def __init__(self, ci: Ci, title: str) -> None:
        self._ci, self._title = ci, title
        self._name = new_token()  # GitLab tells the sections of a job by their names, also those of another call of ours

    @property
    def begin(self) -> str:
        """Open the section, collapsed."""
        if self._ci is Ci.GITHUB:
            return f"::group::{self._title}"
        return f"{self._mark('start')}[collapsed=true]\r\x1b[0K{self._title}"

    @property
    def end(self) -> str:
        """Close it."""
        return "::endgroup::" if self._ci is Ci.GITHUB else f"{self._mark('end')}\r\x1b[0K"

    def _mark(self, which: str) -> str:
        return f"\x1b[0Ksection_{which}:{time.time():.0f}:{self._name}"
