"""`python -m tests.corpus.record [NAME ...]`: run the cases on a real engine, compare, and record their outcomes as data."""

import sys
import tempfile
from pathlib import Path

from .case import differences, verdict_of
from .cases import CASES
from .engine import outcomes_of
from .recorded import FOLDER, record


def main(names: list[str]) -> int:
    """Record the named cases, without names all; the exit code is 1 if a verdict is not the expected one."""
    cases = [case for case in CASES if not names or case.name in names]
    wrong = 0
    with tempfile.TemporaryDirectory() as name, outcomes_of(cases, Path(name)) as futures:
        for case in cases:
            outcome = futures[case.name].result()
            record({case.name: outcome})
            verdict = verdict_of(case, outcome, case.write(Path(name) / "judged"))
            print(f"{case.name:<32} odoo {outcome.odoo_exit:>3}  {verdict.word:<10}  {verdict.counts}", flush=True)
            found = differences(case, verdict)
            wrong += bool(found)
            print("".join(f"  {line}\n" for line in found), end="")
    if not names:
        for file in FOLDER.glob("*.log"):
            if file.stem not in {case.name for case in CASES}:
                file.unlink()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
