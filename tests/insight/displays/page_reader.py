"""Reads displays, and checks what holds for each of them."""

import re
from html.parser import HTMLParser

VOID = {"img", "rect", "path", "line", "circle", "meta", "marker", "mspace"}

SCOPES = (".chainrule", ".explanation", ".debug-session", ".flow-graph", "@media")
"""With what selectors begin, so that a style applies to its display alone."""


class Reader(HTMLParser):
    """Reads HTML whose elements are balanced."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, text):
        if self.open[-1:] != ["style"]:
            self.text += text


def read(shown):
    """Return the display of an object, after the checks that hold for each."""
    page = shown if isinstance(shown, str) else shown._repr_html_()
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    assert "script" not in reader.tags
    for rules in re.findall(r"<style>(.*?)</style>", page, re.DOTALL):
        selectors = [each for rule in re.findall(r"([^{}]+)\{", rules) for each in rule.split(",")]
        assert all(each.strip().startswith(SCOPES) for each in selectors)
    return reader
