"""Engines that carry the tasks of a batch out: threads of this process, a Dask cluster, a Ray cluster.

One task is one bucket, so an account lives in one task whatever the engine does. A task that a lost worker
took with it is done again by the engine, and writes the same bytes to the same names. Dask and Ray are given
only a few tasks ahead of what their processors do: an interruption then has little to wait for.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import Any

from steelyard.domain.money import whole_number
from steelyard.errors import InputError
from steelyard.extras import ExtraMissing
from steelyard.ports.batch import Done, Task
from steelyard.words import say

SECONDS = 10
"""How long a cluster may take to answer."""
RETRIES = 5
"""How often a task is given to another worker after it lost its own."""


class Threads:
    """Threads of this process.

    Args:
        count: Tasks at a time, >= 1.
    """

    def __init__(self, count: int) -> None:
        self._count = count

    def run(self, task: Task, numbers: Iterable[int]) -> Generator[Done, None, None]:
        """Yield number and result of each task as it is done; an error of a task ends the run."""
        with ThreadPoolExecutor(self._count) as pool:
            yield from _few_at_a_time(lambda n: pool.submit(task, n), _first_done, numbers, self._count)


class Dask:
    """A Dask cluster.

    Args:
        workers: Processes of a cluster on this machine that ends with the run, >= 1.
        address: Of a cluster that runs already (`tcp://scheduler:8786`), instead.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        self._workers, self._address = workers, address

    def run(self, task: Task, numbers: Iterable[int]) -> Generator[Done, None, None]:
        """Yield number and result of each task as it is done; an error of a task ends the run."""
        try:
            from distributed import Client, LocalCluster
            from distributed import wait as waited
        except ImportError:
            raise ExtraMissing("dask", say("the engine {name}", name="dask"), "distributed") from None
        # Its log tells of each worker that comes and goes; what matters of it comes as an error.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        if self._address is None:
            cluster = LocalCluster(self._workers, threads_per_worker=1, dashboard_address=None)
            client, count = Client(cluster), self._workers
        else:
            try:
                client = Client(self._address, timeout=SECONDS)
            except (OSError, ValueError) as error:
                raise _unreachable("dask", self._address, error) from None
            cluster, count = None, sum(client.nthreads().values())

        def first_done(running: Iterable[Any]) -> Iterable[Any]:
            done: Iterable[Any] = waited(list(running), return_when="FIRST_COMPLETED").done
            return done

        def submit(number: int) -> Any:
            # Not pure: a bucket whose file was lost since is written again.
            return client.submit(task, number, retries=RETRIES, pure=False)

        try:
            yield from _few_at_a_time(submit, first_done, numbers, 2 * max(count, 1))
        finally:
            client.close()
            if cluster is not None:
                cluster.close()


class Ray:
    """A Ray cluster.

    Args:
        workers: Processors of a cluster on this machine that ends with the run, >= 1.
        address: Of a cluster that runs already (`auto`, `ray://head:10001`), instead.
    """

    def __init__(self, workers: int, address: str | None = None) -> None:
        self._workers, self._address = workers, address

    def run(self, task: Task, numbers: Iterable[int]) -> Generator[Done, None, None]:
        """Yield number and result of each task as it is done; an error of a task ends the run."""
        try:
            import ray
        except ImportError:
            raise ExtraMissing("ray", say("the engine {name}", name="ray"), "ray") from None
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "include_dashboard": False}
        if self._address is None:
            ray.init(num_cpus=self._workers, **quiet)
            count = self._workers
        else:
            _look(self._address)
            try:
                ray.init(address=self._address, log_to_driver=False, logging_level=logging.ERROR)
            except (ConnectionError, ValueError, OSError) as error:
                raise _unreachable("ray", self._address, error) from None
            count = int(ray.cluster_resources().get("CPU", 1))

        def done(number: int) -> dict[str, Any]:
            return task(number)

        # A task that raised is not tried again, one whose process is gone is.
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(done)
        submitted: dict[Any, _RayTask] = {}

        def submit(number: int) -> _RayTask:
            reference = remote.remote(number)
            submitted[reference] = _RayTask(reference, ray.get)
            return submitted[reference]

        def first_done(running: Iterable[_RayTask]) -> Iterable[_RayTask]:
            ready, _ = ray.wait([one.reference for one in running], num_returns=1)
            return [submitted.pop(reference) for reference in ready]

        try:
            yield from _few_at_a_time(submit, first_done, numbers, 2 * max(count, 1))
        finally:
            ray.shutdown()


class _RayTask:
    """A task of Ray, asked as a future is."""

    def __init__(self, reference: Any, get: Callable[[Any], Any]) -> None:
        self.reference, self._get = reference, get

    def result(self) -> Any:
        """Return what the task returned, or raise what it raised."""
        from ray.exceptions import RayTaskError

        try:
            return self._get(self.reference)
        except RayTaskError as error:
            raise error.cause if isinstance(error.cause, Exception) else error from None


def _few_at_a_time(
    submit: Callable[[int], Any],
    first_done: Callable[[Iterable[Any]], Iterable[Any]],
    numbers: Iterable[int],
    at_a_time: int,
) -> Generator[Done, None, None]:
    left = iter(numbers)
    running = {submit(number): number for number in islice(left, at_a_time)}
    while running:
        for future in first_done(running):
            number = running.pop(future)
            yield number, future.result()
            running |= {submit(more): more for more in islice(left, 1)}


def _first_done(running: Iterable[Future[Any]]) -> Iterable[Future[Any]]:
    return wait(running, return_when=FIRST_COMPLETED).done


def _look(address: str) -> None:
    """Refuse an address where nobody listens: Ray itself would try for minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    number = whole_number(port)
    if number is None:
        return
    try:
        socket.create_connection((host.strip("[]"), number), timeout=SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable("ray", address, error) from None


def _unreachable(name: str, address: str, error: Exception) -> InputError:
    why = (str(error) or type(error).__name__).splitlines()[0]
    return InputError(
        "batch-engine",
        say("no {name} cluster answers at {address}: {why}", name=name, address=address, why=why),
        say("leave --address out for a cluster on this machine"),
    )
