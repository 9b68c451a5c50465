"""Ten kinds of plug-ins that misbehave; two more do so when they are imported."""

import os
import signal
from typing import Any

import numpy as np

from implementations.factors import Factors
from implementations.numpy_batched import NumpyBatched


class Sleeps(NumpyBatched):
    """Never comes back."""

    def update_users(self) -> None:
        signal.sigwait({signal.SIGUSR1})


class Exits(NumpyBatched):
    """Ends its process."""

    def update_items(self) -> None:
        os._exit(0)


class Prints(NumpyBatched):
    """Prints what nobody asked for, wherever it can, and is right all the same."""

    def update_items(self) -> None:
        for descriptor in (1, 2):
            os.write(descriptor, b'\x1b[2J{"event": "Turn"}\n' * 100)
        super().update_items()


class HalfPrecision(NumpyBatched):
    """Hands back float16."""

    def read(self) -> Factors:
        return super().read().astype(np.dtype("float16"))


class ChangesTheRatings(NumpyBatched):
    """Writes to the ratings that it was given."""

    def prepare(self, train: Any) -> None:
        train.values[:] = 3
        super().prepare(train)


class ChangesTheFactors(NumpyBatched):
    """Writes to the factors that it was given, after it has copied them."""

    def load(self, factors: Factors) -> None:
        super().load(factors)
        factors.users[:] = np.nan
        factors.items[:] = np.nan


class Random(NumpyBatched):
    """Adds noise of its own."""

    def update_items(self) -> None:
        super().update_items()
        items = self._factors.items
        items += 0.1 * np.random.default_rng().standard_normal(items.shape)


class Allocates(NumpyBatched):
    """Takes more memory than there is, and said nothing of it."""

    def prepare(self, train: Any) -> None:
        self._hoard = np.ones(1 << 50, np.uint8)
        super().prepare(train)


class Raises(NumpyBatched):
    """Raises what is no usual exception."""

    def update_users(self) -> None:
        raise SystemExit(0)


class Recurses(NumpyBatched):
    """Calls itself without end."""

    def update_users(self) -> None:
        self.update_users()
