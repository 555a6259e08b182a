"""Kinds of values that several settings share."""

from typing import Annotated

from pydantic import AfterValidator, Field

from server.settings import addresses

Port = Annotated[int, Field(ge=0, le=65_535)]
Seconds = Annotated[int, Field(ge=1)]
WebAddress = Annotated[str, AfterValidator(addresses.web)]
