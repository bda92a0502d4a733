"""The stack, and the plain tables that the stack and the embedded cloud share."""
