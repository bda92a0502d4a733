"""Many things at a time come and fail as they would one after another."""

import threading
import time

import pytest

from redactor.errors import DamagedVideo
from redactor.many import each, many


def test_answers_come_in_the_order_of_the_things_whoever_is_ready_first() -> None:
    assert list(many(lambda n: time.sleep((20 - n) / 1000) or n, range(20), 8)) == list(range(20))
    assert list(many(str, [])) == []


def test_as_many_as_allowed_are_under_way_and_no_more_are_made_ahead() -> None:
    together, begun = threading.Barrier(4, timeout=5), list[int]()

    def act(n: int) -> int:
        begun.append(n)
        if n < 4:
            together.wait()
        return n

    answers = many(act, iter(range(100)), 4)
    assert next(answers) == 0
    time.sleep(0.1)
    assert sorted(begun) == [0, 1, 2, 3]
    answers.close()


def test_the_first_failure_in_order_is_raised_and_nothing_more_is_begun() -> None:
    begun = list[int]()

    def act(n: int) -> None:
        begun.append(n)
        if n == 5:
            raise DamagedVideo("later, but at once")
        if n == 3:
            time.sleep(0.05)
            raise LookupError("first in order")

    with pytest.raises(LookupError):
        each(act, range(1000), 4)
    assert len(begun) < 20


def test_on_leaving_no_thread_is_left() -> None:
    before = set(threading.enumerate())
    for n in many(lambda n: n, range(100), 8):
        if n == 3:
            break
    assert {thread for thread in threading.enumerate() if thread.is_alive()} <= before
