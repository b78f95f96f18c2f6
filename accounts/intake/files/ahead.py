"""Making the next things while the last ones are used, in a thread of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Semaphore, Thread
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


class _Ahead(Generic[Thing]):
    """What the two threads share: at most `room` things that are made and not yet taken."""

    def __init__(self, things: Iterator[Thing], room: int) -> None:
        self._things = things
        self._room = Semaphore(room)
        self._made: SimpleQueue[tuple[Thing] | BaseException | None] = SimpleQueue()
        self._is_over = False
        self._thread = Thread(target=self._make, name="ahead")
        self._thread.start()

    def taken(self) -> Iterator[Thing]:
        """The things in their order. Raises what making them raised."""
        while (made := self._made.get()) is not None:
            if isinstance(made, BaseException):
                raise made
            self._room.release()
            yield made[0]

    def end(self) -> None:
        """Make no more; returns when the thread has ended."""
        self._is_over = True
        self._room.release()
        self._thread.join()

    def _make(self) -> None:
        try:
            for thing in self._things:
                self._room.acquire()
                if self._is_over:
                    return
                self._made.put((thing,))
        except BaseException as error:  # noqa: BLE001 - it is raised where the things are taken
            self._made.put(error)
        else:
            self._made.put(None)


@contextmanager
def made_ahead(things: Iterator[Thing], room: int) -> Iterator[Iterator[Thing]]:
    """The same things, of which up to `room` are made before they are asked for."""
    ahead = _Ahead(things, room)
    try:
        yield ahead.taken()
    finally:
        ahead.end()
