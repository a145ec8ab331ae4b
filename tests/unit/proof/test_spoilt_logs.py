"""A proof log that was spoilt proves nothing, and the check that tells names what is wrong with it."""

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.cleanup.teardown import Report
from runner.config.options import Keep
from runner.config.repositories import in_series
from runner.errors import UsageError
from runner.images.recipe import recipe_of_tools
from runner.images.store import name_of
from runner.odoo.coverage_command import COVERAGE
from runner.proof.check import Result
from runner.proof.log_file import Summary
from tests.unit.odoo_logs import log, problem, real, result, skipped, starting
from tests.unit.proof.conftest import GREEN, Stage, commit, forge, git

RED = log(
    starting("TestClient.test_one"), problem("FAIL", "TestClient.test_one"), starting("TestClient.test_two"), result(1)
).encode()
FAILURE = problem("FAIL", "TestClient.test_one").encode()


def _swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda part: part.replace(old, new)


def test_the_log_of_a_run_that_passed_proves_it(stage: Stage) -> None:
    checks = stage.check(stage.run())
    assert {name: check.result for name, check in checks.items()} == {
        "whole": Result.OK,
        "signature": Result.NOT_CHECKED,
        "module": Result.OK,
        "commit": Result.OK,
        "sources": Result.OK,
        "images": Result.OK,
        "settings": Result.OK,
        "verdict": Result.OK,
        "teardown": Result.OK,
    }
    assert checks["verdict"].text == "PASSED, 2 tests ran, 0 failed, 0 errors, 0 skipped: made again from Odoo's log"


def test_it_proves_it_against_the_commit_too_whatever_the_checkout_holds_by_then(stage: Stage) -> None:
    proof = stage.run()
    (stage.module / "tests/test_client.py").write_text("raise SystemExit\n")
    assert stage.wrong(proof, against="HEAD") == {}
    assert stage.wrong(proof)["sources"].endswith("evv_core/tests/test_client.py has other content")


def test_a_red_verdict_is_red_also_where_the_sources_are_others(stage: Stage) -> None:
    proof = stage.run(RED, 1)
    (stage.module / "tests/test_client.py").write_text("raise SystemExit\n")
    assert stage.wrong(proof)["verdict"] == "FAILED, by the log itself"


