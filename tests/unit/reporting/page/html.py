"""Pages as a parser reads them that forgives nothing: elements must be balanced, and of kinds that a page has."""

from collections import Counter
from html.parser import HTMLParser

_VOID = {"meta", "img", "wbr"}
_ELEMENTS = """html head title style body main header section article p h1 h2 h3 h4 h5 b a ul li dl div dt dd pre span small
table caption thead tbody tr th td details summary figure figcaption"""
_ATTRIBUTES = "lang charset http-equiv content name class id href src alt open scope tabindex role aria-label aria-hidden"
_KNOWN, _KNOWN_ATTRIBUTES = _VOID | {*_ELEMENTS.split()}, {*_ATTRIBUTES.split()}


class Page(HTMLParser):
    """What a page has: `shape`, the number of its elements by their names, `attributes` by names, and its `text`."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: Counter[str] = Counter()
        self.attributes: dict[str, list[str]] = {}
        self._texts: list[str] = []
        self.style = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.text = "".join(self._texts)
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _KNOWN, tag
        self.shape[tag] += 1
        for name, value in attrs:
            assert name in _KNOWN_ATTRIBUTES, name
            self.attributes.setdefault(name, []).append(value or "")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> of nothing"
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
        else:
            self._texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")
