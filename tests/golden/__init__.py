"""What the examples become, in a form to be read in a review; ``python -m tests.golden.update`` renews it."""
