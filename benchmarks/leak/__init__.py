"""How well faces are hidden and people told apart."""
