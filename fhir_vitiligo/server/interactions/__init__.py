"""The interactions, one a file (https://hl7.org/fhir/R4/http.html); :mod:`fhir_vitiligo.server.routes`
lists them.
"""
