"""Sums of squared errors over all ratings, in one pass: what judging spends its time with."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from implementations.chunked import equal_chunks, in_chunks
from implementations.factors import Factors
from implementations.jit import compiled_sums
from implementations.problem import Float
from implementations.ratings import Ratings

_CHUNK = 1 << 16
# Item rows are scattered over memory; asked for so many ratings ahead they are there in time
# (measured: .6 s instead of .9 for 28.8 million ratings on two cores, of 8 to 64 ratings alike).
_AHEAD = 16
_CACHE_LINE = 64  # bytes
_NO_MASK = np.zeros(0, np.bool_)


def error_sums(
    ratings: Ratings, factors: Factors, apart: NDArray[np.bool_] = _NO_MASK
) -> tuple[float, float]:
    """Sum (r - r̂)² in float64, whatever the dtype of the factors.

    The order of the additions depends on the number of ratings and on the machine's vectors, not on
    the number of threads.

    Parameters
    ----------
    ratings : Ratings
    factors : Factors
    apart : ndarray of bool, shape (len(ratings),), optional
        Ratings that are summed apart.

    Returns
    -------
    rest, apart : float
    """
    bounds = equal_chunks(len(ratings), _CHUNK)
    sums = np.zeros((len(bounds) - 1, 2))
    arrays = (ratings.users, ratings.items, ratings.values, apart)
    in_chunks(_add_errors, bounds, *arrays, factors.users, factors.items, factors.mean, sums)
    rest, others = sums.sum(axis=0)
    return float(rest), float(others)


def _prefetch_row(rows: NDArray[Float], row: np.int32) -> None:
    """Ask for a row of a C-contiguous array; nothing where nothing is compiled."""


def _emit_prefetch(_: Any, rows: Any, __: Any) -> tuple[Any, Callable[..., Any]]:
    row_bytes: Callable[..., Any] = cgutils.unpack_tuple

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        stride = row_bytes(builder, array.strides)[0]
        byte = builder.bitcast(array.data, ir.IntType(8).as_pointer())
        row = builder.sext(arguments[1], stride.type)
        first = builder.gep(byte, [builder.mul(row, stride)])
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte.type, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [byte.type], kind)
        loop: Callable[..., Any] = cgutils.for_range_slice
        zero, line = stride.type(0), stride.type(_CACHE_LINE)
        with loop(builder, zero, stride, line, stride.type) as (offset, _):
            for_reading, into_all_levels, of_data = number(0), number(3), number(1)
            address = builder.gep(first, [offset])
            builder.call(prefetch, [address, for_reading, into_all_levels, of_data])
        return context.get_dummy_value()

    returned: Any = types.void
    return returned(rows, types.int32), emit


if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]  # made at run time
    _prefetch_row: Any = intrinsic(_emit_prefetch)  # type: ignore[no-redef]


@compiled_sums
def _add_errors(
    chunk: int,
    first: int,
    end: int,
    users: NDArray[np.int32],
    items: NDArray[np.int32],
    values: NDArray[np.float32],
    apart: NDArray[np.bool_],
    user_rows: NDArray[Float],
    item_rows: NDArray[Float],
    mean: float,
    sums: NDArray[np.float64],
) -> None:
    rank, last = user_rows.shape[1] - 1, len(values) - 1
    rest = others = 0.0
    for n in range(first, end):
        ahead = n + _AHEAD
        _prefetch_row(item_rows, items[ahead if ahead < last else last])  # `min` compiles for long
        p, q = user_rows[users[n]], item_rows[items[n]]
        prediction = mean + np.float64(p[rank]) + np.float64(q[rank])
        for k in range(rank):
            prediction += np.float64(p[k]) * np.float64(q[k])
        square = (np.float64(values[n]) - prediction) ** 2
        if len(apart) and apart[n]:
            others += square
        else:
            rest += square
    sums[chunk, 0], sums[chunk, 1] = rest, others
