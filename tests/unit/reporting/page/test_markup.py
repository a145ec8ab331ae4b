"""Text stays text, wherever it stands."""

import pytest

from runner.reporting.page.markup import Markup, element, joined, text

HOSTILE = "</p><script>alert(1)</script>\"'&\x1b[2J\u202e"


def test_content_is_escaped_and_what_would_do_more_than_show_is_written_out() -> None:
    assert element("p", HOSTILE) == ("<p>&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;\\x1b[2J\\u202e</p>")


def test_attributes_are_escaped() -> None:
    assert element("a", "x", href='"><b') == '<a href="&quot;&gt;&lt;b">x</a>'


def test_the_names_of_attributes_are_those_of_html() -> None:
    assert element("th", "x", class_="a", aria_label="b") == '<th class="a" aria-label="b">x</th>'


def test_what_is_markup_is_not_escaped_again() -> None:
    assert element("p", element("b", "<"), "<", Markup("&amp;")) == "<p><b>&lt;</b>&lt;&amp;</p>"
    assert joined(element("b"), "&") == "<b></b>&amp;"


@pytest.mark.parametrize("made", [text("<") + "<", f"{text('<')}", text("<").replace("&", "")])
def test_what_is_made_of_markup_by_other_means_is_text_again(made: str) -> None:
    """So that nothing is vouched for by chance."""
    assert not isinstance(made, Markup)


def test_an_element_without_content_has_no_end() -> None:
    assert element("img", src="x", alt="") == '<img src="x" alt="">'
