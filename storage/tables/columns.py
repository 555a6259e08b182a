"""What the columns of all tables are made with."""

from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Integer,
    MetaData,
    Text,
    Uuid,
    func,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
        "pk": "%(table_name)s_pkey",
    }
)


def identifier() -> Column[object]:
    return Column("id", Uuid, primary_key=True, server_default=text("uuidv7()"))


def user(name: str, *, primary_key: bool = False) -> Column[object]:
    owner = ForeignKey("users.id", ondelete="CASCADE")
    return Column(name, Uuid, owner, nullable=False, primary_key=primary_key)


def now(name: str) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def words(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


def count(name: str) -> Column[int]:
    return Column(
        name,
        Integer,
        CheckConstraint(f"{name} >= 0", name=name),
        nullable=False,
        server_default="0",
    )


def one_of(name: str, members: type[StrEnum], *, nullable: bool = False) -> Column[object]:
    kind = Enum(members, native_enum=False, create_constraint=True, name=name, length=32)
    return Column(name, kind, nullable=nullable)
