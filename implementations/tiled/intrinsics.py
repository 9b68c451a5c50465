"""The emitted kernels, callable from compiled code.

A plan is the *type* of the first argument of each. So a plan is a constant for the compiler, the
functions of `kernel` are ordinary ones, and what was compiled for a plan is in Numba's cache on
disk with the types of its arguments. The cache sees changes in `kernel` alone; a digest of the
rest of this package is therefore part of the type's name.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from llvmlite import ir
from numba.core import types
from numba.extending import (
    NativeValue,
    intrinsic,
    models,
    register_model,
    typeof_impl,
    unbox,
)

from implementations.tiled import batch, gram
from implementations.tiled.amx import batch as amx_batch
from implementations.tiled.amx import gram as amx_gram
from implementations.tiled.amx.plan import AmxPlan
from implementations.tiled.amx.tiles import tiles_of
from implementations.tiled.emitter import I64, Emitter, Value
from implementations.tiled.plan import Plan
from implementations.tiled.systems import Systems

_SOURCES = sorted(Path(__file__).parent.rglob("*.py"))
_DIGEST = sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:16]


class _Emitters(NamedTuple):
    """What sums a row, makes systems of the sums, and writes their solutions."""

    add_ratings: Callable[..., None]
    gather_systems: Callable[..., None]
    write_back: Callable[..., None]


_EMITTERS: dict[type[Systems], _Emitters] = {
    Plan: _Emitters(gram.emit_add_ratings, batch.emit_gather_systems, batch.emit_write_back),
    AmxPlan: _Emitters(
        amx_gram.emit_add_ratings, amx_batch.emit_gather_systems, amx_batch.emit_write_back
    ),
}


def _emitters(e: Emitter) -> _Emitters:
    return _EMITTERS[type(e.plan)]


class PlanType(types.Type):
    """Type of one plan, and of it alone."""

    def __init__(self, plan: Systems) -> None:
        self.plan = plan
        super().__init__(f"{plan} of {_DIGEST}")


def _type_of(plan: Systems, _: Any) -> PlanType:
    return PlanType(plan)


def _nothing(_: PlanType, __: Any, context: Any) -> Any:
    """Pass nothing at run time: all is in the type."""
    value: Callable[[Any], Any] = NativeValue
    return value(context.context.get_dummy_value())


_unboxed: Callable[[Any], Callable[[Any], Any]] = unbox
register_model(PlanType)(models.OpaqueModel)
typeof_impl.register(Systems)(_type_of)
_unboxed(PlanType)(_nothing)


def _intrinsic(function: Callable[..., Any]) -> Any:
    return intrinsic(function)


def _open(context: Any, builder: Value, kind: Any, value: Value) -> Any:
    """An argument as emitters take it.

    Arrays become their `data` pointer and `size`, named tuples a namespace, booleans and numbers
    stay what they are.
    """
    if isinstance(kind, types.Array):
        array = context.make_array(kind)(context, builder, value)
        return SimpleNamespace(data=array.data, size=array.nitems)
    if isinstance(kind, types.NamedTuple | types.NamedUniTuple):
        fields = enumerate(zip(kind.fields, kind.types, strict=True))
        return SimpleNamespace(
            **{
                name: _open(context, builder, part, builder.extract_value(value, n))
                for n, (name, part) in fields
            }
        )
    return value


def _lowered(emit: Callable[..., Any], result: Any, plan: Any, *arguments: Any) -> Any:
    """Signature and code of an intrinsic that calls `emit(emitter, *opened arguments)`."""

    def generate(context: Any, builder: Value, signature: Any, values: Any) -> Value:
        parts = zip(signature.args[1:], values[1:], strict=True)
        opened = [_open(context, builder, kind, value) for kind, value in parts]
        emitted = emit(Emitter(builder, plan.plan), *opened)
        return context.get_dummy_value() if emitted is None else emitted

    return result(plan, *arguments), generate


@_intrinsic
def open_unit(_, plan, scratch):  # type: ignore[no-untyped-def]
    """As `interpreter.open_unit`."""

    def emit(e: Emitter, scratch: Any) -> None:
        if isinstance(e.plan, AmxPlan):
            tiles_of(e, scratch.work.data).open()

    return _lowered(emit, types.void, plan, scratch)


@_intrinsic
def close_unit(_, plan, scratch):  # type: ignore[no-untyped-def]
    """As `interpreter.close_unit`."""

    def emit(e: Emitter, scratch: Any) -> None:
        if isinstance(e.plan, AmxPlan):
            tiles_of(e, scratch.work.data).close()

    return _lowered(emit, types.void, plan, scratch)


@_intrinsic
def add_ratings(_, plan, task, start, stop, scratch, lane):  # type: ignore[no-untyped-def]
    """As `interpreter.add_ratings`."""

    def emit(e: Emitter, task: Any, start: Value, stop: Value, scratch: Any, lane: Value) -> None:
        _emitters(e).add_ratings(e, task, start, stop, scratch, lane)

    return _lowered(emit, types.void, plan, task, start, stop, scratch, lane)


@_intrinsic
def gather_systems(_, plan, sums, packed):  # type: ignore[no-untyped-def]
    """As `interpreter.gather_systems`."""

    def emit(e: Emitter, sums: Any, packed: Any) -> None:
        _emitters(e).gather_systems(e, sums.data, packed.data)

    return _lowered(emit, types.void, plan, sums, packed)


@_intrinsic
def solve(_, plan, packed, inverse, floor):  # type: ignore[no-untyped-def]
    """As `interpreter.solve`."""

    def emit(e: Emitter, packed: Any, inverse: Any, floor: Any) -> Value:
        return batch.emit_solve(e, packed.data, inverse.data, floor.data)

    return _lowered(emit, types.int64, plan, packed, inverse, floor)


@_intrinsic
def write_back(_, plan, packed, rows, out):  # type: ignore[no-untyped-def]
    """As `interpreter.write_back`."""

    def emit(e: Emitter, packed: Any, rows: Any, out: Any) -> None:
        _emitters(e).write_back(e, packed.data, rows.data, out)

    return _lowered(emit, types.void, plan, packed, rows, out)


@_intrinsic
def write_relaxed(_, plan, packed, rows, out, relaxation):  # type: ignore[no-untyped-def]
    """As `interpreter.write_relaxed`."""

    def emit(e: Emitter, packed: Any, rows: Any, out: Any, relaxation: Value) -> None:
        _emitters(e).write_back(e, packed.data, rows.data, out, relaxation)

    return _lowered(emit, types.void, plan, packed, rows, out, relaxation)


@_intrinsic
def take(_, counter):  # type: ignore[no-untyped-def]
    """As `interpreter.take`, and no two threads get the same number."""

    def generate(context: Any, builder: Value, signature: Any, values: Any) -> Value:
        (kind,) = signature.args
        pointer = context.make_array(kind)(context, builder, values[0]).data
        return builder.atomic_rmw("add", pointer, ir.Constant(I64, 1), "monotonic")

    return types.int64(counter), generate
