"""Work done ahead: in order, bounded, and stopped with its user."""

from __future__ import annotations

import threading
import time

import pytest

from edgeisp.render.ahead import ahead


def test_results_come_in_order_when_later_ones_are_done_first() -> None:
    def work(number: int) -> int:
        time.sleep(0.02 if number == 0 else 0)
        return number

    assert list(ahead(work, range(9), 3)) == list(range(9))


def test_no_more_is_begun_than_there_are_threads_beside_the_result_in_use() -> None:
    begun: list[int] = []
    results = ahead(lambda number: begun.append(number), range(50), 2)
    next(results)
    time.sleep(0.05)
    assert len(begun) <= 3
    results.close()
    assert len(begun) <= 3


def test_error_reaches_the_user_and_stops_the_rest() -> None:
    begun = threading.Semaphore(0)

    def work(number: int) -> None:
        begun.release()
        if number == 1:
            raise ValueError("one")

    with pytest.raises(ValueError, match="one"):
        list(ahead(work, range(100), 1))
    count = 0
    while begun.acquire(blocking=False):
        count += 1
    assert count <= 3
