"""Coverage as files: Cobertura's XML, and HTML pages."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

from runner.config.repositories import RepoConfig
from runner.errors import ReportFailed, UsageError
from runner.reporting.coverage_reports import coverage_reports
from runner.reporting.outcome import Outcome
from runner.verdict.coverage import Coverage, FileCoverage
from tests.unit.outcomes import case, failed, passed
from tests.unit.repositories import repository

SOURCE = "if one < two:\n    run('<script>')\nelse:\n    stop()\n"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


ROCK = FileCoverage("addons/rocks/rock.py", (1, 2), (4,), ((1, 2),), ((1, 4),), digest(SOURCE))
INIT = FileCoverage("addons/rocks/__init__.py", (1,), digest=digest("x = 1\n"))
EMPTY = FileCoverage("addons/rocks/models/__init__.py", digest=digest(""))


@pytest.fixture
def known(tmp_path: Path) -> RepoConfig:
    known = repository(tmp_path)
    folder = known.addons[0] / "rocks"
    folder.mkdir(parents=True)
    (folder / "rock.py").write_text(SOURCE)
    (folder / "__init__.py").write_text("x = 1\n")
    return known


def measured(*files: FileCoverage) -> Outcome:
    return passed(case(), coverage=Coverage(files))


def write(known: RepoConfig, outcomes: Sequence[Outcome], *, xml: Path | None = None, html: Path | None = None) -> None:
    for writer in coverage_reports(xml, html, known):
        writer(outcomes)


def test_cobertura_has_a_line_for_each_statement_by_paths_below_the_checkout(known: RepoConfig, tmp_path: Path) -> None:
    write(known, [measured(INIT, ROCK)], xml=tmp_path / "c.xml")
    report = ElementTree.parse(tmp_path / "c.xml").getroot()
    assert report.findtext("sources/source") == str(known.path)
    totals = {"lines-covered": "3", "lines-valid": "4", "branches-covered": "1", "branches-valid": "2"}
    assert totals.items() <= report.attrib.items()
    assert (report.get("line-rate"), report.get("branch-rate")) == ("0.75", "0.5")
    assert [package.get("name") for package in report.iter("package")] == ["addons.rocks"]
    (of_rock,) = (each for each in report.iter("class") if each.get("filename") == "addons/rocks/rock.py")
    assert [line.attrib for line in of_rock.iter("line")] == [
        {"number": "1", "hits": "1", "branch": "true", "condition-coverage": "50% (1/2)"},
        {"number": "2", "hits": "1"},
        {"number": "4", "hits": "0"},
    ]


def test_cobertura_is_well_formed_whatever_a_file_is_called(known: RepoConfig, tmp_path: Path) -> None:
    write(known, [measured(FileCoverage("a/\x00<\udcff>.py", (1,)))], xml=tmp_path / "c.xml")
    (of_file,) = ElementTree.parse(tmp_path / "c.xml").iter("class")
    assert of_file.get("filename") == "a/\\x00<\\udcff>.py"


def test_runs_of_one_module_count_together_and_all_modules_are_in_one_report(known: RepoConfig, tmp_path: Path) -> None:
    other = FileCoverage("addons/rocks/rock.py", (1, 4), (2,), ((1, 4),), ((1, 2),), ROCK.digest)
    write(known, [measured(ROCK), measured(other), measured(INIT), failed()], xml=tmp_path / "c.xml")
    report = ElementTree.parse(tmp_path / "c.xml").getroot()
    assert (report.get("lines-covered"), report.get("lines-valid"), report.get("branch-rate")) == ("4", "4", "1")


def test_of_a_source_that_changed_between_runs_the_last_counts(known: RepoConfig, tmp_path: Path) -> None:
    write(known, [measured(ROCK), measured(FileCoverage(ROCK.path, (), (1,), digest="other"))], xml=tmp_path / "c.xml")
    report = ElementTree.parse(tmp_path / "c.xml").getroot()
    assert (report.get("lines-covered"), report.get("lines-valid")) == ("0", "1")


@pytest.mark.parametrize("kind", ["xml", "html"])
def test_without_any_coverage_no_report_is_written(known: RepoConfig, tmp_path: Path, kind: str) -> None:
    with pytest.raises(ReportFailed, match="no coverage was measured"):
        write(known, [failed()], **{kind: tmp_path / "report"})


def test_an_earlier_report_is_gone_before_the_call_does_anything(known: RepoConfig, tmp_path: Path) -> None:
    write(known, [measured(INIT, ROCK)], xml=tmp_path / "c.xml", html=tmp_path / "pages")
    assert len(list((tmp_path / "pages").iterdir())) == 3
    coverage_reports(tmp_path / "c.xml", tmp_path / "pages", known)
    assert not (tmp_path / "c.xml").exists()
    assert list((tmp_path / "pages").iterdir()) == []


@pytest.mark.parametrize("name", ["notes.txt", "index.html", "1-mine.html"])
def test_a_folder_with_anything_else_is_refused_and_keeps_it(known: RepoConfig, tmp_path: Path, name: str) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / name).write_text("<!doctype html>")
    with pytest.raises(UsageError, match=f"holds '{name}'"):
        coverage_reports(None, tmp_path / "pages", known)
    assert (tmp_path / "pages" / name).exists()


def test_a_file_in_the_place_of_the_folder_is_refused(known: RepoConfig, tmp_path: Path) -> None:
    (tmp_path / "pages").write_text("")
    with pytest.raises(UsageError, match="pages cannot be written"):
        coverage_reports(None, tmp_path / "pages", known)


def pages(known: RepoConfig, folder: Path, *files: FileCoverage) -> str:
    write(known, [measured(*files)], html=folder / "pages")
    return (folder / "pages/index.html").read_text()


def test_the_first_page_leads_to_one_for_each_file_with_statements(known: RepoConfig, tmp_path: Path) -> None:
    index = pages(known, tmp_path, INIT, EMPTY, ROCK)
    assert (
        '<a href="2-addons-rocks-rock.py.html">addons/rocks/rock.py</a></td><td>3</td><td>1</td><td>2</td><td>1</td>' in index
    )
    assert "models" not in index
    assert "<title>Coverage: 66.6 %</title>" in index
    assert sorted(page.name for page in (tmp_path / "pages").iterdir()) == [
        "1-addons-rocks-init-.py.html",
        "2-addons-rocks-rock.py.html",
        "index.html",
    ]


def test_sources_are_shown_line_by_line_and_do_nothing_but_show(known: RepoConfig, tmp_path: Path) -> None:
    pages(known, tmp_path, ROCK)
    page = (tmp_path / "pages/1-addons-rocks-rock.py.html").read_text()
    assert '<li class="partial"><i>never to 4</i>if one &lt; two:</li>\n' in page
    assert (
        '<li class="run">    run(&#x27;&lt;script&gt;&#x27;)</li>\n<li>else:</li>\n<li class="not">    stop()</li>\n' in page
    )
    assert "<script" not in page
    assert "default-src 'none'" in page


def test_a_source_that_has_changed_since_is_not_shown_with_lines_of_another(known: RepoConfig, tmp_path: Path) -> None:
    (known.addons[0] / "rocks/rock.py").write_text("new = 1\n")
    pages(known, tmp_path, ROCK)
    page = (tmp_path / "pages/1-addons-rocks-rock.py.html").read_text()
    assert "The source has changed since. Not run: 1-&gt;4, 4" in page
    assert "new" not in page


def test_a_source_that_is_gone_or_leads_elsewhere_is_told(known: RepoConfig, tmp_path: Path) -> None:
    (known.addons[0] / "rocks/rock.py").unlink()
    (known.addons[0] / "rocks/rock.py").symlink_to("/etc/passwd")
    pages(known, tmp_path, ROCK)
    assert "leads out of addons" in (tmp_path / "pages/1-addons-rocks-rock.py.html").read_text()


def test_a_folder_that_went_meanwhile_is_made_anew(known: RepoConfig, tmp_path: Path) -> None:
    writers = coverage_reports(None, tmp_path / "pages", known)
    (tmp_path / "pages").rmdir()
    for writer in writers:
        writer([measured(INIT)])
    assert (tmp_path / "pages/index.html").exists()
