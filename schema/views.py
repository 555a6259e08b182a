"""Objects of the schema that are views of rows: a field is worked out when it is asked for.

A list is asked for many objects and for few of their fields.
"""

from collections.abc import Callable, Collection
from operator import attrgetter
from typing import Any, TypeVar

from strawberry.types.base import get_object_definition

Shape = TypeVar("Shape")


def view(
    own: Collection[str] = (), **read: Callable[[Any], Any]
) -> Callable[[type[Shape]], type[Shape]]:
    """Make a Strawberry type's fields read what its objects hold in `row`.

    A field is the row's value of the same name, or what the function given for it makes of the
    object. Whoever makes such an object sets `row`, whatever those functions read, and its *own*
    fields, which nearly everybody asks for.
    """

    def viewing(shape: type[Shape]) -> type[Shape]:
        fields = get_object_definition(shape, strict=True).fields
        names = [one.python_name for one in fields if one.python_name not in own]
        passed_on = {name: f"row.{name}" for name in names if name not in read}
        for name in names:
            setattr(shape, name, property(read.get(name) or attrgetter(passed_on[name])))
        viewed: Any = shape
        # Whoever generates code spares itself the property.
        viewed.__reads__ = passed_on
        return shape

    return viewing
