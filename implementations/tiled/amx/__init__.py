"""The kernels of `numba-tiled-amx`: Gram tiles by matrix instructions, from bfloat16 parts.

``permission``   whether this process may use AMX, and asking for it
``tiles``        the matrix unit: Intel's AMX, and the same in ordinary instructions
``halves``       factors as the sum of two bfloat16 numbers, and how those lie in memory
``plan``         which tile sums what, and where ratings lie while they are summed
``interpreter``  the same in NumPy: what the emitted code must agree with
``block``        emits: a block of ratings, gathered into operands of the matrix unit
``gram``         emits: tiles of products, summed over the operands
``batch``        emits: systems from tiles, and solutions into both forms of a row
"""
