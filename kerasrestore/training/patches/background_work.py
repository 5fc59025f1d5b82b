"""Work that threads do while the device trains."""

import threading


class BackgroundWork:
    """Calls a function for each of several items, in threads of its own.

    The threads of a pool would keep a process that ends from ending until
    all is done; here the function may ask for `ending`.

    Args:
        function: function of an item.
        items: iterable of items.
        threads: number of threads.

    Example:
    >>> squares = {}
    >>> work = BackgroundWork(lambda i: squares.update({i: i * i}), [1, 2], 2)
    >>> work.wait()
    >>> sorted(squares.items())
    [(1, 1), (2, 4)]
    """

    def __init__(self, function, items, threads):
        self._function = function
        self._items = iter(items)
        self._lock = threading.Lock()
        self._error = None
        self._threads = [
            threading.Thread(target=self._run) for _ in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    @staticmethod
    def ending():
        """Whether the process ends and waits for its threads only."""
        return not threading.main_thread().is_alive()

    def wait(self):
        """Waits until all is done.

        Raises:
            Exception: the first that the function has raised.
        """
        for thread in self._threads:
            thread.join()
        if self._error is not None:
            raise self._error

    def _run(self):
        while self._error is None:
            with self._lock:
                item = next(self._items, None)
            if item is None:
                return
            try:
                self._function(item)
            except Exception as error:  # Raised by `wait`.
                self._error = error
