"""Which sources a run tested: the git commit of the checkout, and whether anything in it is not committed."""

import subprocess
from pathlib import Path

# Seconds; `git status` of a large checkout on a slow disk.
_TIMEOUT = 60.0
# What the runner itself writes there says nothing of the sources.
_OWN_FILES = ":(exclude,top,glob)**/proof_of_execution_tests*.log"


def commit_of(checkout: Path) -> str:
    """Name the commit, with `clean` or how many files differ from it; say why where git cannot tell."""
    try:
        commit = _git(checkout, "rev-parse", "HEAD").strip()
        changed = _git(checkout, "status", "--porcelain", "--", ".", _OWN_FILES).splitlines()
    except subprocess.CalledProcessError as error:
        return f"unknown ({(error.stderr.strip() or str(error)).splitlines()[0]})"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"unknown ({error})"
    return f"{commit} ({f'{len(changed)} files differ from it' if changed else 'clean'})"


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    done = subprocess.run(
        command, capture_output=True, check=True, text=True, errors="replace", stdin=subprocess.DEVNULL, timeout=_TIMEOUT
    )
    return done.stdout
