"""Ways to come sooner to the same quality, which any backend inherits from its driver.

Both go to the minima of the same objective by another path:

- *relaxed*: a half-sweep goes further than to its exact solution, x ← x + ω (x_exact - x). With the
  other side fixed, J is a quadratic in each row, so it falls by ω (2 - ω) of what the exact
  solution would take off, and never rises for 0 < ω < 2 (successive over-relaxation: Young 1954).
- *nested*: the items start from a model of some of the users, which costs little and knows most of
  what there is to know about items.
"""

from dataclasses import dataclass

import numpy as np

from implementations.backend import AlsBackend, Side
from implementations.factors import Factors
from implementations.nested import nested_bytes
from implementations.problem import Job
from implementations.ratings import Ratings
from implementations.whole_fit import WholeFit

RELAXATION = 1.5


@dataclass(frozen=True)
class Acceleration:
    """How a driver comes sooner to the same quality.

    Attributes
    ----------
    relaxation : float
        ω, above 0 and below 2; 1: every half-sweep goes to its exact solution.
    nested : bool
        Whether the items start from a model of some of the users.
    """

    relaxation: float = 1.0
    nested: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.relaxation < 2:
            raise ValueError(f"relaxation must lie above 0 and below 2, not {self.relaxation}")

    @property
    def words(self) -> str:
        """What is not plain, in words; empty where all is."""
        relaxed = f"relaxed {self.relaxation:g}" if self.relaxation != 1 else ""
        return ", ".join(filter(None, (relaxed, "nested start" if self.nested else "")))

    def drive(self, backend: AlsBackend) -> AlsBackend:
        """Have the half-sweeps of a backend go as far as this says."""
        return backend if self.relaxation == 1 else Relaxed(backend, self.relaxation)

    def bytes_needed(self, made_by: type[AlsBackend] | type[WholeFit], job: Job) -> int:
        """Peak bytes beside those of the backend itself."""
        copies = 0
        if self.relaxation != 1 and issubclass(made_by, AlsBackend) and not made_by.relaxes:
            copies = Relaxed.bytes_needed(job)
        return copies + (nested_bytes(made_by, job) if self.nested else 0)


PLAIN = Acceleration()


class Relaxed(AlsBackend):
    """Another backend, each of whose half-sweeps goes further than to its exact solution.

    A start without users says nothing of them: from there, the first sweep goes to the solutions.

    Parameters
    ----------
    backend : AlsBackend
    relaxation : float
        ω, above 0 and below 2; 1 is the exact solution.

    Attributes
    ----------
    exact : AlsBackend
        The other backend; called by itself, it goes to the exact solutions.
    """

    def __init__(self, backend: AlsBackend, relaxation: float) -> None:
        super().__init__(backend.params, backend.dtype, backend.threads)
        self.exact = backend
        self._relaxation = relaxation
        self._to_be_exact: set[Side] = set()

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Copies of the factors, for a backend that does not relax by itself."""
        return 4 * job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        """Lay out the ratings."""
        self.exact.prepare(train)

    def load(self, factors: Factors) -> None:
        """Take these factors."""
        self._to_be_exact = set() if factors.users.any() else {"users", "items"}
        self.exact.load(factors)

    def warm_up(self) -> None:
        """Compile."""
        self.exact.warm_up()

    def update_users(self) -> None:
        """Go beyond the solutions of all users for the present items."""
        self._update("users")

    def update_items(self) -> None:
        """Go beyond the solutions of all items for the present users."""
        self._update("items")

    def read(self) -> Factors:
        """Copy of the present factors."""
        return self.exact.read()

    def _update(self, side: Side) -> None:
        if side in self._to_be_exact:
            self._to_be_exact.remove(side)
            self.exact.update(side)
        elif self.exact.relaxes:
            self.exact.relaxation = self._relaxation
            try:
                self.exact.update(side)
            finally:
                self.exact.relaxation = 1.0
        else:
            self._update_from_outside(side)

    def _update_from_outside(self, side: Side) -> None:
        old = getattr(self.exact.read(), side)
        self.exact.update(side)
        factors = self.exact.read()
        rows = getattr(factors, side)
        step = rows.dtype.type(self._relaxation)
        # A row without ratings has no solution to go beyond: it is zero.
        rows[:] = np.where(rows.any(axis=1, keepdims=True), old - step * (old - rows), 0)
        self.exact.load(factors)


def exact(backend: AlsBackend) -> AlsBackend:
    """The backend whose half-sweeps go to the exact solutions: itself, or the one it drives."""
    return backend.exact if isinstance(backend, Relaxed) else backend
