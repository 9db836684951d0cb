"""What the clock does: name, interval, operation. Rows hold the truth; jobs only carry it out.

Every job may run late, twice, or in two workers at once.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from msgspec import Struct

from service.operations import (
    checkpoints,
    clocks,
    erasing,
    hints,
    housekeeping,
    journal,
    journal_checks,
    missing_confirmations,
    mistakes_undone,
    picking,
    purging,
    unreached_owners,
)
from service.operations.house import House

Operation = Callable[[House], Awaitable[int]]


class Job(Struct, frozen=True, kw_only=True):
    every: timedelta
    run: Operation


JOBS: Final[Mapping[str, Job]] = {
    # Entries unsealed for a minute raise an alarm; half a second keeps far from it.
    "seal-journal": Job(every=timedelta(seconds=0.5), run=journal.seal_journal),
    # Hourly, by its own count: a worker that starts anew every half hour still comes to it.
    "sign-checkpoints": Job(every=timedelta(minutes=1), run=checkpoints.write_checkpoints),
    # Hourly for each chain, by its own count too, and once a day from the beginning.
    "check-journal": Job(every=timedelta(minutes=1), run=journal_checks.check_journal),
    # An owner without a phone is waiting for a call.
    "file-hints": Job(every=timedelta(seconds=1), run=hints.file_hints),
    # A minute's silence is told within a minute's twelfth.
    "alarm-missing-confirmations": Job(
        every=timedelta(seconds=5), run=missing_confirmations.alarm_missing_confirmations
    ),
    # A deadline of minutes is found out within seconds; so is whoever has to be woken.
    "keep-clocks": Job(every=timedelta(seconds=5), run=clocks.keep_clocks),
    # Whoever no message reaches waits for somebody to notice.
    "request-proofs": Job(every=timedelta(seconds=10), run=unreached_owners.request_proofs),
    # Whoever was picked to approve is passed over to the minute.
    "pick-approvers": Job(every=timedelta(seconds=5), run=picking.pick_again),
    # Decided already; owners wait for it.
    "undo-mistakes": Job(every=timedelta(seconds=5), run=mistakes_undone.carry_on),
    "settle-contacts": Job(every=timedelta(minutes=1), run=housekeeping.settle_contacts),
    "close-accounts": Job(every=timedelta(minutes=1), run=housekeeping.close_accounts),
    # Deadlines of days: an hour more or less is none of them.
    "erase-persons": Job(every=timedelta(hours=1), run=erasing.erase_due),
    "purge": Job(every=timedelta(hours=1), run=purging.purge),
    "sweep": Job(every=timedelta(minutes=10), run=housekeeping.sweep),
}
