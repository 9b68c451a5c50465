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
from typing import Any

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

from implementations.tiled.batch import emit_gather_systems, emit_solve, emit_write_back
from implementations.tiled.emitter import I64, Emitter, Value
from implementations.tiled.gram import emit_add_ratings
from implementations.tiled.plan import Plan

_SOURCES = sorted(Path(__file__).parent.glob("*.py"))
_DIGEST = sha256(b"".join(path.read_bytes() for path in _SOURCES)).hexdigest()[:16]


class PlanType(types.Type):
    """Type of one plan, and of it alone."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        super().__init__(f"{plan} of {_DIGEST}")


def _type_of(plan: Plan, _: Any) -> PlanType:
    return PlanType(plan)


def _nothing(_: PlanType, __: Any, context: Any) -> Any:
    """Pass nothing at run time: all is in the type."""
    value: Callable[[Any], Any] = NativeValue
    return value(context.context.get_dummy_value())


_unboxed: Callable[[Any], Callable[[Any], Any]] = unbox
register_model(PlanType)(models.OpaqueModel)
typeof_impl.register(Plan)(_type_of)
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
def add_ratings(_, plan, task, start, stop, sums, lane):  # type: ignore[no-untyped-def]
    """As `interpreter.add_ratings`."""

    def emit(e: Emitter, task: Any, start: Value, stop: Value, sums: Any, lane: Value) -> None:
        emit_add_ratings(e, task, start, stop, sums.data, lane)

    return _lowered(emit, types.void, plan, task, start, stop, sums, lane)


@_intrinsic
def gather_systems(_, plan, sums, packed):  # type: ignore[no-untyped-def]
    """As `interpreter.gather_systems`."""

    def emit(e: Emitter, sums: Any, packed: Any) -> None:
        emit_gather_systems(e, sums.data, packed.data)

    return _lowered(emit, types.void, plan, sums, packed)


@_intrinsic
def solve(_, plan, packed, inverse, floor):  # type: ignore[no-untyped-def]
    """As `interpreter.solve`."""

    def emit(e: Emitter, packed: Any, inverse: Any, floor: Any) -> Value:
        return emit_solve(e, packed.data, inverse.data, floor.data)

    return _lowered(emit, types.int64, plan, packed, inverse, floor)


@_intrinsic
def write_back(_, plan, packed, rows, factors):  # type: ignore[no-untyped-def]
    """As `interpreter.write_back`."""

    def emit(e: Emitter, packed: Any, rows: Any, factors: Any) -> None:
        emit_write_back(e, packed.data, rows.data, factors.data)

    return _lowered(emit, types.void, plan, packed, rows, factors)


@_intrinsic
def write_relaxed(_, plan, packed, rows, factors, relaxation):  # type: ignore[no-untyped-def]
    """As `interpreter.write_relaxed`."""

    def emit(e: Emitter, packed: Any, rows: Any, factors: Any, relaxation: Value) -> None:
        emit_write_back(e, packed.data, rows.data, factors.data, relaxation)

    return _lowered(emit, types.void, plan, packed, rows, factors, relaxation)


@_intrinsic
def take(_, counter):  # type: ignore[no-untyped-def]
    """As `interpreter.take`, and no two threads get the same number."""

    def generate(context: Any, builder: Value, signature: Any, values: Any) -> Value:
        (kind,) = signature.args
        pointer = context.make_array(kind)(context, builder, values[0]).data
        return builder.atomic_rmw("add", pointer, ir.Constant(I64, 1), "monotonic")

    return types.int64(counter), generate
