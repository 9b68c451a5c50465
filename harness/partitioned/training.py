"""The driver: files to partitions on workers, and sweeps over these. It holds ids and factors."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from itertools import cycle, pairwise
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from harness.data.ladder.scales import ratings_needed
from harness.errors import UserError
from harness.partitioned.cost import worker_bytes
from harness.partitioned.counting import Counted, merged, users_of_ladder
from harness.partitioned.files import IDS, count_of, deal, save, spill_path, take_in
from harness.partitioned.held import Held, Place, build
from harness.partitioned.processes import peak_bytes
from harness.partitioned.request import Request
from implementations.als import start_of
from implementations.backend import Side
from implementations.checkpoint import Checkpoint
from implementations.cluster.half_sweep import asking, solve_side
from implementations.cluster.workers import Placed, Workers
from implementations.factors import Factors
from implementations.ids import IdMap
from implementations.layout import chunks_of_equal_work
from implementations.problem import Float
from implementations.tiled.schedule import ROW_COST

# Ratings of a partition, at most about so many where they are not asked for: it is put together
# in memory that is five times its own.
_MOST_RATINGS = 4_000_000


class Swept(NamedTuple):
    """What a sweep took and gave.

    Attributes
    ----------
    number : int
    seconds : float
        Of the two half-sweeps, without judging.
    bytes_sent : int
    test_rmse : float
    train_rmse : float or None
        Of the last sweep.
    lost : int
        Workers that were lost until here.
    """

    number: int
    seconds: float
    bytes_sent: int
    test_rmse: float
    train_rmse: float | None
    lost: int


class Training:
    """Ratings of many files on the workers of a cluster.

    Parameters
    ----------
    request : Request
    workers : Workers
    report : callable
        Takes lines on the progress.
    memory : int
        Bytes that a worker may hold; 0: no limit.

    Raises
    ------
    UserError
        Where a file cannot be read, ratings are wrong, or the partitions do not fit the workers.
    """

    def __init__(
        self, request: Request, workers: Workers, report: Callable[[str], None], memory: int = 0
    ) -> None:
        self._request, self._workers, self._report = request, workers, report
        self.counted = self._read()
        self._cuts: dict[Side, NDArray[np.int64]] = {
            "users": self._cut(self.counted.by_user),
            "items": self._cut(self.counted.by_movie),
        }
        self._expect_room(memory)
        self._placed: dict[Side, list[Placed]] = {"users": [], "items": []}
        self._partition()

    def sweeps(self) -> Iterator[Swept]:
        """Make the sweeps that are asked for; `factors` are those after the last one."""
        kept = self._checkpoint()
        done, begin = kept.latest(self._request.sweeps) if kept else (0, None)
        self._begin(begin)
        for number in range(done + 1, self._request.sweeps + 1):
            before, began = self._workers.bytes_sent, perf_counter()
            self._solve("users", "items")
            self._solve("items", "users")
            took, sent = perf_counter() - began, self._workers.bytes_sent - before
            last = number == self._request.sweeps
            if kept is not None:
                kept.keep(number, self.factors)
            test, train = self._judge(last)
            yield Swept(number, took, sent, test, train, self._workers.lost)

    @property
    def factors(self) -> Factors:
        """The model, with the ids of the files."""
        user_ids, movie_ids = (
            None if _are_numbers(ids) else IdMap(ids)
            for ids in (self.counted.user_ids, self.counted.movie_ids)
        )
        rows, params = self._rows, self._request.params
        return Factors(rows["users"], rows["items"], self._mean, user_ids, movie_ids, params)

    def peaks(self) -> dict[str, int]:
        """Most bytes that each worker has held."""
        return self._workers.of_each(peak_bytes)

    @property
    def partitions(self) -> dict[Side, int]:
        """Of each side."""
        return {side: len(cuts) - 1 for side, cuts in self._cuts.items()}

    def bytes_of_worker(self) -> int:
        """Bytes that a worker needs, by estimate."""
        counts = (self.counted.by_user, self.counted.by_movie)
        sides = zip(counts, self._cuts.values(), strict=True)
        largest = max(int(np.add.reduceat(n, cuts[:-1]).max()) for n, cuts in sides)
        return worker_bytes(self.counted, self._request, len(self._workers.addresses), largest)

    # From files to partitions.

    def _read(self) -> Counted:
        request = self._request
        given = request.columns, request.split_seed, request.work
        calls = [partial(take_in, path, *given, n) for n, path in enumerate(request.files)]
        found = self._workers.map(calls)
        self._report(f"{sum(int(one.all_by_user.sum()) for one in found):,} ratings are read")
        needed = ratings_needed([request.scale])
        whole = merged(found)
        if needed is not None:
            kept = users_of_ladder(whole, needed, request.scale)
            found = self._workers.map(
                [partial(count_of, kept, request.work, n) for n in range(len(request.files))]
            )
            whole = merged(found)
        if not whole.n_train:
            raise UserError("there is no training rating: give more files")
        return whole

    def _cut(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """First rows of the partitions of a side, and its end."""
        indptr = np.concatenate([[0], np.cumsum(counts)])
        many = -(-self.counted.n_train // _MOST_RATINGS)
        count = self._request.partitions or max(2 * len(self._workers.addresses), many)
        return np.unique(chunks_of_equal_work(indptr, count, float(ROW_COST)))

    def _expect_room(self, memory: int) -> None:
        needed = self.bytes_of_worker()
        text = (
            f"each of {len(self._workers.addresses)} workers needs about {needed / 2**30:.2f} GiB"
        )
        if memory and needed > memory:
            raise UserError(
                f"{text} and may hold {memory / 2**30:.2f} GiB: "
                "give more memory, more workers or more partitions"
            )
        self._report(text)

    def _partition(self) -> None:
        request, counted = self._request, self.counted
        ids = {"user_ids": counted.user_ids, "movie_ids": counted.movie_ids}
        cuts = {"user_cuts": self._cuts["users"], "item_cuts": self._cuts["items"]}
        save(request.work / IDS, ids | cuts)
        files = range(len(request.files))
        self._workers.map([partial(deal, request.work, n) for n in files])
        for number in files:
            spill_path(request.work, number).unlink(missing_ok=True)
        self._place("users", len(counted.movie_ids))
        self._place("items", len(counted.user_ids))
        parts = self.partitions
        self._report(f"{parts['users']} partitions of users and {parts['items']} of items are made")

    def _place(self, side: Side, n_other: int) -> None:
        """Have workers build the partitions of a side, one after the other in each."""
        request, cuts = self._request, self._cuts[side].tolist()
        homes = cycle(self._workers.addresses)
        for number, (first, stop) in enumerate(pairwise(cuts)):
            place = Place(side, number, first, stop, n_other)
            made = partial(build, request.work, place, request.params, request.dtype)
            put = partial(_put, self._workers, made)
            self._placed[side].append(Placed(first, stop - first, None, put, next(homes)))
        placed, workers = self._placed[side], self._workers

        def summary(one: Placed) -> Any:
            return workers.call(Held.summary, one.future, worker=one.worker)

        for one, needed in zip(placed, workers.results(placed, summary), strict=True):
            one.needed = needed

    # Sweeps.

    def _begin(self, begin: Factors | None) -> None:
        counted, dtype = self.counted, np.dtype(self._request.dtype)
        self._mean = counted.total / counted.n_train
        sizes = len(counted.user_ids), len(counted.movie_ids)
        begin = begin or start_of(*sizes, self._mean, self._request.params)
        begin = begin.astype(dtype)
        self._rows: dict[Side, NDArray[Float]] = {"users": begin.users, "items": begin.items}

    def _solve(self, side: Side, other: Side) -> None:
        given = self._placed[side], self._rows[side], self._rows[other], self._mean
        self._rows[side] = solve_side(self._workers, side, *given)

    def _judge(self, with_train: bool) -> tuple[float, float | None]:
        """RMSE over test and, where asked for, training ratings, summed where they are."""
        workers, users = self._workers, self._rows["users"]

        def more(one: Placed) -> tuple[Any, ...]:
            return workers.send(users[one.rows], one.worker), self._mean, with_train

        ask = asking(workers, self._rows["items"], Held.errors, more)
        found = workers.results(self._placed["users"], ask)
        test = math.fsum(one.test for one in found)
        test_rmse = math.sqrt(test / self.counted.n_test) if self.counted.n_test else math.nan
        if not with_train:
            return test_rmse, None
        train = math.fsum(one.train for one in found)
        return test_rmse, math.sqrt(train / self.counted.n_train)

    def _checkpoint(self) -> Checkpoint | None:
        if self._request.checkpoint is None:
            return None
        try:
            return Checkpoint(self._request.checkpoint, self._identity(), every=1)
        except (ValueError, OSError) as error:
            raise UserError(str(error)) from error

    def _identity(self) -> str:
        """Digest of what the bits depend on: parameters, ids, and who rated how often."""
        request, counted = self._request, self.counted
        asked = [asdict(request.params), request.dtype, request.split_seed, counted.total]
        digest = hashlib.sha256(json.dumps(asked).encode())
        for array in (counted.by_user, counted.by_movie, counted.all_by_user):
            digest.update(array.tobytes())
        for ids in (counted.user_ids, counted.movie_ids):
            digest.update("\n".join(map(str, ids.tolist())).encode())
        return digest.hexdigest()


def _put(workers: Workers, made: Callable[[], Held], worker: str) -> Any:
    return workers.call(made, worker=worker)


def _are_numbers(ids: NDArray[Any]) -> bool:
    """Whether ids are the numbers of the rows."""
    return ids.dtype != object and np.array_equal(ids, np.arange(len(ids)))
