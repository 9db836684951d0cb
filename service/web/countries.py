"""The countries whose phones may be texted, as a list to choose from."""

from functools import cache
from typing import Any, Final

import phonenumbers
from babel import Locale
from msgspec import Struct
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# What stands for no country: satellites, international services.
_NOWHERE: Final = "001"


class Country(Struct, frozen=True, kw_only=True):
    code: str
    name: str
    dialling: str
    # A mobile number as people there write it.
    example: str


@cache
def countries(dialling_codes: tuple[str, ...], language: str) -> tuple[Country, ...]:
    """In the order of their names."""
    names: Any = Locale.parse(language, sep="-").territories
    found = [
        Country(
            code=region,
            name=str(names.get(region, region)),
            dialling=f"+{dialling}",
            example=example,
        )
        for dialling in dialling_codes
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(dialling), ())
        if region != _NOWHERE and (example := _example(region)) is not None
    ]
    return tuple(sorted(found, key=lambda country: country.name.casefold()))


def _example(region: str) -> str | None:
    number = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
    return (
        None if number is None else phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    )
