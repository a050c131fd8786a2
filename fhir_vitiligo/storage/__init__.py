"""Where resources are kept: the repository protocol and its implementations. The only home of database
drivers.
"""
