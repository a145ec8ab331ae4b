"""A length of time in words, as people say it."""


def age(seconds: float) -> str:
    """Such as `3 hours`: in the largest unit of which there are two."""
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    number = round(max(seconds, 0))
    return f"{number} second{'' if number == 1 else 's'}"
