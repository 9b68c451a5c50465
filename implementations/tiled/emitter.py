"""Emits vector instructions of one element type and one width, as LLVM's intermediate language.

The kernels of `gram` and `batch` are Python functions over an `Emitter`: a Python loop in them is
unrolled, `Emitter.loop` emits a loop, and a Python variable that holds a vector is a register.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from implementations.tiled.systems import Systems

# llvmlite has no types for a checker: a value, a pointer or a type of its own.
Value = Any
Index = int | Value

I1, I8, I32, I64 = (ir.IntType(bits) for bits in (1, 8, 32, 64))


class Emitter:
    """Instructions on vectors of `plan.lanes` elements.

    Offsets and strides are in elements, given as `int` or as a 64-bit value. Vectors are at
    addresses aligned to their size.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
    plan : Systems
    """

    def __init__(self, builder: Value, plan: Systems) -> None:
        self.builder = builder
        self.plan = plan
        self.lanes = plan.lanes
        self.element = ir.FloatType() if plan.dtype == "float32" else ir.DoubleType()
        self.vector = ir.VectorType(self.element, self.lanes)

    # Whole numbers and addresses

    def index(self, value: Index) -> Value:
        """Make a 64-bit value of an index."""
        return ir.Constant(I64, value) if isinstance(value, int) else value

    def plus(self, *terms: Index) -> Value:
        """Sum of indices."""
        total = self.index(terms[0])
        for term in terms[1:]:
            total = self.builder.add(total, self.index(term))
        return total

    def minus(self, left: Index, right: Index) -> Value:
        """Difference of indices."""
        return self.builder.sub(self.index(left), self.index(right))

    def times(self, left: Index, right: Index) -> Value:
        """Product of indices."""
        return self.builder.mul(self.index(left), self.index(right))

    def least(self, left: Value, right: Value) -> Value:
        """The lesser of two indices."""
        return self.builder.select(self.builder.icmp_signed("<", left, right), left, right)

    def address(self, pointer: Value, offset: Index) -> Value:
        """Address of the element at this offset."""
        return self.builder.gep(pointer, [self.index(offset)])

    def read(self, pointer: Value, offset: Index) -> Value:
        """One element; a 32-bit id becomes an index."""
        value = self.builder.load(self.address(pointer, offset))
        return self.builder.zext(value, I64) if value.type == I32 else value

    def bytes_at(self, pointer: Value, offset: Index) -> Value:
        """Address so many bytes after any pointer."""
        return self.address(self.builder.bitcast(pointer, I8.as_pointer()), offset)

    def floats(self, pointer: Value) -> Value:
        """Any pointer as one to elements."""
        return self.builder.bitcast(pointer, self.element.as_pointer())

    def copy(self, source: Value, place: Index, destination: Value, to: Index) -> None:
        """Copy one element."""
        value = self.builder.load(self.address(source, place))
        self.builder.store(value, self.address(destination, to))

    def prefetch(self, pointer: Value, offset: Index) -> None:
        """Ask for a cache line. Any address will do: one that is not there is not an error."""
        address = self.builder.bitcast(self.address(pointer, offset), I8.as_pointer())
        parts = [address.type, I32, I32, I32]
        call = self.builder.module.declare_intrinsic(
            "llvm.prefetch", [address.type], ir.FunctionType(ir.VoidType(), parts)
        )
        for_reading, into_all_levels, of_data = I32(0), I32(3), I32(1)
        self.builder.call(call, [address, for_reading, into_all_levels, of_data])

    def centred(self, value: Value, mean: Value) -> Value:
        """A float32 less a float64, subtracted in float64, as an element."""
        difference = self.builder.fsub(self.builder.fpext(value, ir.DoubleType()), mean)
        if self.element == difference.type:
            return difference
        return self.builder.fptrunc(difference, self.element)

    # Vectors

    def load(self, pointer: Value, offset: Index) -> Value:
        """The vector at this offset."""
        return self.builder.load(self._vector_at(pointer, offset), align=self._alignment)

    def store(self, vector: Value, pointer: Value, offset: Index) -> None:
        """Write a vector to this offset."""
        self.builder.store(vector, self._vector_at(pointer, offset), align=self._alignment)

    def constant_table(self, numbers: NDArray[np.int32]) -> Value:
        """Pointer to a table of 32-bit indices in the code itself."""
        return self._table(I32, numbers)

    def constant_bytes(self, numbers: bytes) -> Value:
        """Pointer to bytes in the code itself."""
        return self._table(I8, np.frombuffer(numbers, np.uint8))

    def bits(self, numbers: Value) -> Value:
        """Lanes of 32-bit elements as whole numbers."""
        return self.builder.bitcast(numbers, ir.VectorType(I32, self.lanes))

    def numbers(self, bits: Value) -> Value:
        """Whole numbers as the elements of which they are the bits."""
        return self.builder.bitcast(bits, self.vector)

    def constant(self, value: float) -> Value:
        """The same number in all lanes."""
        return ir.Constant(self.vector, [value] * self.lanes)

    def broadcast(self, scalar: Value) -> Value:
        """One element in all lanes."""
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, scalar, I32(0))
        return self.shuffle(first, nothing, [0] * self.lanes)

    def multiply_add(self, x: Value, y: Value, z: Value) -> Value:
        """x·y + z, rounded once where the target can."""
        if not self.plan.target.fused:
            return self.builder.fadd(self.builder.fmul(x, y), z)
        return self._call("fma", x, y, z)

    def subtract_product(self, x: Value, y: Value, z: Value) -> Value:
        """Z - x·y, rounded once where the target can."""
        return self.multiply_add(self.builder.fneg(x), y, z)

    def square_root(self, x: Value) -> Value:
        """Root of every lane, correctly rounded."""
        return self._call("sqrt", x)

    def lanes_where(self, condition: Value) -> Value:
        """Lanes where a comparison holds, as the bits of a whole number."""
        return self.builder.bitcast(condition, ir.IntType(self.lanes))

    def shuffle(self, x: Value, y: Value, chosen: Sequence[int]) -> Value:
        """Vector of chosen lanes: those of x are 0 …, those of y follow."""
        mask = ir.Constant(ir.VectorType(I32, self.lanes), list(chosen))
        return self.builder.shuffle_vector(x, y, mask)

    def transpose(self, vectors: Sequence[Value]) -> list[Value]:
        """Transpose a square of vectors: lane l of vector v goes to lane v of vector l.

        Off-diagonal squares of half the size are exchanged, then their halves, and so on (Eklundh,
        1972): log2(lanes) shuffles of every vector.
        """
        n, square = self.lanes, list(vectors)
        half = n // 2
        while half:
            low = [lane if not lane & half else n + lane - half for lane in range(n)]
            high = [lane + half if not lane & half else n + lane for lane in range(n)]
            for i in (i for i in range(n) if not i & half):
                x, y = square[i], square[i + half]
                square[i], square[i + half] = self.shuffle(x, y, low), self.shuffle(x, y, high)
            half //= 2
        return square

    # Control

    def loop(
        self,
        start: Index,
        stop: Index,
        carried: Sequence[Value],
        body: Callable[[Value, list[Value]], Sequence[Value]],
        step: int = 1,
    ) -> list[Value]:
        """Emit a loop, whose body turns the values carried into those of the next round.

        Parameters
        ----------
        start, stop, step : as of `range`
        carried : sequence of values
            Before the first round.
        body : callable
            (counter, carried values) to carried values of the same types.

        Returns
        -------
        list of values
            After the last round; `carried` where there is none.
        """
        builder = self.builder
        before = builder.block
        head, inside, after = (builder.append_basic_block(n) for n in ("head", "inside", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        counter = builder.phi(I64)
        counter.add_incoming(self.index(start), before)
        values = [builder.phi(value.type) for value in carried]
        builder.cbranch(builder.icmp_signed("<", counter, self.index(stop)), inside, after)
        builder.position_at_end(inside)
        following = body(counter, values)
        counter.add_incoming(self.plus(counter, step), builder.block)
        for phi, value, new in zip(values, carried, following, strict=True):
            phi.add_incoming(value, before)
            phi.add_incoming(new, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return values

    def define(self, name: str, like: Sequence[Value], body: Callable[..., None]) -> Value:
        """Emit `body(emitter, *arguments)` as a function of its own, not inlined.

        What is in one function LLVM optimises as a whole: it would keep copies of one pass's sums
        on the stack for the next.

        Parameters
        ----------
        name : str
        like : sequence of values
            Of the types of the arguments.
        body : callable

        Returns
        -------
        function
            To be called with `builder.call`.
        """
        module = self.builder.module
        kind = ir.FunctionType(ir.VoidType(), [value.type for value in like])
        function = ir.Function(module, kind, module.get_unique_name(name))
        function.linkage = "internal"
        function.attributes.add("noinline")
        inner = Emitter(ir.IRBuilder(function.append_basic_block("entry")), self.plan)
        body(inner, *function.args)
        inner.builder.ret_void()
        return function

    def define_once(self, name: str, like: Sequence[Value], body: Callable[..., None]) -> Value:
        """As `define`, where the module has none of this name."""
        return self.builder.module.globals.get(name) or self.define(name, like, body)

    def _table(self, kind: Value, numbers: NDArray[Any]) -> Value:
        array = ir.ArrayType(kind, len(numbers))
        module = self.builder.module
        table = ir.GlobalVariable(module, array, module.get_unique_name("table"))
        table.initializer = ir.Constant(array, numbers.tolist())
        table.global_constant, table.linkage = True, "internal"
        return self.builder.bitcast(table, kind.as_pointer())

    @property
    def _alignment(self) -> int:
        return self.lanes * self.plan.itemsize

    def _vector_at(self, pointer: Value, offset: Index) -> Value:
        return self.builder.bitcast(self.address(pointer, offset), self.vector.as_pointer())

    def _call(self, name: str, *arguments: Value) -> Value:
        """Call one of LLVM's functions on vectors (llvmlite cannot spell its name by itself)."""
        bits = 8 * self.plan.itemsize
        full_name = f"llvm.{name}.v{self.lanes}f{bits}"
        module = self.builder.module
        function = module.globals.get(full_name)
        if function is None:
            kind = ir.FunctionType(self.vector, [self.vector] * len(arguments))
            function = ir.Function(module, kind, full_name)
        return self.builder.call(function, arguments)
