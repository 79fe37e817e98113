"""Calling convention: the memory layouts that Python and native code agree on.

A compiled program is one function, called once by each of its threads::

    void run(ptr block, i64 thread, i64 threads, ptr barrier)

``block`` is the *argument block*, an array of int64 words::

    ARENA                    address of the arena, a multiple of ``ALIGNMENT``
    HANDLER_ERROR            three words: type, value and traceback of the error that a signal
                             handler raised while the program ran
    FAILURE                  0, plus 1 where an index is out of bounds, plus `FAILED_ROUTINE` times
                             the number of the first external routine that failed, from 1 on, plus
                             `INTERRUPTED` where a signal handler raised an error
    FIRST_ITERATION          first iteration of an outermost ``loop``
    END_ITERATION            iteration before which it ends, if not at its own trip count
    FIRST_ARRAY and on       inputs, outputs, constants: addresses of NumPy's array objects
    behind the arrays        addresses of the external routines that the program calls; then, in a
                             timed program, cycle counters: one for each nest or call, and the
                             barrier's

Native code loads the address of an array's data from the array object itself, because asking NumPy
for it takes longer than a small program.

The arena is followed by the scratch memory of each thread, one after the other.

Kernels of contractions and functions of nests take the address of a *kernel context*, words on the
stack of ``run``::

    CONTEXT_BLOCK            address of the argument block
    CONTEXT_SCRATCH          address of this thread's scratch memory
    CONTEXT_INDICES and on   indices of the enclosing loops, outermost first

The threads of a pool share one *control block* of ``CONTROL_BYTES``, at a multiple of
``ALIGNMENT``. Offsets in bytes::

    0, BARRIER_GENERATION                      arrivals and generation, on separate cache lines
    JOB_GENERATION, JOB_PROGRAM, JOB_BLOCK, JOB_THREADS, JOB_CORE               the latest job
    MUTEX, CONDITION                           the POSIX objects by which workers sleep and wake
"""

__all__ = [
    "ALIGNMENT",
    "ARENA",
    "BARRIER_GENERATION",
    "CONDITION",
    "CONTEXT_BLOCK",
    "CONTEXT_INDICES",
    "CONTEXT_SCRATCH",
    "CONTROL_BYTES",
    "END_ITERATION",
    "FAILED_ROUTINE",
    "FAILURE",
    "FIRST_ARRAY",
    "FIRST_ITERATION",
    "HANDLER_ERROR",
    "INTERRUPTED",
    "JOB_BLOCK",
    "JOB_CORE",
    "JOB_GENERATION",
    "JOB_PROGRAM",
    "JOB_THREADS",
    "MUTEX",
]

ALIGNMENT = 64
"""Bytes of a cache line."""

ARENA, HANDLER_ERROR = 0, 1
FAILURE, FIRST_ITERATION, END_ITERATION, FIRST_ARRAY = range(4, 8)

FAILED_ROUTINE = 2
INTERRUPTED = 2**62

CONTEXT_BLOCK, CONTEXT_SCRATCH, CONTEXT_INDICES = range(3)

BARRIER_GENERATION = 64
JOB_GENERATION, JOB_PROGRAM, JOB_BLOCK, JOB_THREADS, JOB_CORE = range(128, 168, 8)
MUTEX, CONDITION, CONTROL_BYTES = 192, 320, 448
"""The largest known sizes are 64 bytes for a mutex (macOS) and 48 for a condition variable."""
