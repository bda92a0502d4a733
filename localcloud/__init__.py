"""The flow on one machine: moto serves S3 and Step Functions on loopback, worker processes run the real handlers.

Importing the package is cheap; `localcloud.cloud` is the way in.
"""
