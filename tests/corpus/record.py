"""`python -m tests.corpus.record [--series 14] [NAME ...]`: run the cases on a real engine, compare, and record the outcomes.

The image is that of repos.yaml, or of the variable ODOO_IMAGE; tests/images/odoo-14 says how one of Odoo 14 is made.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from .case import NEWEST, differences, verdict_of
from .cases import CASES
from .engine import outcomes_of
from .recorded import folder_of, record
from .series import RECORDED, cases_of_series


def main(names: list[str], series: str) -> int:
    """Record the named cases, without names all; the exit code is 1 if a verdict is not the expected one."""
    every = CASES if series == NEWEST else cases_of_series(series)
    cases = [case for case in every if not names or case.name in names]
    wrong = 0
    with tempfile.TemporaryDirectory() as name, outcomes_of(cases, Path(name), series) as futures:
        for case in cases:
            outcome = futures[case.name].result()
            record({case.name: outcome}, series)
            verdict = verdict_of(case, outcome, case.write(Path(name) / "judged"))
            print(f"{case.name:<32} odoo {outcome.odoo_exit:>3}  {verdict.label:<10}  {verdict.counts}", flush=True)
            differing = differences(case, verdict)
            wrong += bool(differing)
            print("".join(f"  {line}\n" for line in differing), end="")
    if not names:
        for file in folder_of(series).glob("*.log"):
            if file.stem not in {case.name for case in every}:
                file.unlink()
    return int(wrong > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.record")
    parser.add_argument("--series", choices=(NEWEST, *RECORDED), default=NEWEST)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    sys.exit(main(arguments.names, arguments.series))
