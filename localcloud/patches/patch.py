"""One replaced attribute of moto."""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import getattr_static
from typing import Any

_ABSENT = object()


@dataclass
class Patch:
    """Replaces `owner.attribute` by what `make` makes of the original.

    name: what it mends. owner: a class or module. make: gets the original function, or the property itself.
    """

    name: str
    owner: Any
    attribute: str
    make: Callable[[Any], Any]
    _own: Any = field(default=_ABSENT, init=False)

    def apply(self) -> None:
        original = getattr_static(self.owner, self.attribute)
        self._own = vars(self.owner).get(self.attribute, _ABSENT)
        made = self.make(original.__func__ if isinstance(original, staticmethod) else original)
        setattr(self.owner, self.attribute, staticmethod(made) if isinstance(original, staticmethod) else made)

    def revert(self) -> None:
        if self._own is _ABSENT:
            delattr(self.owner, self.attribute)
        else:
            setattr(self.owner, self.attribute, self._own)
