"""A report on standard output: then nothing else is there, and a program can read it."""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from runner.errors import UsageError, cause_of
from runner.reporting.report_file import STANDARD_OUTPUT
from runner.text import printable


@contextlib.contextmanager
def output_for_a_report(*files: Path | None) -> Iterator[int | None]:
    """Keep standard output for the report that goes there, and send all else to standard error, as long as the block lasts.

    Gives the stream for the report; None if all of these go to files. UsageError for two in one place, or a closed stream.
    """
    named = [os.path.realpath(file) for file in files if file and file != STANDARD_OUTPUT]
    if twice := [place for place in named if named.count(place) > 1]:
        raise UsageError(f"Two reports cannot go to one place: {printable(twice[0])}. Name another for one of them.")
    number = files.count(STANDARD_OUTPUT)
    if not number:
        yield None
        return
    if number > 1:
        raise UsageError("Only one report can go to standard output (`-`).")
    try:
        sys.stdout.flush()
        output = os.dup(1)
        os.dup2(2, 1)
    except (OSError, AttributeError) as error:
        raise UsageError(f"Standard output or standard error is closed: {cause_of(error)}.") from error
    try:
        yield output
    finally:
        os.dup2(output, 1)
        os.close(output)
