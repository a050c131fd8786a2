"""The 29 facts of the case report, one test each: element, value, code, and nothing invented."""
