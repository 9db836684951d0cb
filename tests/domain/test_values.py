"""What all values have in common: nobody changes one, and a new one has nothing behind it."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import msgspec
import pytest
from msgspec import Struct

import domain
from domain import policy

# One code is on its way when a challenge begins; everything else that is counted begins at none.
BEGINS_AT_ONE = {("Ticket", "level"), ("Challenge", "sent"), ("Agent", "serves_losses")}


def below(kind: type[Struct]) -> Iterator[type[Struct]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


def every_value() -> list[type[Struct]]:
    for module in walk_packages(domain.__path__, "domain."):
        import_module(module.name)
    ours = {one for one in below(Struct) if one.__module__.startswith("domain.")}
    return sorted(ours, key=lambda one: (one.__module__, one.__qualname__))


def numbers_it_begins_with(kind: type[Struct]) -> dict[str, Any]:
    fields = msgspec.structs.fields(kind)
    return {field.name: field.default for field in fields if isinstance(field.default, int)}


@pytest.mark.parametrize("kind", every_value())
def test_a_value_is_never_changed(kind: type[Struct]) -> None:
    assert kind.__struct_config__.frozen


@pytest.mark.parametrize(
    "kind", [kind for kind in every_value() if kind.__module__ != policy.__name__]
)
def test_a_new_value_is_the_first_version_and_has_nothing_behind_it(kind: type[Struct]) -> None:
    for name, number in numbers_it_begins_with(kind).items():
        is_one = name == "row_version" or (kind.__name__, name) in BEGINS_AT_ONE
        assert number == int(is_one), name
