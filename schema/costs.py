"""What asking costs, as directives of the printed schema.

Source: https://ibm.github.io/graphql-specs/cost-spec.html. Of it this is the part that our
schema needs; what differs is told in docs/limits.md.
"""

import strawberry
from strawberry.schema_directive import Location


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="cost",
    description="What one call of the field costs: the resolver call and the rows that it reads "
    "beside those of a list.",
)
class Cost:
    weight: str = strawberry.directive_field(name="weight")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="How many entries the field has at most: as many as the slicing argument says, "
    "else assumedSize. Each costs 1, and what is selected of each is counted so many times.",
)
class ListSize:
    assumed_size: int | None = strawberry.directive_field(name="assumedSize")
    slicing_arguments: list[str] | None = strawberry.directive_field(name="slicingArguments")
    sized_fields: list[str] | None = strawberry.directive_field(name="sizedFields")
    require_one_slicing_argument: bool | None = strawberry.directive_field(
        name="requireOneSlicingArgument"
    )
