"""A trusted contact and the rules of their life, called as `contacts.…`, whatever module they
stand in.
"""

from domain.contacts.answering import (
    accept,
    decline,
    lapse,
)
from domain.contacts.confirming import (
    confirm_address,
    remind,
)
from domain.contacts.contact import (
    ACTIVE,
    DECLINED,
    END,
    ENDED,
    INVITED,
    LAPSED,
    LEADS_TO,
    LEAVING,
    LEFT,
    ON_A_PLACE,
    REMOVED,
    SUSPENDED,
    TAKEN_BACK,
    Contact,
    ContactStatus,
)
from domain.contacts.ending import (
    Ending,
    end,
    settle,
)
from domain.contacts.inviting import (
    free_place,
    give_place,
    invite,
    place_for,
    send_again,
    waiting_until,
)
from domain.contacts.leaving import (
    leave,
    not_this_person,
    remove_for_safety,
)
from domain.contacts.names import (
    LONGEST_NAME,
    allowed_name,
)
from domain.contacts.removing import (
    begin_removal,
    decide_removal,
    disown_removal,
    finish_removal,
    is_removal_pending,
    notice_removal,
    removal_left,
    require_decided,
    resume_removal,
    stay,
)
from domain.contacts.reporting import (
    MayReport,
    may_report,
)
from domain.contacts.suspending import (
    StaysSuspended,
    pause,
    propose_reinstatement,
    reinstate,
    reject_reinstatement,
    suspend,
)
from domain.contacts.taking_back import (
    can_be_taken_back,
    take_back,
)

__all__ = [
    "ACTIVE",
    "DECLINED",
    "END",
    "ENDED",
    "INVITED",
    "LAPSED",
    "LEADS_TO",
    "LEAVING",
    "LEFT",
    "LONGEST_NAME",
    "ON_A_PLACE",
    "REMOVED",
    "SUSPENDED",
    "TAKEN_BACK",
    "Contact",
    "ContactStatus",
    "Ending",
    "MayReport",
    "StaysSuspended",
    "accept",
    "allowed_name",
    "begin_removal",
    "can_be_taken_back",
    "confirm_address",
    "decide_removal",
    "decline",
    "disown_removal",
    "end",
    "finish_removal",
    "free_place",
    "give_place",
    "invite",
    "is_removal_pending",
    "lapse",
    "leave",
    "may_report",
    "not_this_person",
    "notice_removal",
    "pause",
    "place_for",
    "propose_reinstatement",
    "reinstate",
    "reject_reinstatement",
    "remind",
    "removal_left",
    "remove_for_safety",
    "require_decided",
    "resume_removal",
    "send_again",
    "settle",
    "stay",
    "suspend",
    "take_back",
    "waiting_until",
]
