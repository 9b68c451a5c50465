"""What takes part: one small interface over the two ways in which implementations are driven."""

from abc import ABC, abstractmethod
from contextlib import nullcontext
from functools import partial
from time import perf_counter

from harness.measure.counters import Counts
from harness.measure.timing import (
    SHORTEST_TURN_S,
    Around,
    ReadCounters,
    Timed,
    calibrated_turn,
    since,
    timed_sweeps,
    uncounted,
    warm_turn,
)
from harness.unfinished import expect_settled
from implementations.acceleration import exact
from implementations.als import start_factors
from implementations.backend import Side
from implementations.factors import Factors
from implementations.nested import Make, nested_start
from implementations.problem import AlsParams
from implementations.ratings import Ratings
from implementations.variant import Variant
from implementations.whole_fit import WholeFit

# The set-up of a fit must not drown its iterations: what a long fit takes longer than a short one
# is to be this share of the long one, or as long as a turn.
_SHARE_OF_FIT = 0.25
_MOST_ITERATIONS = 256


class Contestant(ABC):
    """An implementation in its worker."""

    @abstractmethod
    def prepare(self, train: Ratings) -> None:
        """Lay out the ratings, or convert them."""

    def rehearse(self, train: Ratings) -> None:  # noqa: B027
        """Make `prepare` find its code compiled."""

    def load(self, factors: Factors) -> None:  # noqa: B027
        """Go on from these factors, where that can be."""

    @abstractmethod
    def warm_up(self) -> None:
        """Compile, or start what has to be started once."""

    @abstractmethod
    def turn(self, sweeps: int | None, judged: int | None, warm: bool = False) -> Timed:
        """Sweep on the clock.

        Parameters
        ----------
        sweeps : int or None
            That the turn is to time; None calibrates.
        judged : int or None
            The factors are afterwards to be those of so many sweeps from the start; None: whatever.
        warm : bool
            Whether a sweep off the clock comes first, where there are sweeps.
        """

    def half_sweep(self, side: Side) -> None:
        """One half-sweep, off the clock."""
        raise TypeError(f"{type(self).__name__} has no half-sweeps: {side} cannot be solved alone")

    @abstractmethod
    def read(self) -> Factors:
        """The present factors."""


class HalfSweeps(Contestant):
    """An `AlsBackend`: our start, our order and number of half-sweeps, each on the clock.

    Parameters
    ----------
    make : callable
        Makes the backend, and the one that trains a nested start.
    nested : bool
        Whether a start without users is to be one.
    count : callable
        What the counters say so far.
    around : callable
        What the first sweep of each turn is made within.
    """

    def __init__(
        self,
        make: Make,
        *,
        nested: bool = False,
        count: ReadCounters = uncounted,
        around: Around = nullcontext,
    ) -> None:
        self._make, self._nested, self._count, self._around = make, nested, count, around
        self._backend = make()

    def prepare(self, train: Ratings) -> None:
        """Lay out the ratings."""
        self._train = train
        self._backend.prepare(train)

    def rehearse(self, train: Ratings) -> None:
        """Lay out a single rating; where that is to train a nested start, compile for it."""
        first = (train.users[:1], train.items[:1], train.values[:1])
        one = Ratings(*first, train.n_users, train.n_items)
        self._backend.prepare(one)
        if self._nested:
            self._backend.load(start_factors(one, self._backend.params))
            self._backend.warm_up()

    def load(self, factors: Factors) -> None:
        """Take these factors, or make a nested start of them."""
        if self._nested and not factors.users.any():
            factors = nested_start(self._make, self._train, self._backend.params, factors)
        self._backend.load(factors)

    def warm_up(self) -> None:
        """Compile."""
        self._backend.warm_up()

    def turn(self, sweeps: int | None, judged: int | None, warm: bool = False) -> Timed:
        """Time whole sweeps; the first is seen to be done when it returns."""
        if sweeps is None:
            return calibrated_turn(
                self._backend, look=self._look, count=self._count, around=self._around
            )
        if warm:
            return warm_turn(
                self._backend,
                sweeps,
                count=self._count,
                one_step=judged is not None,
                around=self._around,
            )
        with self._around():
            return timed_sweeps(self._backend, sweeps, count=self._count)

    def _look(self, first: Timed) -> None:
        expect_settled(self._backend, "items", first.items_s or 0.0)

    def half_sweep(self, side: Side) -> None:
        """One half-sweep to the exact solutions, off the clock."""
        exact(self._backend).update(side)

    def read(self) -> Factors:
        """Copy of the present factors."""
        return self._backend.read()


