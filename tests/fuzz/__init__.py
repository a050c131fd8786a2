"""Bytes nobody meant: whatever comes in, no traceback, no hang, bounded memory."""
