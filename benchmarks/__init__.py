"""Measurements that people run by hand, each printing a table: leak, peer, overhead. Never shipped."""
