"""How often codes were put on their way in a life, held against what was promised."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from domain.challenges import Purpose
from domain.reports import Way

_HOUR: Final = timedelta(hours=1)
_AN_HOUR: Final = {Way.LINK: 5, Way.ADDRESS: 3}
_A_DAY: Final = 10
_WAIT: Final = timedelta(seconds=60)


class Whose(Struct, frozen=True):
    """Whose codes are counted together: a person's with a link, a typed address's without."""

    way: Way
    purpose: Purpose
    who: object


class Asking:
    def __init__(self) -> None:
        self._sent: dict[Whose, list[datetime]] = defaultdict(list)
        # Since the last right code, after which nobody waits.
        self._unread: dict[Whose, list[datetime]] = defaultdict(list)

    def was_sent(self, whose: Whose, *, after: datetime, before: datetime) -> None:
        """One more was allowed between these instants. It must not have been one too many."""
        sent, unread = self._sent[whose], self._unread[whose]
        assert len([one for one in sent if before - one < _HOUR]) < _AN_HOUR[whose.way], whose
        assert len([one for one in sent if before - one < 24 * _HOUR]) < _A_DAY, whose
        assert not unread or before - unread[-1] >= _WAIT, whose
        sent.append(after)
        unread.append(after)

    def was_right(self, whose: Whose) -> None:
        self._unread[whose].clear()

    def how_many(self, who: object) -> int:
        """Over all purposes, in the whole life."""
        return sum(len(sent) for whose, sent in self._sent.items() if whose.who == who)
