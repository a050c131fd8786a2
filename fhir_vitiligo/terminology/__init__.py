"""The codes that may be written, each with its source, and the words they are recognised by.

``codes.csv`` holds codes (adding one is one line), ``concepts.csv`` the concepts that use them (adding one is
one line). :mod:`.registry` is the door; nothing else in the project may name a clinical code of its own.
"""
