"""E-mail addresses and phone numbers in their one written form.

Two spellings of one address must never be two addresses: a contact's place, an owner's own
address and the look-up index all depend on it.
"""

import unicodedata
from collections.abc import Collection
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import PhoneNumberType

from domain.accounts import AddressKind
from domain.refusals import AddressNotAllowed

# A code can be sent to these; landlines, premium and unknown kinds are refused.
_TEXTABLE: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


def normal_email(typed: str) -> str:
    """Lower case, domain in IDNA. Raises AddressNotAllowed."""
    try:
        checked = validate_email(typed.strip(), check_deliverability=False)
    except EmailNotValidError:
        raise AddressNotAllowed from None
    return f"{checked.local_part.lower()}@{(checked.ascii_domain or checked.domain).lower()}"


def normal_phone(typed: str, *, country: str, dialling_codes: Collection[str] | None) -> str:
    """E.164. Raises AddressNotAllowed for what no text message can reach.

    `country` is where a number without country code belongs; `dialling_codes` are the countries
    texts are sent to (None: any, as for addresses that the wallet itself knows).

    Ten digits in Argentina are read as the landline they are: with 9 they may be the phone of
    somebody else, and a text there cannot be called back. The refusal says how to write it.
    """
    try:
        parsed = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        raise AddressNotAllowed from None
    if not phonenumbers.is_valid_number(parsed):
        raise AddressNotAllowed
    if phonenumbers.number_type(parsed) not in _TEXTABLE:
        raise AddressNotAllowed
    if dialling_codes is not None and str(parsed.country_code) not in dialling_codes:
        raise AddressNotAllowed
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def reachable_phone(typed: str, *, country: str) -> str:
    """A number that a person can call: a friend's, a hotel's with its extension, an office's.

    Written as people read it, never sent a text. Raises AddressNotAllowed.
    """
    try:
        parsed = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        raise AddressNotAllowed from None
    if not phonenumbers.is_possible_number(parsed):
        raise AddressNotAllowed
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def masked(kind: AddressKind, address: str) -> str:
    """Enough to recognise one's own address, too little to learn someone's."""
    if kind is AddressKind.PHONE:
        return f"{address[:3]} ••• {address[-2:]}"
    local, _, domain = address.rpartition("@")
    name, dot, ending = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••{dot}{ending}"


def plain_text(typed: str, *, longest: int) -> str:
    """Free text without control and bidi characters, one form, cut at `longest` characters."""
    normal = unicodedata.normalize("NFC", typed).replace("\r\n", "\n")
    kept = "".join(c for c in normal if c == "\n" or unicodedata.category(c) not in _UNSEEN)
    return kept.strip()[:longest]


_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
