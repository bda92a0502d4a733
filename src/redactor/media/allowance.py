"""How often it is worth looking for a key where no index leads to one: half a group of pictures is read for each.

So long groups in few bytes would make Plan read a tenth of two hours, and a third of half an hour.
"""

# Bytes that all looks together may read: this part of the file, but so many of any, which take half a second.
_PART, _LEAST = 36, 32 << 20
# Before the first of them have told what a look takes.
_AHEAD = 4 << 20


class Allowance:
    """Spread evenly over a file of so many bytes; looks are taken in the order of their places."""

    def __init__(self, size: int) -> None:
        self._size, self._all = size, max(_LEAST, size // _PART)
        self._begun = self._ended = self._paid = 0

    def allows(self, place: int) -> bool:
        """Whether one more look may be taken, from this byte on; it is counted, and taken for one like those before."""
        pending = (self._begun - self._ended) * self._paid // max(1, self._ended)
        if self._paid + pending > _AHEAD + self._all * place // self._size:
            return False
        self._begun += 1
        return True

    def pay(self, count: int) -> None:
        """A look that has begun ended after so many bytes."""
        self._ended += 1
        self._paid += max(0, count)
