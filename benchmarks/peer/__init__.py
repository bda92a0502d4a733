"""What the same job costs with deface."""
