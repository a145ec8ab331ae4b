"""What is found of a proof log: one line for each thing that is checked."""

from dataclasses import dataclass
from enum import Enum


class Result(Enum):
    """How a check ended."""

    OK = "ok"
    NO = "NO"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Check:
    """One thing that was checked, how that ended, and what there is to say of it."""

    name: str
    result: Result
    text: str


def ok(name: str, text: str) -> Check:
    """Say that something is as it should be."""
    return Check(name, Result.OK, text)


def no(name: str, text: str) -> Check:
    """Say that it is not, and why."""
    return Check(name, Result.NO, text)


def not_checked(name: str, text: str) -> Check:
    """Say that nobody knows, and why."""
    return Check(name, Result.NOT_CHECKED, text)
