"""The limits of a shape in its schema: what the framework leaves out of the OpenAPI document.

It says those of a member itself, but not those of a list's items, of an object's keys, or of what
may also be null or left out. msgspec knows them all, because it refuses by them.
"""

from collections.abc import Iterable
from typing import Any, Final, cast

import msgspec.inspect as kinds
from litestar.openapi.spec import Reference, Schema
from litestar.openapi.spec.enums import OpenAPIType
from msgspec import Struct

_OF: Final[tuple[tuple[type[kinds.Type], OpenAPIType], ...]] = (
    (kinds.StrType, OpenAPIType.STRING),
    (kinds.IntType, OpenAPIType.INTEGER),
    (kinds.ListType, OpenAPIType.ARRAY),
    (kinds.DictType, OpenAPIType.OBJECT),
    (kinds.DateTimeType, OpenAPIType.STRING),
)


def complete(schema: Schema, shape: type[Struct]) -> None:
    """Add every limit that the shape's members have."""
    told = kinds.type_info(shape)
    if not isinstance(told, kinds.StructType):
        return
    for member in told.fields:
        found = (schema.properties or {}).get(member.encode_name)
        if found is not None:
            _limit(found, member.type)


def _limit(schema: Schema | Reference, kind: kinds.Type) -> None:
    if isinstance(schema, Reference):
        return
    if isinstance(kind, kinds.Metadata):
        _limit(schema, kind.type)
        # What msgspec does not refuse by itself.
        extra = cast("dict[str, Any]", kind.extra_json_schema or {})
        schema.pattern = extra.get("pattern", schema.pattern)
        return
    if schema.one_of is not None:
        # What may be left out is one of one thing.
        _limit_one_of(schema, kind.types if isinstance(kind, kinds.UnionType) else (kind,))
        return
    match kind:
        case kinds.StrType():
            schema.min_length = kind.min_length
            schema.max_length = kind.max_length
            schema.pattern = kind.pattern
        case kinds.IntType():
            schema.minimum = kind.ge
            schema.maximum = kind.le
        case kinds.ListType():
            schema.min_items = kind.min_length
            schema.max_items = kind.max_length
            _limit_inner(schema.items, kind.item_type)
        case kinds.DictType():
            schema.min_properties = kind.min_length
            schema.max_properties = kind.max_length
            schema.property_names = Schema()
            _limit(schema.property_names, kind.key_type)
            _limit_inner(schema.additional_properties, kind.value_type)
        case _:
            pass


def _limit_inner(schema: Schema | Reference | bool | None, kind: kinds.Type) -> None:
    if isinstance(schema, Schema):
        _limit(schema, kind)


def _limit_one_of(schema: Schema, several: Iterable[kinds.Type]) -> None:
    """What may be one of several things: each by its own type."""
    for kind in several:
        inner = kind.type if isinstance(kind, kinds.Metadata) else kind
        named = next((name for of, name in _OF if isinstance(inner, of)), None)
        for option in schema.one_of or ():
            if named is not None and isinstance(option, Schema) and option.type is named:
                _limit(option, kind)
