"""Bytes that a worker needs."""

from harness.partitioned.counting import Counted
from harness.partitioned.request import Request

# An interpreter with Dask, Numba and pyarrow in it, and what they keep.
_WORKER_BYTES = 420 << 20
# A CSR: item and value. A test rating: user, item, value.
_TRAIN_BYTES, _TEST_BYTES, _ROW_BYTES = 8, 12, 8
# While a partition is put together: its pieces, sorted twice, and what is kept of it.
_BUILT_BYTES = 60


def worker_bytes(counted: Counted, request: Request, workers: int, largest: int) -> int:
    """Bytes of a worker: its partitions of both sides, a partition in the making, and factors.

    Parameters
    ----------
    counted : Counted
    request : Request
    workers : int
    largest : int
        Training ratings of the largest partition.
    """
    rows = len(counted.user_ids) + len(counted.movie_ids)
    itemsize = 4 if request.dtype == "float32" else 8
    factors = (
        (request.params.rank + 1) * itemsize * max(len(counted.user_ids), len(counted.movie_ids))
    )
    held = 2 * _TRAIN_BYTES * counted.n_train + _TEST_BYTES * counted.n_test + _ROW_BYTES * rows
    # The other side as it comes, as it is unpickled from, and packed for the kernel.
    return _WORKER_BYTES + held // workers + max(_BUILT_BYTES * largest, 3 * factors)
