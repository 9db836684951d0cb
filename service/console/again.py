"""A form that was not taken and is ready to be sent again, on a page that says why it was not."""

import re
from collections.abc import Mapping
from typing import Final, Self

from msgspec import Struct

from service.console.frame import way_back
from service.operations import unsent

# A version, or the key of a row.
_OF_MACHINES: Final = re.compile(r"[0-9]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Again(Struct, frozen=True, kw_only=True):
    """See `templates/console/again.html`."""

    path: str
    fields: Mapping[str, str]
    # Something that proves who the agent is was typed along, and has to be typed anew.
    proves: bool
    # The page it was typed on.
    back: str
    # Not shown: a password store finds the right entry by it.
    login: str

    @classmethod
    def of(cls, path: str, typed: Mapping[str, str], *, proves: bool, login: str = "") -> Self:
        """`typed` may be all that came; what proves who somebody is stays behind."""
        fields = unsent.kept(typed)
        return cls(path=path, fields=fields, proves=proves, back=way_back(path), login=login)

    @property
    def said(self) -> tuple[str, ...]:
        """What a person typed or chose. A button pressed is pressed again on its page, where things
        may stand otherwise by now."""
        return tuple(value for value in self.fields.values() if _is_said(value))


def _is_said(value: str) -> bool:
    """Words, and not the number of a version or the key of a row."""
    return bool(value.strip()) and not _OF_MACHINES.fullmatch(value)
