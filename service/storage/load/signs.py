"""What signs are read from (domain/signs.py): counted for up to a page of tickets in one statement.

The queue and a ticket's page ask the same question, so that they never disagree. Each part goes
through an index by account, ticket, person, network or address, and reads no more than some
hundred rows however long an account has been frozen or a flood has lasted.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Interval, Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import signs
from domain.ids import TicketId
from domain.policy import SIGNS
from domain.signs import Counted, Facts, TryWay

# Minutes of tries looked at: whoever counts further learns nothing that changes a question.
_MOST: Final = 500
# Reports looked at for one of them: a flood is a flood from far fewer on.
_MOST_REPORTS: Final = 100
# Not as the partial indexes have it: everybody standing is no way in to anybody.
_STANDING: Final = "coalesce(c.status, '') in ('active', 'leaving', 'suspended')"
# "=", but never a way in: the wallet is in half of all indexes, and a planner with old statistics
# would walk through everything of the wallet to narrow down what another index finds at once.
_ALSO: Final = "is not distinct from"
# What was done for an owner's safety is a change on no ticket but its own.
_CONTACT_CHANGED: Final = """greatest(c.invited_at, c.accepted_at,
  case when not c.removed_for_safety then greatest(c.removal_began_at, c.ended_at) end)"""
# What an account began with is no change of it.
_ADDRESS_CHANGED: Final = """greatest(
  case when b.added_at > account.created_at then b.added_at end, b.removed_at)"""

_TRIED: Final = f"""
select sum(x.tries) times, greatest(min(x.minute), t.opened_at) first, max(x.last_at) last,
       array_agg(distinct x.way) ways, bool_or(x.device = 'new') from_new,
       bool_or(x.device not in ('', 'new')) from_known
  from (select * from refused_tries x
         where x.account_id = t.account_id and x.wallet_id {_ALSO} t.wallet_id and x.way <> 'hint'
           and x.last_at >= t.opened_at and (t.closed_at is null or x.minute <= t.closed_at)
         order by x.minute desc limit {_MOST}) x
"""  # noqa: S608  # made of constants
_LOST: Final = f"""
select least(t.opened_at,
  (select min(r.noticed_at) from loss_reports r
    where r.wallet_id {_ALSO} t.wallet_id and r.ticket_id = t.id),
  (select min(r.noticed_at) from wallet_reports r
    where r.wallet_id {_ALSO} t.wallet_id and r.ticket_id = t.id)) at
"""  # noqa: S608  # made of constants
_CONTACTS: Final = f"""
select count(*) times, min(c.at) first, max(c.at) last
  from (select {_CONTACT_CHANGED} at from contacts c
         where c.wallet_id {_ALSO} t.wallet_id and c.account_id = t.account_id) c
 where c.at >= lost.at - :changed_within and (t.closed_at is null or c.at <= t.closed_at)
"""  # noqa: S608  # made of constants
_ADDRESSES: Final = f"""
select count(*) times, min(b.at) first, max(b.at) last
  from (select {_ADDRESS_CHANGED} at from account_addresses b
         where b.wallet_id {_ALSO} t.wallet_id and b.account_id = t.account_id) b
 where b.at >= lost.at - :changed_within and (t.closed_at is null or b.at <= t.closed_at)
"""  # noqa: S608  # made of constants
_SEVERAL: Final = f"""
select count(distinct r.account_id) times, min(r.filed_at) first, max(r.filed_at) last,
       (select count(distinct c.account_id) from contacts c
         where c.wallet_id {_ALSO} t.wallet_id and c.person_id = person.id
           and {_STANDING}) named_by
  from (select distinct r.person_id id from loss_reports r
         where r.wallet_id {_ALSO} t.wallet_id and r.ticket_id = t.id) person
  join lateral (select * from loss_reports r
                 where r.wallet_id {_ALSO} t.wallet_id and r.person_id = person.id
                   and r.filed_at >= t.opened_at - :lately limit {_MOST_REPORTS}) r on true
 group by person.id order by 1 desc limit 1
"""  # noqa: S608  # made of constants
_REPORTS: Final = f"""
select count(*) times, min(r.filed_at) first, max(r.filed_at) last,
       count(*) filter (where r.ticket_id <> t.id) before
  from loss_reports r
 where r.wallet_id {_ALSO} t.wallet_id and r.account_id = t.account_id
   and r.filed_at >= t.opened_at - :lately and (t.closed_at is null or r.filed_at <= t.closed_at)
"""  # noqa: S608  # made of constants
_ALIKE: Final = f"""
select count(distinct other.account_id) times, min(other.filed_at) first, max(other.filed_at) last
  from loss_reports r
  join contacts c on c.id = r.contact_id
  join lateral (select o.account_id, o.filed_at
                  from loss_reports o join contacts c on c.id = o.contact_id
                 where o.network = r.network and o.wallet_id {_ALSO} t.wallet_id
                   and o.filed_at > r.filed_at - :alike_within
                   and o.filed_at < r.filed_at + :alike_within
                   and c.accepted_at > o.filed_at - :young_for limit {_MOST_REPORTS}) other on true
 where r.wallet_id {_ALSO} t.wallet_id and r.ticket_id = t.id and r.network is not null
   and c.accepted_at > r.filed_at - :young_for
