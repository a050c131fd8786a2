// Ranges that several instruments share. A bound such as > 50 is no number to compare.

Invariant: vit-percent-1
Description: "A share is a number from 0 to 100"
Severity: #error
Expression: "ofType(Quantity).all(comparator.exists() or value.empty() or (value >= 0 and value <= 100))"
