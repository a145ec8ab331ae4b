"""Coverage as HTML pages, with the sources: of text that others wrote, which on these pages does nothing but show."""

import hashlib
import os
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from string import Template

from runner.config.repositories import RepoConfig
from runner.errors import ReportFailed, UsageError, cause_of
from runner.foreign_text import visible
from runner.odoo.source_file import UnreadableSource, read_source
from runner.reporting.coverage_table import not_run
from runner.reporting.report_file import write_whole
from runner.text import printable
from runner.verdict.coverage import Coverage, FileCoverage, told_percent

_LONGEST_SOURCE = 10_000_000
# A page of ours by its first bytes, and by its name.
_MARK = "<!doctype html><!-- coverage of Odoo modules -->"
_INDEX = "index.html"
_NAME = re.compile(r"\d+-[\w.-]{1,100}\.html", re.ASCII)
_PAGE = Template(f"""{_MARK}
<html lang="en"><head><meta charset="utf-8"><title>$title</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root {{ color-scheme: light dark; font-family: system-ui, sans-serif; }}
body {{ margin: 1.5rem; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #8884; }}
th:first-child, td:first-child {{ text-align: left; }}
ol {{ font: .85rem/1.5 ui-monospace, monospace; padding-left: 4rem; }}
li {{ white-space: pre-wrap; padding-left: .6rem; border-left: .3rem solid transparent; }}
li.run {{ border-color: #2a2; }}
li.not {{ border-color: #d33; background: #d332; }}
li.partial {{ border-color: #d90; background: #d902; }}
li i {{ float: right; opacity: .7; }}
</style></head><body>
<h1>$title</h1>
$body
</body></html>
""")


def remove_earlier_pages(folder: Path) -> None:
    """Remove an earlier call's pages, so that a call that dies leaves none, and make the folder.

    UsageError if it holds anything else, or cannot be written to.
    """
    advice = "Name a folder for these pages alone."
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pages = list(folder.iterdir())
        others = [page.name for page in pages if not _is_ours(page)]
        if others:
            raise UsageError(f"The report {folder} cannot be written: the folder holds {sorted(others)[0]!r}.\n{advice}")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise UsageError(f"The report {folder} cannot be written: no permission to write there.\n{advice}")
        for page in pages:
            page.unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"The report {folder} cannot be written: {cause_of(error)}.\n{advice}") from error


def _is_ours(page: Path) -> bool:
    if page.is_symlink() or not page.is_file() or not (page.name == _INDEX or _NAME.fullmatch(page.name)):
        return False
    with page.open("rb") as stream:
        return stream.read(len(_MARK)) == _MARK.encode()


def write_pages(coverage: Coverage, *, folder: Path, repository: RepoConfig) -> None:
    """Write a page for each file with statements, and index.html with all of them. ReportFailed if that cannot be done."""
    files = [file for file in coverage.files if file.statements]
    names = {file.path: _name(number, file.path) for number, file in enumerate(files, 1)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportFailed(f"The report {folder} cannot be written: {cause_of(error)}.") from error
    for file in files:
        about = f'<p><a href="{_INDEX}">all files</a> · {_numbers(file)}</p>\n{_source(file, repository)}'
        _write(folder / names[file.path], f"{told_percent(file.percent)} of {printable(file.path)}", about)
    rows = [_row(f'<a href="{names[file.path]}">{_shown(printable(file.path))}</a>', file) for file in files]
    titles = "".join(f"<th>{title}</th>" for title in ("file", "statements", "missing", "branches", "partial", "covered"))
    body = f"<table><tr>{titles}</tr>\n{''.join(rows)}{_row('all', coverage)}</table>"
    _write(folder / _INDEX, f"Coverage: {told_percent(coverage.percent)}", body)


def _name(number: int, path: str) -> str:
    return f"{number}-{re.sub('[^A-Za-z0-9.]+', '-', path)[-90:]}.html"


def _write(file: Path, title: str, body: str) -> None:
    content = _PAGE.substitute(title=_shown(title), body=body)
    write_whole(file, content.encode("utf-8", "backslashreplace"))


def _shown(text: str) -> str:
    return escape(visible(text))


def _row(name: str, about: FileCoverage | Coverage) -> str:
    missing = about.missing_lines if isinstance(about, Coverage) else len(about.missing_lines)
    partial = about.partial_branches if isinstance(about, Coverage) else len(about.partial_branches)
    cells = (name, about.statements, missing, about.branches, partial, told_percent(about.percent))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>\n"


def _numbers(file: FileCoverage) -> str:
    of_branches = f"{len(file.partial_branches)} of {file.branches} branches partial"
    return f"{len(file.missing_lines)} of {file.statements} statements missing, {of_branches}"


def _source(file: FileCoverage, repository: RepoConfig) -> str:
    path = Path(os.path.normpath(repository.path / file.path))
    folder = next((folder for folder in repository.addons if path.is_relative_to(folder)), repository.path)
    try:
        content = read_source(path, folder, _LONGEST_SOURCE)
    except UnreadableSource as error:
        return f"<p>The source {_shown(str(error))}. Not run: {_shown(', '.join(not_run(file)))}</p>"
    if hashlib.sha256(content).hexdigest() != file.digest:
        return f"<p>The source has changed since. Not run: {_shown(', '.join(not_run(file)))}</p>"
    lines = content.decode(errors="replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"<ol>\n{''.join(_lines(lines, file))}</ol>"


def _lines(lines: Iterable[str], file: FileCoverage) -> Iterable[str]:
    states = dict.fromkeys(file.executed_lines, "run") | dict.fromkeys(file.missing_lines, "not")
    ways: dict[int, list[str]] = {}
    for line, to in file.partial_branches:
        ways.setdefault(line, []).append(str(to) if to > 0 else "exit")
        states[line] = "partial"
    for number, text in enumerate(lines, 1):
        kind = f' class="{states[number]}"' if number in states else ""
        never = f"<i>never to {', '.join(ways[number])}</i>" if number in ways else ""
        yield f"<li{kind}>{never}{_shown(text)}</li>\n"
