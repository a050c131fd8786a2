"""Pages for people: what a browser gets where a program gets JSON or XML."""
