"""What waits, asked in the few ways that the desk asks.

| question | module |
|---|---|
| how it is asked | `asked` |
| which tickets stand in a view | `views` |
| which page of them | `pages` |
| how many there are, and who has them | `counts` |
| which one is served next | `serving` |
| what stands beside the tickets of a page | `beside` |
| who looks at which ticket just now | `looking` |
"""

from service.storage.queue.asked import (
    MOST_ON_A_PAGE,
    After,
    Asked,
    ClosedAfter,
    Mark,
    OpenAfter,
    Row,
    View,
)
from service.storage.queue.beside import LastEntry, last_entries, pending_proposals
from service.storage.queue.counts import assignees, counts
from service.storage.queue.looking import LookedAt, lookers, looking_now
from service.storage.queue.pages import mark, page, place_of
from service.storage.queue.serving import take_next

__all__ = [
    "MOST_ON_A_PAGE",
    "After",
    "Asked",
    "ClosedAfter",
    "LastEntry",
    "LookedAt",
    "Mark",
    "OpenAfter",
    "Row",
    "View",
    "assignees",
    "counts",
    "last_entries",
    "lookers",
    "looking_now",
    "mark",
    "page",
    "pending_proposals",
    "place_of",
    "take_next",
]
