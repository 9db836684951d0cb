"""A message made easy to use: links to press, codes to copy, html that can do nothing else."""

import re
from typing import Final

from markupsafe import Markup, escape

from service.demo.messages.box import Kept

_LINK: Final = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
# Six or eight digits on their own, also written as 123 456 or 1234 5678.
_CODE: Final = re.compile(r"(?<![\w+/#=-])(\d{6}|\d{8}|\d{3} \d{3}|\d{4} \d{4})(?![\w/=-])")
_BOUND_CODE: Final = re.compile(r"^@\S+ #(\d{6}|\d{8})$", re.MULTILINE)


def code_in(message: Kept) -> str | None:
    """The one-time code, if there is one. Messages with a link never hold one."""
    if bound := _BOUND_CODE.search(message.text):
        return bound.group(1)
    without_links = _LINK.sub(" ", message.text)
    # A date or a phone number is not a code; a code stands in a line of its own.
    for line in without_links.splitlines():
        if found := _CODE.fullmatch(line.strip()):
            return found.group(1).replace(" ", "")
    return None


def with_links(text: str) -> Markup:
    """Plain text as html, its addresses made links that open beside it."""
    done, pieces = 0, list[Markup]()
    for found in _LINK.finditer(text):
        pieces.append(escape(text[done : found.start()]))
        link = Markup('<a href="{0}" target="_blank" rel="noopener noreferrer">{0}</a>')
        pieces.append(link.format(found.group()))
        done = found.end()
    pieces.append(escape(text[done:]))
    return Markup("").join(pieces)


def as_document(markup: str) -> str:
    """The letter for an `iframe srcdoc`, whose sandbox allows no script. Links open beside it."""
    return f'<base target="_blank"><meta name="referrer" content="no-referrer">{markup}'
