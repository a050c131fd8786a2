"""A Bundle posted to the base: its type says what is done (https://hl7.org/fhir/R4/http.html#transaction)."""

from __future__ import annotations

from fhir_vitiligo.errors import InputError
from fhir_vitiligo.fhir import bundles
from fhir_vitiligo.server.call import Call
from fhir_vitiligo.server.content import read_body, read_text, resource_response
from fhir_vitiligo.server.interactions.batch import batch
from fhir_vitiligo.server.interactions.transaction import transaction
from fhir_vitiligo.server.message import Response


async def bundle(call: Call) -> Response:
    """Does what the Bundle's type says; anything but a transaction or a batch is refused."""
    document = read_body(call.request)
    if not bundles.is_bundle(document):
        raise InputError(
            f"the base takes a Bundle, not a {str(document.get('resourceType'))[:50]}: post that to its type",
            code="invalid",
        )
    bundles.entries(document)  # tells a fault of the array better than its text could
    texts = bundles.entry_texts(read_text(call.request))
    match document.get("type"):
        case "transaction":
            body = await transaction(call, document, texts)
        case "batch":
            body = await batch(call, document, texts)
        case other:
            raise InputError(
                f"a Bundle of type {str(other)[:50]!r} cannot be done: it has to be transaction or batch",
                code="invalid",
                expression="Bundle.type",
            )
    return resource_response(call.request, 200, body)
