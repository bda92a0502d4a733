"""Measurements that print a table; none of them runs in the tests."""
