"""What a page of Markdown holds: its sections, blocks of code, tables, links and anchors."""

import re


def section(text: str, heading: str) -> str:
    """Return what stands below a heading, up to the next one of any level."""
    _, _, after = text.partition(f"\n{heading}\n")
    return re.split(r"^#{1,4} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def blocks(text: str) -> list[str]:
    """Return the blocks of code, which are indented by four spaces, or fenced."""
    indented = re.findall(r"(?:^(?: {4}.*)?\n)+", text, re.MULTILINE)
    fenced = re.findall(r"^```\w*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [re.sub(r"^ {4}", "", block, flags=re.MULTILINE).strip("\n") for block in indented if block.strip()] + fenced


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row, those with the titles included."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


def links(text: str) -> list[str]:
    """Return the targets of all links."""
    return re.findall(r"\]\(([^)]+)\)", text)


def anchors(text: str) -> set[str]:
    """Return the headings as GitHub names them in addresses: small letters, hyphens for spaces, no punctuation."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
