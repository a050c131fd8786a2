"""Codecs of documents and pictures: DOI, hash, the text of the source."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from fhir_vitiligo.mapping.codecs import (
    Codec,
    Reading,
    StringCodec,
    Writer,
    Writing,
)
from fhir_vitiligo.mapping.facts import Json


class DoiCodec(Codec):
    """A DOI as Identifier."""

    remembered = True
    datatype = "Identifier"
    SYSTEM = "https://doi.org"
    _SPELLINGS = (
        "https://doi.org",
        "http://doi.org",
        "https://dx.doi.org",
        "http://dx.doi.org",
        "urn:doi",
        "doi",
    )

    def encode(self, value: str, to: Writing) -> Json:
        return {"system": self.SYSTEM, "value": value}

    def decode(self, node: Any, of: Reading) -> str | None:
        if (
            not isinstance(node, dict)
            or node.get("system") not in self._SPELLINGS
            or not isinstance(node.get("value"), str)
        ):
            return None
        del node["system"]
        return str(node.pop("value"))


class Sha1Codec(Codec):
    """Attachment.hash: SHA-1 as base64; the case has the usual 40 hexadecimal digits."""

    datatype = "Base64Binary"
    primitive = True

    def encode(self, value: str, to: Writing) -> str:
        return base64.b64encode(bytes.fromhex(value)).decode()

    def decode(self, node: Any, of: Reading) -> str | None:
        try:
            raw = base64.b64decode(node, validate=True) if isinstance(node, str) else b""
        except (binascii.Error, ValueError):
            return None
        return raw.hex() if len(raw) == 20 else None


class SourceTextCodec(StringCodec):
    """The source's text as Attachment.data, with its content type."""

    _TYPE = "text/plain; charset=utf-8"

    @property
    def straight(self) -> Codec | None:
        return None

    def plain_writer(self, name: str) -> Writer:
        return self._write

    def _write(self, parent: Json, value: str, to: Writing) -> None:
        parent["contentType"] = self._TYPE
        parent["data"] = base64.b64encode(value.encode()).decode()

    def take_plain(self, parent: Json, name: str, of: Reading) -> str | None:
        data = parent.get("data")
        if parent.get("contentType") != self._TYPE or not isinstance(data, str):
            return None
        try:
            text = base64.b64decode(data, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
        del parent["contentType"], parent["data"]
        return text
