"""Which web pages may use the server from a browser (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from collections.abc import Iterable

from fhir_vitiligo.server.message import Request

_EXPOSED = "Content-Location, ETag, Last-Modified, Location, X-Request-Id"
_METHODS = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_SECONDS = "86400"


class Cors:
    """The origins of the settings: ``*`` for all, one without a port for all its ports."""

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    def allows(self, origin: str) -> bool:
        """Whether scripts of pages from there may read what is answered."""
        known = origin.lower()
        host, colon, port = known.rpartition(":")
        # Without its port: `http://localhost:3000`, but not the scheme's own colon.
        without_port = host if colon and port.isdigit() else known
        return not self._origins.isdisjoint((known, without_port, "*"))

    def headers(self, origin: str) -> dict[str, str]:
        """What every answer to a page of ``origin`` says."""
        if not self.allows(origin):
            return {}
        return {"Access-Control-Allow-Origin": origin, "Access-Control-Expose-Headers": _EXPOSED}

    def preflight(self, request: Request) -> dict[str, str]:
        """What is answered before a page sends what it could not send without asking."""
        if not self.allows(request.header("origin")):
            return {}
        return {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": request.header("access-control-request-headers") or "*",
            "Access-Control-Max-Age": _SECONDS,
        }