class WholeFits(Contestant):
    """A `WholeFit`: an iteration takes what a long fit takes longer than a short one, by sweep."""

    def __init__(self, library: WholeFit, count: ReadCounters = uncounted) -> None:
        self._library, self._count = library, count

    def prepare(self, train: Ratings) -> None:
        """Convert the ratings."""
        self._library.prepare(train)

    def warm_up(self) -> None:
        """Start what has to be started once."""
        self._library.warm_up()

    def turn(
        self,
        sweeps: int | None,
        judged: int | None,
        warm: bool = False,  # noqa: ARG002 - a fit begins with its own set-up
    ) -> Timed:
        """Time a short fit, a long one, and where it is neither, the one that is judged."""
        if sweeps is None:
            timed = self._calibrated()
        else:
            timed = self._difference(max(sweeps, (judged or 1) - 1))
        if judged is not None and judged != timed.fits[-1][0]:
            timed = timed.with_fit(judged, self._fit(judged)[0])
        return timed

    def _calibrated(self) -> Timed:
        """Twice as many iterations each time, until their seconds stand out."""
        timed = self._difference(1)
        while not timed.stands_out(SHORTEST_TURN_S, _SHARE_OF_FIT):
            if timed.sweeps >= _MOST_ITERATIONS:
                break  # the scatter of its turns will say how little is known
            timed = self._difference(2 * timed.sweeps)
        return timed

    def _difference(self, sweeps: int) -> Timed:
        """A short fit and one that is longer by so many iterations, or more where it takes them."""
        (short_s, short), (long_s, long) = self._fit(1), self._fit(1 + sweeps)
        fits = ((1, short_s), (1 + sweeps, long_s))
        if long_s > short_s:
            return Timed(sweeps, None, None, long_s - short_s, fits, _more(short, long))
        if sweeps >= _MOST_ITERATIONS:
            raise RuntimeError(
                f"a fit of {sweeps + 1} iterations takes no longer than one of 1: "
                "choose a larger --scale"
            )
        return self._difference(2 * sweeps)

    def _fit(self, sweeps: int) -> tuple[float, Counts | None]:
        before, start = self._count(), perf_counter()
        self._library.fit(sweeps)
        return perf_counter() - start, since(before, self._count())

    def read(self) -> Factors:
        """The model trained last."""
        return self._library.read()


def _more(short: Counts | None, long: Counts | None) -> Counts | None:
    """What a long fit has more than a short one; None where either was not counted."""
    if short is None or long is None:
        return None
    return Counts(*(more - less for less, more in zip(short, long, strict=True)))


def contestant(
    variant: Variant,
    params: AlsParams,
    threads: int,
    count: ReadCounters = uncounted,
    around: Around = nullcontext,
) -> Contestant:
    """Contestant of a variant.

    Parameters
    ----------
    variant : Variant
    params : AlsParams
    threads : int
    count : callable
        What the counters say so far.
    around : callable
        What the first sweep of each turn is made within, where there are sweeps.
    """
    if variant.is_whole_fit:
        return WholeFits(variant.create_fit(params, threads), count)
    make = partial(variant.create, params, threads)
    nested = variant.acceleration.nested
    return HalfSweeps(make, nested=nested, count=count, around=around)