def test_a_log_that_is_cut_short_is_not_whole(stage: Stage) -> None:
    proof = stage.run()
    content = proof.read_bytes()
    for end in (len(content) - 1, len(content) - 70, len(content) // 2, 500):
        proof.write_bytes(content[:end])
        assert stage.wrong(proof) == {"whole": "its last line is no digest: it is cut short, or something was appended"}
    proof.write_bytes(b"")
    assert stage.wrong(proof) == {"whole": "it is no proof log, or its beginning is missing"}


def test_one_byte_that_was_edited_breaks_the_digest(stage: Stage) -> None:
    proof = stage.run()
    content = proof.read_bytes()
    proof.write_bytes(content.replace(b"Odoo version 19.0", b"Odoo version 18.0"))
    assert [*stage.wrong(proof)] == ["whole"]
    assert "it was edited: its digest is" in stage.wrong(proof)["whole"]


def test_appended_text_and_a_second_foot_are_found(stage: Stage) -> None:
    proof = stage.run()
    content = proof.read_bytes()
    *_, blocks, digest = content.splitlines(keepends=True)
    proof.write_bytes(content + b"reviewed and approved\n")
    assert [*stage.wrong(proof)] == ["whole"]
    proof.write_bytes(content + blocks + digest)
    assert stage.wrong(proof) == {"whole": "its blocks are not where its foot says: something was added or taken away"}


@pytest.mark.parametrize(
    ("head", "why"),
    [
        (b"module:", "an earlier version of the runner wrote it, without a digest: run the tests again"),
        (b"log format: 2\nmodule:", "it has format 2, and only 1 is understood here"),
    ],
)
def test_a_log_of_another_format_is_told_as_such(stage: Stage, head: bytes, why: str) -> None:
    proof = stage.run()
    proof.write_bytes(re.sub(rb"log format: +1\n(?s:.*?)module:", head, proof.read_bytes(), count=1))
    assert stage.wrong(proof) == {"whole": why}


def test_the_summary_of_several_modules_is_no_proof(stage: Stage) -> None:
    proof = stage.checkout / "proof_of_execution_tests.log"
    proof.write_text("SUMMARY OF SEVERAL MODULES\ncommand: x\n")
    with pytest.raises(Summary):
        stage.check(proof)


def test_a_log_of_another_module_is_found_by_its_name_and_by_what_is_asked_for(stage: Stage) -> None:
    proof = stage.run()
    renamed = proof.rename(proof.with_name("proof_of_execution_tests.evv_visits.log"))
    why = "evv_core of evv, although its file is called proof_of_execution_tests.evv_visits.log"
    assert stage.wrong(renamed) == {"module": why}
    proof = renamed.rename(proof.with_name("proof_of_execution_tests.evv_core.18.0.2.log"))
    assert stage.wrong(proof) == {}
    assert stage.wrong(proof, modules=("evv_visits",)) == {"module": "evv_core of evv, and not evv_visits"}


def test_a_module_of_the_same_name_in_another_repository_is_another_one(stage: Stage) -> None:
    proof = stage.run()
    assert stage.wrong(proof, modules=("hub/evv_core", "evv/evv_core")) == {}
    assert stage.wrong(proof, modules=("hub/evv_core",)) == {"module": "evv_core of evv, and not hub/evv_core"}


def test_with_which_series_of_odoo_it_was_tested_is_told(stage: Stage) -> None:
    images = stage.fakes.repository.images.model_copy(update={"series": {"17.0": "odoo:17.0"}})
    stage.fakes.repository = in_series(stage.fakes.repository.model_copy(update={"images": images}), "17.0")
    stage.fakes.repository.compose_file.write_text("image: ${POSTGRES_IMAGE:-postgres:16}\n")
    assert stage.check(stage.run())["module"].text == "evv_core of evv, with Odoo 17.0"


def test_a_log_of_another_commit_is_told(stage: Stage) -> None:
    proof = stage.run()
    (stage.checkout / "README").write_text("x")
    commit(stage.checkout)
    for asked in ({}, {"against": "HEAD"}):
        ((name, why),) = stage.wrong(proof, **asked).items()
        assert name == "commit"
        assert re.fullmatch(r"the log is of [0-9a-f]{12}, and .* is at [0-9a-f]{12}", why)
    assert stage.wrong(proof, against="HEAD~1") == {}


def test_a_log_of_sources_that_were_not_committed_is_not_of_the_commit(stage: Stage) -> None:
    (stage.module / "models.py").write_text("x = 1\n")
    (stage.checkout / "README").write_text("x")
    proof = stage.run()
    assert stage.wrong(proof) == {}  # of what lies there it is
    wrong = stage.wrong(proof, against="HEAD")
    assert [*wrong] == ["commit", "sources"]
    assert "2 files differ from it: README, addons/evv_core/models.py" in wrong["commit"]
    assert wrong["sources"] == "not those of HEAD: evv_core/models.py is gone"


def test_files_that_git_ignores_count_as_odoo_loads_them(stage: Stage) -> None:
    (stage.checkout / ".gitignore").write_text("*.py\n")
    (stage.module / "evil.py").write_text("x = 1\n")
    assert "evv_core/evil.py is gone" in stage.wrong(stage.run(), against="HEAD")["sources"]


def test_a_module_that_is_gone_or_was_not_there_is_said(stage: Stage) -> None:
    proof = stage.run()
    git(stage.checkout, "rm", "-q", "-r", "addons/evv_core")
    commit(stage.checkout)
    assert stage.wrong(proof, against="HEAD")["sources"] == "HEAD has no module evv_core"


@pytest.mark.parametrize("asked", [{"against": "nowhere"}, {"against": "HEAD:addons"}])
def test_a_commit_that_is_not_there_is_an_error_of_who_asks(stage: Stage, asked: dict[str, str]) -> None:
    proof = stage.run()
    with pytest.raises(UsageError, match="--against"):
        stage.check(proof, **asked)


def test_a_file_that_is_not_there_or_none_is_an_error_of_who_asks(stage: Stage, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"The log .*gone\.log cannot be read: No such file"):
        stage.check(tmp_path / "gone.log")
    with pytest.raises(UsageError, match="is no regular file"):
        stage.check(tmp_path)
    with pytest.raises(UsageError, match=r"/proc/self/mem cannot be checked: Input/output error\.$"):
        stage.check(Path("/proc/self/mem"))


def test_the_log_of_a_run_that_failed_proves_nothing(stage: Stage) -> None:
    assert stage.wrong(stage.run(RED, 1)) == {"verdict": "FAILED, by the log itself"}


def test_failed_that_was_made_passed_is_found_by_making_the_verdict_again(stage: Stage) -> None:
    proof = stage.run(RED, 1)
    forge(proof, lambda part: part.replace(b"FAILED\n", b"PASSED\n").replace(b"exit code: 1", b"exit code: 0"))
    ((name, why),) = stage.wrong(proof).items()
    assert name == "verdict"
    assert why.startswith("the log says verdict: PASSED, exit code: 0; but from Odoo's log in it follows verdict: FAILED")
    assert why.endswith("(FAIL: TestClient.test_one)")


def test_a_failure_that_was_cut_out_of_odoo_s_log_is_still_in_its_result(stage: Stage) -> None:
    proof = stage.run(RED, 1)
    forge(
        proof,
        lambda part: part.replace(FAILURE, b"").replace(b"FAILED\n", b"PASSED\n").replace(b"exit code: 1", b"exit code: 0"),
    )
    assert [*stage.wrong(proof)] == ["verdict"]


def test_an_edited_number_of_tests_is_found(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, _swap(b"2 tests ran", b"20 tests ran"))
    assert stage.wrong(proof) == {
        "verdict": "the log says tests: 20 tests ran, 0 failed, 0 errors, 0 skipped; but from Odoo's log in it follows"
        " tests: 2 tests ran, 0 failed, 0 errors, 0 skipped"
    }


def test_a_test_that_was_cut_out_of_odoo_s_log_is_missed_in_the_sources(stage: Stage) -> None:
    proof = stage.run()
    lines = GREEN.splitlines(keepends=True)
    started = b"".join(line for line in lines if b"Starting TestClient" in line)
    forge(proof, lambda part: part.replace(started, b"").replace(b"of 2 tests when", b"of 0 tests when"))
    assert "follows verdict: NOT PROVEN, exit code: 7, tests: 0 tests ran" in stage.wrong(proof)["verdict"]


def test_what_remained_after_the_teardown_is_told(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, lambda part: part.replace(b"  (nothing)\n", b"  p-odoo-1\n", 1))
    assert stage.wrong(proof) == {"teardown": "where `(nothing)` must be the log has `p-odoo-1`"}
    stage.fakes.report = Report(left={"containers": ["p-db-1"], "networks": [], "volumes": []}, errors=["busy"])
    assert [*stage.wrong(stage.run())] == ["verdict", "teardown"]


def test_a_listing_of_another_run_is_none_of_this_one(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, lambda part: re.sub(rb"(compose\.project=)\S+", rb"\1evv-agent-test-other", part))
    assert "must be the log has" in stage.wrong(proof)["teardown"]


def test_another_image_is_told(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, _swap(b"image odoo:18.0:", b"image odoo:17.0:"))
    assert stage.wrong(proof) == {"images": "odoo:18.0 of repos.yaml is not among them; odoo:17.0 is none of repos.yaml"}


def test_a_part_of_the_name_of_an_image_is_not_its_name(stage: Stage) -> None:
    proof = stage.run()
    stage.fakes.repository.compose_file.write_text("image: ${OF_MINE:-registry/odoo:18.0.1}\nimage: postgres:16\n")
    assert stage.wrong(proof) == {}  # that which repos.yaml names
    name = b"odoo:18.0"
    for part in (b"odoo:18", b"18.0.1", b"registry"):
        forge(proof, _swap(b"image %s:" % name, b"image %s:" % part))
        assert stage.wrong(proof) == {"images": f"{part.decode()} is none of repos.yaml"}
        name = part


def test_what_odoo_was_asked_for_otherwise_than_repos_yaml_says_is_told(stage: Stage) -> None:
    stage.fakes.repository = stage.fakes.repository.model_copy(update={"demo": False, "languages": ("de_DE",)})
    stage.fakes.engine.answers["exec p-odoo-1"] = "evv_core installed\n"
    proof = stage.run()
    assert stage.check(proof)["settings"].text == "demo data: no; languages: de_DE"
    stage.fakes.repository = stage.fakes.repository.model_copy(update={"demo": True, "languages": ("de_DE",)})
    assert stage.wrong(proof)["settings"] == "the log says demo data: no; but repos.yaml says demo data: yes"
    stage.fakes.repository = stage.fakes.repository.model_copy(update={"demo": None, "languages": ()})
    assert stage.wrong(proof)["settings"].endswith("but repos.yaml says demo data: not asked for; languages: not asked for")


def test_the_image_that_measures_coverage_is_known_by_that_on_which_it_was_built(stage: Stage) -> None:
    proof = stage.run()
    line = next(line for line in proof.read_bytes().splitlines(keepends=True) if line.startswith(b"image odoo:18.0:"))
    recipe = recipe_of_tools((COVERAGE,))
    assert recipe
    name = name_of(recipe.key(line.split()[-1].decode()))
    forge(proof, _swap(line, line + f"image {name}: sha256:1\n".encode()))
    assert stage.wrong(proof) == {}
    forge(proof, _swap(f"image {name}".encode(), f"image {name[:-1]}".encode()))
    assert stage.wrong(proof) == {"images": f"{name[:-1]} is none of repos.yaml"}


def test_the_proof_of_some_tests_is_none_of_the_module(stage: Stage) -> None:
    output = log(starting("TestClient.test_one"), result(tests=1)).encode()
    proof = stage.run(output, tests=("TestClient.test_one",))
    assert stage.wrong(proof) == {"verdict": "PASSED, only TestClient.test_one: it proves these tests, and not the module"}
    forge(proof, _swap(b"PASSED, only TestClient.test_one", b"PASSED"))
    assert "verdict: PASSED, only TestClient.test_one" in stage.wrong(proof)["verdict"]


def test_of_a_log_whose_middle_is_left_out_the_verdict_is_not_believed(stage: Stage) -> None:
    proof = stage.run(GREEN.replace(b"Starting", b"x" * 90_000 + b"\nStarting", 1), max_log=100_000)
    why = stage.wrong(proof)["verdict"]
    assert re.fullmatch(r"PASSED, but it cannot be made again: [\d,]+ bytes of Odoo's log are left out\. .*--max-log", why)


def test_what_a_module_prints_in_the_form_of_blocks_and_foot_is_odoo_s_output(stage: Stage) -> None:
    earlier = stage.run().read_bytes()
    proof = stage.run(RED.replace(b"Starting", earlier + b"\n2026-11-24 11:10:42,408 40 INFO agent_test x: Starting", 1), 1)
    assert [*stage.wrong(proof)] == ["verdict"]
    assert stage.check(proof)["whole"].result is Result.OK
    proof = stage.run(GREEN + earlier)
    assert b"FACTS" in earlier
    assert stage.check(proof)["whole"].result is Result.OK


def test_what_is_allowed_must_be_told(stage: Stage) -> None:
    (stage.module / "tests/test_lost.py").write_text("class TestLost(TransactionCase):\n    def test_x(self): ...\n")
    (stage.module / ".agent-tests.yaml").write_text("allow:\n  not_imported: [tests/test_lost.py]\n")
    commit(stage.checkout)
    proof = stage.run()
    assert stage.wrong(proof, against="HEAD") == {}
    forge(proof, lambda part: re.sub(rb"  allowed by .*\n", b"", part))
    assert "the log does not say: allowed by evv_core/.agent-tests.yaml" in stage.wrong(proof)["verdict"]


def test_what_is_noted_must_be_told(stage: Stage) -> None:
    begun = starting("TestClient.test_one"), starting("TestClient.test_two")
    proof = stage.run(log(*begun, skipped("TestClient.test_two"), result(tests=2)).encode())
    assert stage.wrong(proof) == {}
    forge(proof, lambda part: re.sub(rb"  note: 1 test skipped.*\n", b"", part))
    assert "the log does not say: note: 1 test skipped: no browser" in stage.wrong(proof)["verdict"]


def test_a_repository_that_repos_yaml_does_not_have_is_told(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, _swap(b"evv at ", b"other at "))
    assert "No repository 'other' in repos.yaml" in stage.wrong(proof)["repository"]


def test_the_verdict_on_javascript_tests_is_made_again_from_their_own_log(stage: Stage) -> None:
    (stage.module / "static/tests").mkdir(parents=True)
    (stage.module / "static/tests/weeks_off_field.test.js").write_text("// a test\n")
    commit(stage.checkout)
    scripts = real("javascript-passed").replace("traction", "evv_core").encode()
    proof = stage.run(javascript=scripts)
    assert "(2 in JavaScript)" in stage.check(proof, against="HEAD")["verdict"].text
    assert stage.wrong(proof) == {}
    forge(proof, _swap(b"[HOOT] Passed", b"[HOOT] Failed"))
    forge(proof, _swap(b'"javascript_exit": 0', b'"javascript_exit": 1'))
    assert [*stage.wrong(proof)] == ["verdict"]


def test_facts_that_are_none_make_no_verdict(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, _swap(b'"odoo_exit": 0', b'"odoo_exit": []'))
    assert stage.wrong(proof)["verdict"].startswith("PASSED, but it cannot be made again: ")
    forge(proof, lambda part: re.sub(rb"as JSON: .*", b"as JSON: " + b"[" * 100_000, part))
    assert stage.wrong(proof)["verdict"].startswith("PASSED, but it cannot be made again: ")


def test_the_run_and_who_verifies_have_one_rule(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = stage.run()

    def strict(*arguments: object, **more: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr("runner.verdict.facts.judge", strict)
    with pytest.raises(ZeroDivisionError):
        stage.check(proof)
    with pytest.raises(ZeroDivisionError):
        stage.run()


def test_a_log_of_one_endless_line_takes_no_memory_of_its_size(stage: Stage) -> None:
    proof = stage.run(GREEN + b"x" * 20_000_000)
    tracemalloc.start()
    try:
        assert stage.wrong(proof) == {}
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_blocks_of_too_many_lines_are_refused(stage: Stage) -> None:
    proof = stage.run()
    forge(proof, lambda part: part.replace(b"module: ", b"\n" * 500_000 + b"module: "))
    assert stage.wrong(proof) == {"whole": "its blocks have more than 500,000 lines"}


def test_an_environment_that_was_kept_is_left(stage: Stage) -> None:
    wrong = stage.wrong(stage.run(keep=Keep.ALWAYS))
    assert wrong == {"teardown": "the log says nothing of one: the environment was kept, or never removed"}
