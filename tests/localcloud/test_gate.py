"""Who works next: never more than there are workers, and every execution in its turn."""

import threading
import time
from collections.abc import Callable

from localcloud.gate import Gate


def always() -> bool:
    return True


def hold(gate: Gate, group: str, served: list[str], let_go: threading.Event) -> threading.Thread:
    """A thread that notes its group once it has a place, and keeps it until it may let go."""

    def work() -> None:
        with gate.turn(group, always) as granted:
            assert granted
            served.append(group)
            let_go.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_group_of_many_does_not_hold_up_another() -> None:
    gate, served, first, rest = Gate(1), [], threading.Event(), threading.Event()
    rest.set()
    threads = [hold(gate, "long", served, first)]
    until(lambda: served == ["long"])
    for group in ["long"] * 5 + ["short"] * 2:
        waiting = sum(map(len, gate._waiting.values()))
        threads.append(hold(gate, group, served, rest))
        until(lambda waiting=waiting: sum(map(len, gate._waiting.values())) == waiting + 1)
    first.set()
    for thread in threads:
        thread.join(10)
    assert served == ["long", "long", "short", "long", "short", "long", "long", "long"]


def test_no_more_places_than_workers_are_given() -> None:
    gate, served, let_go = Gate(2), [], threading.Event()
    threads = [hold(gate, str(n), served, let_go) for n in range(5)]
    until(lambda: len(served) == 2)
    time.sleep(0.05)
    assert len(served) == 2
    let_go.set()
    for thread in threads:
        thread.join(10)
    assert sorted(served) == ["0", "1", "2", "3", "4"]


def test_one_that_is_no_longer_wanted_leaves_the_queue() -> None:
    gate, let_go, served = Gate(1), threading.Event(), []
    holder = hold(gate, "a", served, let_go)
    until(lambda: served == ["a"])
    with gate.turn("b", lambda: False) as granted:
        assert not granted
    let_go.set()
    holder.join(10)
    with gate.turn("c", always) as granted:
        assert granted


def test_a_place_is_given_back_after_an_error() -> None:
    gate = Gate(1)
    for _ in range(2):
        try:
            with gate.turn("a", always) as granted:
                assert granted
                raise KeyError
        except KeyError:
            continue
    with gate.turn("a", always) as granted:
        assert granted
