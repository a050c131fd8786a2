"""HTTP as uvicorn speaks it, but what is no HTTP is answered with an OperationOutcome, too."""

from __future__ import annotations

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from fhir_vitiligo.errors import Issue
from fhir_vitiligo.server.errors import outcome_response

_TEXT = (
    "this is no valid HTTP request: its first line is a method (GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS), a URL and "
    "HTTP/1.1; in a URL every byte that is not ASCII, and every space, is escaped with % (`M%C3%BCller`); and a header is "
    "`Name: value`"
)


class FhirHttp(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # whichever of two is installed
    """The protocol of one connection."""

    def send_400_response(self, msg: str) -> None:
        """Answers a request that cannot be read, and closes the connection."""
        answer = outcome_response(400, (Issue("error", "invalid", "", _TEXT),), {"Connection": "close"})
        headers = {**answer.headers, "Content-Length": str(len(answer.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n" + head.encode("ascii") + b"\r\n" + answer.body)
        self.transport.close()
