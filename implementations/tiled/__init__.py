"""The kernels of `numba_tiled`, from the processor up.

``target``       what the processor has
``rows``         how factors lie in memory
``plan``         which sums are kept in which registers, in which pass (``picture`` draws it)
``interpreter``  executes the plan in NumPy: what everything below must agree with
``emitter``      vector instructions of one element type and one width
``gram``         emits the passes over a row's ratings
``batch``        emits transposition, Cholesky and write-back, one system to a lane
``intrinsics``   makes these callable from compiled code
``kernel``       the control flow of a half-sweep
``schedule``     chunks of rows, heaviest first
"""
