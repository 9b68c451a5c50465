"""The command `pair`: two implementations against each other, in a line with an interval."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter

import numpy as np

from harness.analysis.pair import PairResult, ProcessTurns, pair_result, verdict_on
from harness.commands.check import find_or_say
from harness.data.datasets import open_dataset
from harness.data.ladder.scales import cut
from harness.errors import UserError
from harness.measure.checkouts import checked_out
from harness.measure.exchange import write_ratings
from harness.measure.handle import Worker, WorkerFailure
from harness.measure.pairing import Block, drawn_order
from harness.measure.pairing_apart import PairingApart, Side
from harness.measure.session import Session
from harness.report.numbers import counted, difference, with_interval
from harness.scratch import scratch_folder
from harness.screen.console import Screen
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.registry import usable_cores

# Seconds of a process, with those that it takes to be ready. Where its code lies makes a
# difference for as long as it lives, up to several per cent: many short ones tell more than one
# long one, and six at least are to fit. `--until` looks when one has ended.
PROCESSES, _FEWEST_PROCESSES = 20, 6
_SHORTEST_S, _LONGEST_S = 3.0, 15.0
_SEED = 1
_NEAR_1 = 0.7
# Of whatever another checkout says of itself: float32's, the larger one.
_ROW_TOLERANCE = 1e-4


@dataclass(frozen=True, kw_only=True)
class PairRequest:
    """The options of `pair`.

    Attributes
    ----------
    old, new : str
        Names, or REVISION@NAME.
    seconds : float
        To be spent, or the most where `until` is given.
    until : float or None
        Half-width of the interval at which it ends.
    equivalent : float or None
        Margin of the third verdict.
    """

    old: str
    new: str
    data: str = "auto"
    columns: dict[str, str] = field(default_factory=dict)
    scale: str = "100k"
    params: AlsParams = field(default_factory=AlsParams)
    threads: int | None = None
    seconds: float = 60.0
    until: float | None = None
    equivalent: float | None = None


# How far results are apart, and what takes the turns: that is not asked where they differ.
Rounds = Iterator[tuple[float, Callable[[], list[Block]]]]
Processes = list[list[Block]]


def pair(request: PairRequest) -> int:
    """Compare two implementations, and print one line of verdict.

    Returns
    -------
    int
        0, or 1 where their results differ.
    """
    threads = _threads(request.threads)
    with Screen() as screen, ExitStack() as stack:
        sides = tuple(_side(name, stack) for name in (request.old, request.new))
        dataset = open_dataset(request.data, (request.scale,), screen.notice, request.columns)
        train = cut(dataset, request.scale, 0).train
        screen.line(f"OLD {request.old}, NEW {request.new}")
        screen.line(
            f"{dataset.name} at {request.scale}: {len(train):,} training ratings, "
            f"rank {request.params.rank}, {counted(threads, 'thread')}"
        )
        began = perf_counter()
        folder = Path(stack.enter_context(scratch_folder()))
        try:
            rounds = _rounds(request, sides, train, threads, folder)
            tolerance = max(side.row_tolerance for side in sides)
            return _race(request, rounds, tolerance, screen, began)
        except WorkerFailure as failure:
            raise UserError(f"a process ended: {failure}") from None


def trial(request: PairRequest, seed: int) -> tuple[PairResult, float]:
    """One comparison, without a word: what came of it, and the seconds that it took.

    Parameters
    ----------
    request : PairRequest
        Of this checkout.
    seed : int
        Of the order of turns.
    """
    began = perf_counter()
    train = cut(
        open_dataset(request.data, (request.scale,), lambda _: None), request.scale, 0
    ).train
    with scratch_folder() as folder:
        names, threads = (request.old, request.new), _threads(request.threads)
        given = request.params, threads, train, Path(folder)
        rounds = _together(names, *given, request.seconds, seed)
        processes = [take_turns() for _, take_turns in rounds]
    return _result(processes), perf_counter() - began


def _race(
    request: PairRequest, rounds: Rounds, tolerance: float, screen: Screen, began: float
) -> int:
    """Go on until the time is over or the interval narrow; say what came of it."""
    processes: Processes = []
    for gap, take_turns in rounds:
        if gap > tolerance:
            screen.line(f"results DIFFER: a row by {difference(gap)} of itself after one sweep")
            return 1
        processes.append(take_turns())
        result = _result(processes)
        screen.notice(_line(result, None))
        if request.until is not None and result.half_width <= request.until:
            break
    screen.line(f"same results after one sweep: no row is off by more than {gap:.0e} of itself")
    screen.line(_line(result, request.equivalent))
    in_all = counted(result.processes, "process", "processes")
    turns = f"{counted(result.turns, 'turn')} of each in {in_all}"
    screen.line(f"{turns}, {perf_counter() - began:.0f} s")
    return 0


def _threads(asked: int | None) -> int:
    if asked is not None and asked > usable_cores():
        raise UserError(f"--threads must be at most {usable_cores()}, the cores there are")
    return asked or usable_cores()


def _side(name: str, stack: ExitStack) -> Side:
    """A name, or a name at a revision, which is checked out."""
    revision, at, variant = name.rpartition("@")
    if at:
        return Side(variant, stack.enter_context(checked_out(revision)), _ROW_TOLERANCE)
    found = find_or_say(name)
    if found.is_whole_fit:
        raise UserError(f"{name}: it has `fit` only; `run` compares it with others")
    return Side(name, None, found.row_tolerance)


def _rounds(
    request: PairRequest, sides: tuple[Side, ...], train: Ratings, threads: int, folder: Path
) -> Rounds:
    old, new = sides
    given = request.params, threads, train, folder
    if old.checkout is None and new.checkout is None:
        yield from _together((old.variant, new.variant), *given, request.seconds)
    else:
        yield from _apart(PairingApart((old, new), *given), request.seconds)


def _together(
    names: tuple[str, str],
    params: AlsParams,
    threads: int,
    train: Ratings,
    folder: Path,
    seconds: float,
    seed: int = _SEED,
) -> Rounds:
    """Blocks in one process, and in the next, for so many seconds."""
    # The first has to compile, and the last begins before the time is over.
    share = min(
        max(seconds / PROCESSES, _SHORTEST_S), _LONGEST_S, seconds / (_FEWEST_PROCESSES + 1)
    )
    end, gap = perf_counter() + seconds, None
    write_ratings(folder, train)
    while gap is None or perf_counter() < end:
        worker = Worker(threads, None)
        try:
            began = perf_counter()
            worker.call(Session.open, folder)
            worker.call(Session.pair, names, params, threads)
            if gap is None:
                gap = worker.call(Session.pair_gap)[1]
                began = perf_counter()  # later ones have nothing to compile
            left = min(share - (perf_counter() - began), end - perf_counter())
            yield gap, partial(_blocks, worker, max(0.0, left), seed)
        finally:
            worker.stop()
        seed += 1


def _blocks(worker: Worker, seconds: float, seed: int) -> list[Block]:
    """Blocks of one process."""
    return worker.call(Session.pair_blocks, seconds, seed)[1]


def _apart(pairing: PairingApart, seconds: float) -> Rounds:
    """Blocks of two processes each, for so many seconds."""
    end, random = perf_counter() + seconds, np.random.default_rng(_SEED)
    gap = pairing.largest_difference()
    while True:
        yield gap, lambda: [pairing.block(drawn_order(random))]
        if perf_counter() > end:
            return


def _result(processes: Processes) -> PairResult:
    return pair_result([_turns(blocks) for blocks in processes])


def _turns(blocks: list[Block]) -> ProcessTurns:
    """All turns of a process."""
    return ProcessTurns(
        [s for block in blocks for s in block.old], [s for block in blocks for s in block.new]
    )


def _line(result: PairResult, equivalent: float | None) -> str:
    ratio = _ratio(result)
    return f"NEW takes {ratio} of OLD's time: {verdict_on(result, equivalent)}"


def _ratio(result: PairResult) -> str:
    """The ratio with its interval; near 1 to the tenth of a per cent."""
    shift = result.shift
    if shift.interval is None or not _NEAR_1 < shift.ratio < 1 / _NEAR_1:
        return with_interval(shift.ratio, *(shift.interval or (None, None)))
    low, high = shift.interval
    return f"{shift.ratio:.3f} ({low:.3f}–{high:.3f})"
