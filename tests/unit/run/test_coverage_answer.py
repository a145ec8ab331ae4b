"""What the container says of coverage is believed only as far as it can be so."""

import hashlib
import json
from pathlib import Path

import pytest

from runner.run.coverage_answer import NoCoverage, read_answer
from runner.verdict.coverage import Coverage, FileCoverage

SOURCE = "def sign(number):\n    if number < 0:\n        return -1\n    return 1\n"
FILES = {"models/rock.py": [[1, 2, 4], [3], [[2, 4]], [[2, 3], [2, -1]]]}


@pytest.fixture
def module(tmp_path: Path) -> Path:
    module = tmp_path / "addons/rocks"
    (module / "models").mkdir(parents=True)
    (module / "models/rock.py").write_text(SOURCE)
    return module


def read(module: Path, text: str, *, processes: int = 1, is_killed: bool = False, exit_code: int = 0) -> Coverage:
    coverage, _notes = read_answer(exit_code, text, module, module.parent.parent, processes=processes, is_killed=is_killed)
    return coverage


def answer(files: object = FILES, **more: object) -> str:
    return json.dumps({"processes": 1, "files": files} | more)


def test_files_are_called_by_their_paths_from_the_checkout_on_and_known_by_their_content(module: Path) -> None:
    digest = hashlib.sha256(SOURCE.encode()).hexdigest()
    branches = (((2, 4),), ((2, -1), (2, 3)))
    assert read(module, answer()).files == (FileCoverage("addons/rocks/models/rock.py", (1, 2, 4), (3,), *branches, digest),)


def test_of_addons_beside_the_checkout_the_path_leads_there(module: Path, tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    coverage, _notes = read_answer(0, answer(), module, tmp_path / "checkout", processes=1, is_killed=False)
    assert coverage.files[0].path == "../addons/rocks/models/rock.py"


def test_the_notes_of_the_container_do_nothing_but_show_and_are_bounded(module: Path) -> None:
    text = answer(notes=["\x1b[2J" + "x" * 5000, *["more"] * 100])
    _coverage, notes = read_answer(0, text, module, module, processes=1, is_killed=False)
    assert notes[0].startswith("coverage: \\x1b[2Jx")
    assert (len(notes), len(notes[0]) < 1100) == (10, True)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"models/gone.py": [[], [1], [], []]}, "models/gone.py, which cannot be read: No such file or directory"),
        ({"../../secret.py": [[], [1], [], []]}, "../../secret.py, which is no path in the module"),
        ({"/etc/passwd": [[], [1], [], []]}, "/etc/passwd, which is no path in the module"),
        ({"models//rock.py": [[], [1], [], []]}, "models//rock.py, which is no path in the module"),
        ({"models/link.py": [[], [1], [], []]}, "models/link.py, which is a link that leads out of rocks"),
        ({"models": [[], [1], [], []]}, "models, which cannot be read: Is a directory"),
        ({"models/rock.py": [[1], [6], [], []]}, "lines of models/rock.py what cannot be"),
        ({"models/rock.py": [[0], [], [], []]}, "lines of models/rock.py what cannot be"),
        ({"models/rock.py": [[1], [1], [], []]}, "lines of models/rock.py what cannot be"),
        ({"models/rock.py": [[1], [], [[1, 99]], []]}, "lines of models/rock.py what cannot be"),
        ({"models/rock.py": [[1], [], [[1, 2]], [[1, 2]]]}, "lines of models/rock.py what cannot be"),
        ({"models/rock.py": [["1"], [], [], []]}, "the container does not tell of it"),
        ({"models/rock.py": [[1.5], [], [], []]}, "the container does not tell of it"),
        ({"models/rock.py": [[1]]}, "the container does not tell of it"),
    ],
)
def test_what_cannot_be_so_is_no_coverage(module: Path, files: object, why: str) -> None:
    (module.parent / "other.py").write_text("x = 1\n")
    (module / "models/link.py").symlink_to(module.parent / "other.py")
    with pytest.raises(NoCoverage) as caught:
        read(module, answer(files))
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the container does not tell of it: exit code 124"),
        ("bash: python3: command not found\n", "does not tell of it: bash: python3: command not found"),
        ("[" * 100_000, "the container does not tell of it: [[["),
        ("null", "the container does not tell of it: null"),
        (answer(error="NoSource: no \x07 source"), "coverage.py in the container said: NoSource: no \\x07 source"),
    ],
)
def test_an_answer_that_is_none_is_told(module: Path, text: str, why: str) -> None:
    with pytest.raises(NoCoverage) as caught:
        read(module, text, exit_code=124)
    assert why in str(caught.value)
    assert len(str(caught.value)) < 1200


@pytest.mark.parametrize(
    ("more", "is_killed", "why"),
    [
        ({}, False, "Odoo has written none, as it loaded nothing of the module or did not end as usual"),
        ({}, True, "Odoo was killed before it could write it"),
        ({"notes": ["coverage.py does not start: x"]}, False, "coverage.py does not start: x"),
    ],
)
def test_where_not_every_process_has_written_it_there_is_none(
    module: Path, more: dict[str, object], is_killed: bool, why: str
) -> None:
    with pytest.raises(NoCoverage) as caught:
        read(module, answer(**more), processes=2, is_killed=is_killed)
    assert str(caught.value) == why


def test_lines_that_end_with_a_carriage_return_are_lines(module: Path) -> None:
    (module / "models/rock.py").write_bytes(b"a = 1\rb = 2\r\nc = 3")
    assert read(module, answer({"models/rock.py": [[1, 2, 3], [], [], []]})).statements == 3
