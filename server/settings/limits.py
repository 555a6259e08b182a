"""What a GraphQL document may ask for, and which documents are admitted."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

Most = Annotated[int, Field(ge=1)]


class LimitSettings(BaseModel):
    """What a GraphQL document may ask for, and which documents are admitted."""

    max_document_bytes: Annotated[int, Field(ge=1, le=131_072)] = Field(
        default=32_768, description="Longest GraphQL document, in bytes of UTF-8."
    )
    max_tokens: Annotated[int, Field(ge=1, le=5_000)] = Field(
        default=1_000, description="Most tokens, and most comments, of a document; at most 5000."
    )
    max_depth: Most = Field(
        default=15,
        description="Most levels of fields. GraphiQL's introspection has 15.",
    )
    max_fields: Annotated[int, Field(ge=1, le=5_000)] = Field(
        default=1_000,
        description="Most fields and spreads of an operation, fragments put in place; at most "
        "5000.",
    )
    max_aliases: Annotated[int, Field(ge=0)] = Field(
        default=30, description="Most aliases of an operation, fragments put in place."
    )
    max_repeated_fields: Annotated[int, Field(ge=1, le=100)] = Field(
        default=20,
        description="Most fields that stand for one place in the answer; at most 100.",
    )
    max_directives: Annotated[int, Field(ge=0)] = Field(
        default=50, description="Most directives of an operation, fragments put in place."
    )
    max_root_fields: Most = Field(
        default=20, description="Most fields at the root of an operation."
    )
    max_operations: Most = Field(default=20, description="Most operations in a document.")
    max_fragments: Annotated[int, Field(ge=0, le=500)] = Field(
        default=100, description="Most fragments in a document; at most 500."
    )
    max_cost: Most = Field(
        default=5_000,
        description="Most rows and resolver calls of an operation, see docs/limits.md.",
    )
    deadline_s: Annotated[float, Field(gt=0, le=3_600)] = Field(
        default=2.0,
        description="How long a query, one event of a subscription, or one SQL statement of a "
        "mutation may take, in seconds.",
    )
    write_deadline_s: Annotated[float, Field(gt=0, le=3_600)] = Field(
        default=10.0,
        description="How long a mutation may take, in seconds: passwords wait for their turn, and "
        "published bytes for the store.",
    )
    introspection: bool = Field(
        default=True, description="Whether anyone may ask for the schema; GraphiQL needs it."
    )
    suggestions: bool = Field(
        default=False, description="Whether errors guess what was meant, which tells of the schema."
    )
    report_cost: bool = Field(
        default=False,
        description="Whether every answer tells its cost; else those that were asked for it.",
    )
    document_mode: Literal["off", "allow", "only"] = Field(
        default="allow",
        description="off: documents as text alone; allow: by hash too, automatic or trusted; "
        "only: trusted documents and nothing else.",
    )
    trusted_documents: str = Field(
        default="",
        description="Paths of manifests of trusted documents, separated by commas: what "
        "graphql-codegen's client preset and relay-compiler write.",
    )
    persisted_documents_bytes: Annotated[int, Field(ge=0)] = Field(
        default=4 * 1024**2,
        description="Memory of a process for automatic persisted queries, in bytes.",
    )
    document_cache_bytes: Annotated[int, Field(ge=0)] = Field(
        default=8 * 1024**2,
        description="Memory of a process for parsed documents, in bytes.",
    )
