"""What can be set of the server; every field has a default that works."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_BASE_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._~-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?/?", re.IGNORECASE)


class Settings(BaseModel):
    """Settings of the server. Unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_path: Annotated[
        str,
        Field(
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

    @field_validator("base_path")
    @classmethod
    def _is_path(cls, path: str) -> str:
        if not _BASE_PATH.fullmatch(path) or any(part in (".", "..") for part in path.split("/")):
            raise ValueError(
                "a path begins with a slash, does not end with one, and has letters, digits and . _ ~ - between slashes, such "
                "as /fhir or /api/fhir"
            )
        return path

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is no origin: it has a scheme and a host, and may have a port, such as https://app.example or "
                    "http://localhost:3000; * is every origin"
                )
        return origins

    @model_validator(mode="after")
    def _counts_fit(self) -> Settings:
        # Who only makes pages smaller means those of clients that say nothing, too.
        if "default_count" in self.model_fields_set and self.default_count > self.max_count:
            raise ValueError(
                f"default_count ({self.default_count}) is more than max_count ({self.max_count}): set it to at most that, or "
                "max_count higher"
            )
        return self
