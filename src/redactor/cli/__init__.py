"""The command line: `redactor run` and `redactor serve` on the embedded cloud."""

from redactor.cli.app import main

__all__ = ["main"]
