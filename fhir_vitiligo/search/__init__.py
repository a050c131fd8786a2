"""Search: parameters, queries and index values as data (https://hl7.org/fhir/R4/search.html). Knows no SQL
and no HTTP.
"""
