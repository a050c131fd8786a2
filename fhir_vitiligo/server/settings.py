"""What can be set of the server; every field has a default that works."""

from __future__ import annotations

from typing import Annotated, Literal

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
    validation: Annotated[
        Literal["off", "structure", "profile"],
        Field(
            description="What a resource is checked against when it is written: nothing (`off`), the definition of its "
            "type (`structure`), or that and the profiles it claims (`profile`). Errors are answered with 422, warnings "
            "are tolerated."
        ),
    ] = "profile"
    check_targets: Annotated[
        bool,
        Field(
            description="Refuse a resource (422) that refers to one of this server that is not there; references to "
            "other servers are taken as they are."
        ),
    ] = True
    check_referrers: Annotated[
        bool, Field(description="Refuse to delete (409) what other resources here refer to.")
    ] = True
    cors_origins: Annotated[
        tuple[str, ...],
        Field(
            description="Origins of web pages whose scripts may use this server (CORS): `https://app.example`, one "
            "without a port stands for all its ports, `*` for every page there is."
        ),
    ] = ("http://localhost", "http://127.0.0.1")
    compress_from: Annotated[
        int,
        Field(ge=0, description="Bytes from which on an answer is sent with gzip to a client that takes it."),
    ] = 8192
