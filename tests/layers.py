"""The layers of the project: which part may import which (docs/design.md)."""

# A module may import what stands in a lower line, and nothing of its own line but its own package.
IMPLEMENTATIONS = [
    {"arguments", "atomic", "chunked", "duplicates"},
    {"columns", "ids"},
    {"ratings"},
    {"problem"},
    {"factors"},
    {"whole_fit"},
    {"numba_cache"},
    {"launching"},
    {"backend", "jit"},
    {"nested"},
    {"acceleration"},
    {"array_backend", "layout", "error_sums", "variant"},
    {"folding", "objective", "serving"},
    {"progress"},
    {"stopping", "checkpoint"},
    {"kernels"},
    {"tiled"},
    {"naive", "numpy_batched", "numba_serial", "numba_parallel", "numba_tiled", "peers", "cluster"},
    {"numba_amx"},
    {"registry"},
    {"als"},
    {"training"},
    {""},  # the package itself, which offers the names of those below
]
# What a part of the harness may import besides itself, its errors and the libraries.
HARNESS = {
    "": set(),
    "errors": set(),
    "scratch": set(),
    "options": set(),
    "data": {
        *(
            f"implementations.{part}"
            for part in ("ratings", "ids", "columns", "atomic", "chunked", "jit")
        ),
    },
    "results": set(),
    "student": set(),
    "cost": {"harness.results", "harness.student"},
    "unfinished": {"implementations"},
    "difference": {"implementations.problem"},
    "conformance": {
        "harness.unfinished",
        "harness.difference",
        "harness.scratch",
        "implementations",
    },
    "measure": {
        "harness.data",
        "harness.results",
        "harness.cost",
        "harness.unfinished",
        "harness.difference",
        "harness.scratch",
        "implementations",
    },
    "analysis": {"harness.results", "harness.cost", "harness.student"},
    "reproduce": {
        "harness.data",
        "harness.measure.judge",
        "harness.results",
        "harness.cost",
        "harness.student",
        "implementations",
    },
    "report": {"harness.analysis", "implementations.atomic"},
    "screen": {
        "harness.analysis",
        "harness.data",
        "harness.measure",
        "harness.report",
        "harness.results",
    },
    "partitioned": {"harness.data", "harness.measure.machine", "implementations"},
    "machines": {
        "harness.data.ladder.rung",
        "harness.measure",
        "harness.results",
        "harness.scratch",
        "implementations",
    },
    "study": {
        "harness.analysis",
        "harness.data",
        "harness.measure",
        "harness.results",
        "harness.scratch",
        "harness.screen",
        "implementations",
    },
    "commands": {"harness", "implementations"},
    "cli": {"harness.commands", "harness.options"},
    "__main__": {"harness.cli"},
}
# Rooms of harness.data, from the bottom: none imports what comes after it, or the index of all.
DATA_ROOMS = ["dataset", "ladder", "facts", "synthetic", "cache", "movielens", "datasets"]
DRAWING = "harness.report"  # only here is matplotlib imported
