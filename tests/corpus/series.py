"""The corpus as other series of Odoo than the newest see it: the cases that have a log there, and in what they differ.

The logs of 14 are recorded; those of 15 to 18 are written from Odoo's sources, see the README.md beside them.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

from runner.errors import ExitCode

from .case import MANIFEST, Case, manifest, test_file
from .cases import CASES
from .not_proven import IS_CUT, ZERO, none_started

RECORDED = ("14",)
WRITTEN = ("15", "16", "17", "18")
NAMES = (
    *("plain_pass", "failure", "error", "failing_subtests", "set_up_class_error", "tear_down_class_error"),
    *("skip_beside", "all_skipped", "class_skipped", "empty_tests_init", "expected_failure"),
    *("inherited_beside", "inherited_only", "mixin_only"),
    *("import_error_in_the_module", "import_error_in_a_test_file"),
)
# Of these there is no written log.
ONLY_RECORDED = (
    *("post_install", "narrower_tags", "skipped_class_beside", "subtests", "imported_by_another_test_file"),
    *("prints_what_looks_like_a_result", "unfinished_lines", "several_failures", "same_names"),
    *("failure_that_quotes_a_result", "failure_then_killed", "forgotten_file", "async_only", "invalid_tag"),
    *("one_unknown_name", "addons_path_missing", "not_installable", "missing_dependency", "broken_view"),
    *("syntax_error_in_a_test_file", "os_exit_in_a_test", "silenced", "logs_a_failure", "installed_before"),
)
UNEXPECTED_SUCCESS = Case(
    "unexpected_success",
    "A test passes that is expected to fail.",
    test_file("""
        class TestOne(TransactionCase):
            @unittest.expectedFailure
            def test_one(self):
                self.assertTrue(self.env.user)
    """),
)
_NO_REASON = "1 test skipped, no reason is told"
_PASSED: dict[str, Any] = {"exit_code": ExitCode.PASSED, "reasons": (), "notes": ()}
# A test case's inherited tests run under its own name, too.
_UNTIL_17: Mapping[str, Mapping[str, Any]] = {
    "inherited_beside": {"counts": (3, 0, 0, 0)},
    "inherited_only": {**_PASSED, "counts": (2, 0, 0, 0)},
    "mixin_only": {**_PASSED, "counts": (1, 0, 0, 0)},
}
# No reason of a skip is told, expected failures are known, and Odoo goes on without tests that it cannot import.
_UNTIL_15: Mapping[str, Mapping[str, Any]] = {
    "class_skipped": {
        "reasons": (ZERO, none_started("class_skipped"), "TestOne.test_one: its class was skipped in setUpClass"),
        "notes": (f"{_NO_REASON} (TestOne.test_one)",),
    },
    "skip_beside": {"notes": (f"{_NO_REASON} (TestOne.test_two)",)},
    "all_skipped": {"notes": ("2 tests skipped, no reason is told (TestOne.test_one, TestOne.test_two)",)},
    "expected_failure": {**_PASSED, "counts": (1, 0, 0, 0)},
    "unexpected_success": {
        "exit_code": ExitCode.FAILED,
        "reasons": ("FAIL: TestOne.test_one",),
        "counts": (1, 1, 0, 0),
    },
    "import_error_in_a_test_file": {
        "reasons": (
            "Can not `import import_error_in_a_test_file`. ModuleNotFoundError: No module named 'no_such_library'"
            " (import_error_in_a_test_file/tests/test_two.py, line 1)",
            f"so {none_started('import_error_in_a_test_file')}",
        ),
    },
}
# A module is stored as installed only after its tests.
_FROM_16_TO_18: Mapping[str, Mapping[str, Any]] = {
    "import_error_in_a_test_file": {
        "reasons": (
            "No module named 'no_such_library' (import_error_in_a_test_file/tests/test_two.py, line 1)",
            "so Odoo ended with exit code 255, module import_error_in_a_test_file is not installed (its state: uninstalled)",
        ),
    },
}
# The module's exception is logged once more, without its place.
_UNTIL_16: Mapping[str, Mapping[str, Any]] = {
    "import_error_in_the_module": {
        "reasons": (
            "No module named 'no_such_library' (import_error_in_the_module/__init__.py, line 1)",
            "Couldn't load module import_error_in_the_module",
            "No module named 'no_such_library'",
            "so Odoo ended with exit code 255, module import_error_in_the_module is not installed",
        ),
    },
}
_ONLY_14: Mapping[str, Mapping[str, Any]] = {
    "skipped_class_beside": {
        "notes": (f"{_NO_REASON} (TestTwo.test_two)",),
    },
    "failure_then_killed": {
        "reasons": (
            "FAIL: TestOne.test_one",
            "Odoo was killed (exit code 137)",
            f"so {IS_CUT}",
        ),
    },
    "addons_path_missing": {
        "reasons": (
            "Odoo ended with exit code 2",
            f"so {IS_CUT} after",
        ),
        "counts": (0, 0, 0, 0),
    },
    "missing_dependency": {
        "reasons": (
            "depends on module 'nowhere'. But the latter module is not available",
            "so Odoo ended with exit code 255, module missing_dependency is not installed",
        ),
    },
    "broken_view": {
        "reasons": (
            "ParseError: while parsing /mnt/extra-addons/broken_view/view.xml:1",
            "so Odoo ended with exit code 255, module broken_view is not installed",
        ),
    },
    "syntax_error_in_a_test_file": {
        "reasons": (
            "SyntaxError: invalid syntax (syntax_error_in_a_test_file/tests/test_one.py, line 13)",
            f"so {none_started('syntax_error_in_a_test_file')}",
        ),
    },
    "os_exit_in_a_test": {
        "reasons": (IS_CUT, "so module os_exit_in_a_test is not installed (its state: to install)"),
    },
    # `--init` installs such a module again, and runs its tests.
    "installed_before": {**_PASSED, "counts": (1, 0, 0, 0)},
}
_DIFFERENCES = {
    "14": (_UNTIL_17, _UNTIL_16, _UNTIL_15, _ONLY_14),
    "15": (_UNTIL_17, _UNTIL_16, _UNTIL_15),
    "16": (_UNTIL_17, _UNTIL_16, _FROM_16_TO_18),
    "17": (_UNTIL_17, _FROM_16_TO_18),
    "18": (_FROM_16_TO_18,),
}


def cases_of_series(series: str) -> tuple[Case, ...]:
    """The cases that have a log of this series, such as 14, with the verdicts that they must get there."""
    names = {*NAMES, *(ONLY_RECORDED if series in RECORDED else ())}
    cases = [*(case for case in CASES if case.name in names), UNEXPECTED_SUCCESS]
    assert len(cases) == len(names) + 1, names - {case.name for case in cases}
    return tuple(_in_series(case, series) for case in cases)


def _in_series(case: Case, series: str) -> Case:
    changes = {key: value for cases in _DIFFERENCES[series] for key, value in cases.get(case.name, {}).items()}
    text = case.files.get("__manifest__.py") or manifest()
    files = {**case.files, "__manifest__.py": text.replace(str(MANIFEST["version"]), f"{series}.0.1.0.0")}
    return dataclasses.replace(case, files=files, **changes)