"""  # noqa: S608  # made of constants
# What reporters own themselves: accounts with one of their addresses. Persons are never merged.
_OWNED: Final = f"""
select array(
  select distinct b.account_id
    from loss_reports r
    join contacts c on c.id = r.contact_id
    cross join lateral (
      select c.address_index union
      select p.address_index from person_addresses p
       where p.wallet_id {_ALSO} t.wallet_id and p.person_id = c.person_id
    ) held(address_index)
    join account_addresses b
      on b.wallet_id = t.wallet_id and b.address_index = held.address_index
   where r.wallet_id {_ALSO} t.wallet_id and r.ticket_id = t.id and held.address_index <> ''::bytea
     and b.removed_at is null and b.account_id <> t.account_id) accounts
"""  # noqa: S608  # made of constants
_FROZEN: Final = f"""
select count(*) times, min(a.frozen_at) first, max(a.frozen_at) last
  from accounts a
 where a.wallet_id {_ALSO} t.wallet_id and a.id = any(owned.accounts) and a.state = 'frozen'
"""  # noqa: S608  # made of constants
_MUTUAL: Final = f"""
select count(distinct c.account_id) times, min(c.accepted_at) first, max(c.accepted_at) last
  from contacts c
  cross join lateral (
    select c.address_index union
    select p.address_index from person_addresses p
     where p.wallet_id {_ALSO} t.wallet_id and p.person_id = c.person_id
  ) held(address_index)
  join account_addresses b
    on b.wallet_id = t.wallet_id and b.address_index = held.address_index
 where c.wallet_id {_ALSO} t.wallet_id and c.account_id = any(owned.accounts)
   and {_STANDING} and b.account_id = t.account_id and b.removed_at is null
"""  # noqa: S608  # made of constants
_PARTS: Final = (
    "tried",
    "contacts",
    "addresses",
    "several",
    "reports",
    "alike",
    "frozen",
    "mutual",
)
_FACTS: Final = text(
    "select t.id, tried.ways, tried.from_new, tried.from_known, several.named_by, reports.before, "  # noqa: S608  # made of constants
    + ", ".join(
        f"{part}.{name} {part}_{name}" for part in _PARTS for name in ("times", "first", "last")
    )
    + f"""
  from tickets t
  join accounts account on account.wallet_id = t.wallet_id and account.id = t.account_id
  join lateral ({_LOST}) lost on true
  join lateral ({_OWNED}) owned on true
  join lateral ({_TRIED}) tried on true
  join lateral ({_CONTACTS}) contacts on true
  join lateral ({_ADDRESSES}) addresses on true
  left join lateral ({_SEVERAL}) several on true
  join lateral ({_REPORTS}) reports on true
  join lateral ({_ALIKE}) alike on true
  join lateral ({_FROZEN}) frozen on true
  join lateral ({_MUTUAL}) mutual on true
 where t.id = any(:ids)
"""
).bindparams(
    bindparam("ids", type_=ARRAY(Uuid())),
    *(
        bindparam(name, getattr(SIGNS, name), type_=Interval())
        for name in ("changed_within", "lately", "alike_within", "young_for")
    ),
)


async def sign_facts(
    db: AsyncConnection, ticket_ids: Collection[TicketId]
) -> dict[TicketId, Facts]:
    """Of tickets that the agent was found to see. One statement."""
    if not ticket_ids:
        return {}
    rows = (await db.execute(_FACTS, {"ids": list(ticket_ids)})).mappings()
    return {TicketId(row["id"]): _facts(row) for row in rows}


async def sign_counts(db: AsyncConnection, ticket_ids: Collection[TicketId]) -> dict[TicketId, int]:
    """How many signs each of a page's tickets shows; every one of them has its number."""
    found = await sign_facts(db, ticket_ids)
    return {ticket_id: len(signs.read(facts)) for ticket_id, facts in found.items()}


def _facts(row: Mapping[Any, Any]) -> Facts:
    def counted(part: str) -> Counted:
        first: datetime | None = row[f"{part}_first"]
        last: datetime | None = row[f"{part}_last"]
        return Counted(times=int(row[f"{part}_times"] or 0), first_at=first, last_at=last)

    return Facts(
        tries=counted("tried"),
        tried_ways=tuple(TryWay(way) for way in row["ways"] or ()),
        from_new_device=bool(row["from_new"]),
        from_known_device=bool(row["from_known"]),
        contacts_changed=counted("contacts"),
        addresses_changed=counted("addresses"),
        reported_for=counted("several"),
        named_by=row["named_by"] or 0,
        reports=counted("reports"),
        reports_before=row["before"],
        look_alikes=counted("alike"),
        reporters_frozen=counted("frozen"),
        mutual=counted("mutual"),
    )
