"""What hiding costs, and what it does to the rest of the picture."""
