"""A sha256 that is handed on comes to what hashlib says of the whole."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactor import running
from redactor.running import Running, possible


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_wherever_it_is_handed_on_it_is_the_hash_of_all(pieces: list[bytes]) -> None:
    handed = Running().handed
    for piece in pieces:
        taken = Running(handed)
        taken.update(piece)
        handed = taken.handed
    assert Running(handed).sha256 == hashlib.sha256(b"".join(pieces)).hexdigest()


def test_asking_for_it_does_not_end_it() -> None:
    taken = Running()
    taken.update(b"one")
    assert taken.sha256 == hashlib.sha256(b"one").hexdigest()
    taken.update(b"two")
    assert taken.sha256 == hashlib.sha256(b"onetwo").hexdigest()


@pytest.mark.parametrize("handed", ["", "00", "zz", Running().handed[2:], Running().handed + "00", "ff" * 112])
def test_what_is_no_state_is_refused(handed: str) -> None:
    with pytest.raises(ValueError, match=r"state of a sha256|non-hexadecimal"):
        Running(handed)


def test_it_is_possible_here() -> None:
    """Where it is not, nothing is wrong, but large results take a minute longer."""
    assert possible()


@pytest.mark.parametrize("why", [AttributeError, OSError])
def test_without_the_library_it_is_not(monkeypatch: pytest.MonkeyPatch, why: type[Exception]) -> None:
    def missing() -> None:
        raise why

    monkeypatch.setattr(running, "_library", missing)
    assert not possible.__wrapped__()


def test_nor_with_one_that_comes_to_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Running, "sha256", "0" * 64)
    assert not possible.__wrapped__()
