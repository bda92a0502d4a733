"""Measurements that people run by hand: python -m benchmarks.leak, python -m benchmarks.peer. Never shipped."""
