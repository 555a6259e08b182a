"""What cameras write beside the pixels."""

from sqlalchemy import Boolean, Column, DateTime, Float, ForeignKey, Integer, Table, Text, Uuid

from storage.tables.columns import metadata

# Not among the columns of photos: what is private is not read where nobody asks for it.
shots = Table(
    "shots",
    metadata,
    Column("photo_id", Uuid, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column("shares_taken_at", Boolean, nullable=False, server_default="false"),
    Column("shares_camera", Boolean, nullable=False, server_default="false"),
    # The place is taken over when the picture is read, and kept nowhere unless that is asked for.
    Column("wants_location", Boolean, nullable=False, server_default="false"),
    Column("taken_at", DateTime(timezone=True)),
    Column("make", Text),
    Column("model", Text),
    Column("lens", Text),
    Column("focal_length_mm", Float),
    Column("f_number", Float),
    Column("exposure_s", Float),
    Column("iso", Integer),
)
