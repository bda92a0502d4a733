"""S3, and nothing else of AWS: objects pinned by version, conditional writes, and a checked range reader."""

from redactor.store.answers import Conflict, Missing, Object, named
from redactor.store.objects import Store

__all__ = ["Conflict", "Missing", "Object", "Store", "named"]
