"""Measurements, one file a question. Each runs beside its alternative and prints ratios."""
