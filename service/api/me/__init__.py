"""The owner, from the wallet's app: with the wallet's own access token (RFC 9068, RFC 9470)."""

from service.api.me.activity import ACTIVITY
from service.api.me.call_backs import CALL_BACKS
from service.api.me.contacts import CONTACTS
from service.api.me.devices import DEVICES
from service.api.me.disputes import DISPUTES
from service.api.me.drills import DRILLS
from service.api.me.reports import REPORTS

ME = (CONTACTS, DEVICES, REPORTS, ACTIVITY, CALL_BACKS, DISPUTES, DRILLS)
