"""Work done ahead of whoever takes it, so that no core waits for a file or for the last tile of a row."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def ahead(
    work: Callable[[Item], Made], items: Iterable[Item], at_once: int = 1
) -> Generator[Made, None, None]:
    """``work`` on every item, in order, by ``at_once`` threads.

    While a result is used the next are made, as many as there are threads and no more: that bounds memory.
    Stopped by an error or by Ctrl-C, it begins nothing more.
    """
    pool = ThreadPoolExecutor(at_once)
    waiting: deque[Future[Made]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > at_once:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
