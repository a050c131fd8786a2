"""A codec around another one: the same datatype, written or read at another place or in more cases."""

from __future__ import annotations

from typing import Any

from fhir_vitiligo.mapping.codecs import Codec, Reading, Writing


class Around(Codec):
    """Reads and writes values as ``inner`` does; what it adds is where and when."""

    def __init__(self, inner: Codec) -> None:
        self.inner = inner
        self.datatype = inner.datatype

    def encode(self, value: Any, to: Writing) -> Any:
        return self.inner.encode(value, to)

    def decode(self, node: Any, of: Reading) -> Any:
        return self.inner.decode(node, of)

    @property
    def straight(self) -> Codec | None:
        return self.inner.straight
