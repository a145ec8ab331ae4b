"""Coverage as Cobertura's XML (coverage-04.dtd), as GitLab and Jenkins read it: they find sources below `source`."""

import io
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ElementTree, SubElement

from runner.reporting.report_file import write_whole
from runner.reporting.xml_text import legal
from runner.verdict.coverage import Coverage, FileCoverage


def write_cobertura(coverage: Coverage, *, file: Path, checkout: Path) -> None:
    """Write a report with a package for each folder, by paths from the checkout on. ReportFailed if it cannot be written."""
    executed, taken = _executed(coverage.files), _taken(coverage.files)
    totals = {
        "lines-covered": str(executed),
        "lines-valid": str(coverage.statements),
        "branches-covered": str(taken),
        "branches-valid": str(coverage.branches),
        "timestamp": str(int(time.time() * 1000)),
        "version": "1",
    }
    report = Element("coverage", _rates(coverage.files) | totals)
    SubElement(SubElement(report, "sources"), "source").text = legal(str(checkout))
    packages = SubElement(report, "packages")
    folders: dict[str, list[FileCoverage]] = {}
    for each in coverage.files:
        folders.setdefault(PurePosixPath(each.path).parent.as_posix(), []).append(each)
    for folder, files in folders.items():
        package = SubElement(packages, "package", {"name": legal(folder.replace("/", ".")), **_rates(files)})
        classes = SubElement(package, "classes")
        for each in files:
            _add_file(classes, each)
    content = io.BytesIO()
    ElementTree(report).write(content, encoding="utf-8", xml_declaration=True)
    write_whole(file, content.getvalue())


def _add_file(classes: Element, file: FileCoverage) -> None:
    about = {"name": legal(PurePosixPath(file.path).name), "filename": legal(file.path), **_rates([file])}
    of_file = SubElement(classes, "class", about)
    SubElement(of_file, "methods")
    lines = SubElement(of_file, "lines")
    taken = Counter(line for line, _to in file.executed_branches)
    ways = taken + Counter(line for line, _to in file.missing_branches)
    hits = dict.fromkeys(file.missing_lines, 0) | dict.fromkeys(file.executed_lines, 1)
    for number in sorted(hits):
        line = SubElement(lines, "line", {"number": str(number), "hits": str(hits[number])})
        if ways[number]:
            share = 100 * taken[number] // ways[number]
            line.attrib |= {"branch": "true", "condition-coverage": f"{share}% ({taken[number]}/{ways[number]})"}


def _executed(files: Iterable[FileCoverage]) -> int:
    return sum(len(file.executed_lines) for file in files)


def _taken(files: Iterable[FileCoverage]) -> int:
    return sum(len(file.executed_branches) for file in files)


def _rates(files: Iterable[FileCoverage]) -> dict[str, str]:
    files = tuple(files)
    lines, branches = sum(file.statements for file in files), sum(file.branches for file in files)
    return {
        "line-rate": _rate(_executed(files), lines),
        "branch-rate": _rate(_taken(files), branches),
        "complexity": "0",
    }


def _rate(part: int, whole: int) -> str:
    return f"{part / whole:.4g}" if whole else "1"
