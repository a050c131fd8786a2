"""What can be set of the server; every field has a default that works."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """Settings of the server. Unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_path: Annotated[
        str,
        Field(
            pattern=r"^(/[A-Za-z0-9._~-]+)+$",
            description="Path of the FHIR base below the host; `/fhir` makes it http://HOST:PORT/fhir.",
        ),
    ] = "/fhir"
    max_body_bytes: Annotated[
        int,
        Field(
            ge=1024,
            description="Largest request body in bytes, a Bundle as a whole; more is answered with 413.",
        ),
    ] = 64 * 1024 * 1024
    max_query_bytes: Annotated[
        int, Field(ge=256, description="Longest query string in bytes; more is answered with 414.")
    ] = 32 * 1024
    default_count: Annotated[
        int, Field(ge=1, description="Resources on a search page when the client does not say `_count`.")
    ] = 50
    max_count: Annotated[
        int, Field(ge=1, description="Most resources on a search page, whatever `_count` says.")
    ] = 1000
    strict_search: Annotated[
        bool,
        Field(
            description="Refuse unknown search parameters by name (true), or leave them out and say so. "
            "`Prefer: handling=strict` or `lenient` of a request decides where it is sent."
        ),
    ] = True
