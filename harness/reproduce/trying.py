"""Trying a protocol: its data, its split, its models, and an outcome for each figure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from harness.data.movielens.indexing import Indexed
from harness.errors import UserError
from harness.reproduce.outcome import Outcome, compare, not_solved, not_tried
from harness.reproduce.protocol import Als, Figure, Model, Protocol
from harness.reproduce.ratings import find_data, open_data, rungs
from harness.reproduce.training import Measured, NoRoomError, Trainer
from implementations.backend import SolveError
from implementations.variant import Variant

# What takes less than this in all is not announced.
_SHORT_S = 10.0


@dataclass(frozen=True)
class Workshop:
    """What trying a protocol needs from outside.

    Attributes
    ----------
    find : callable
        Looks an implementation up by its name; raises `UserError` where there is none.
    free_bytes : callable
        Memory that may be taken now.
    notice : callable
        Takes lines that tell of a step.
    moment : callable
        Takes lines that tell what goes on this moment.
    """

    find: Callable[[str], Variant]
    free_bytes: Callable[[], int]
    notice: Callable[[str], None]
    moment: Callable[[str], None]

    def trainer(self, variant: Variant, doing: str) -> Trainer:
        """Trainer that tells what it does, and after its first sweep how long that will take."""

        def tick(done: int, total: int, elapsed_s: float) -> None:
            self.moment(f"{doing}: sweep {done} of {total}")
            if done == 1 and elapsed_s * total >= _SHORT_S:
                expected = f"at most {elapsed_s * total:.0f} s for {total}"
                self.notice(f"{doing}: the first sweep took {elapsed_s:.1f} s: {expected}")

        return Trainer(variant, self.free_bytes(), tick)


def try_protocol(
    protocol: Protocol, implementation: str | None, given: Path | None, workshop: Workshop
) -> list[Outcome]:
    """Outcomes of all figures of a protocol, in its order.

    Parameters
    ----------
    protocol : Protocol
    implementation : str or None
        What to train with; None: what the protocol names. Speed-ups name their own.
    given : Path or None
        Where the user says that the data set lies; None: its zip in the cache.
    workshop : Workshop

    Raises
    ------
    UserError
        Where what the user gave is bad: the implementation, or the data.
    """
    variant = workshop.find(implementation or protocol.implementation)
    for figure in protocol.figures:
        for name in (figure.implementation, figure.over):
            if name is not None:
                workshop.find(name)
    found = find_data(protocol.dataset, given)
    if isinstance(found, str):
        return [not_tried(protocol.name, figure, found) for figure in protocol.figures]
    workshop.notice(f"{protocol.name}: reading {found}")
    try:
        indexed = open_data(protocol.dataset, found)
    except UserError as error:
        if given is not None:
            raise
        return [not_tried(protocol.name, figure, str(error)) for figure in protocol.figures]
    trial = _Trial(protocol, indexed, variant, workshop)
    return [trial.outcome(figure) for figure in protocol.figures]


@dataclass(frozen=True)
class _Trial:
    """A protocol whose data are here. What several figures need is measured once."""

    protocol: Protocol
    indexed: Indexed
    variant: Variant
    workshop: Workshop
    measured: dict[Model, list[Measured]] = field(default_factory=dict)
    sweep_s: dict[tuple[str, Model], float] = field(default_factory=dict)

    def outcome(self, figure: Figure) -> Outcome:
        """Measure what a figure is about, and compare."""
        try:
            values = self._values(figure)
        except NoRoomError as error:
            return not_tried(self.protocol.name, figure, str(error))
        except SolveError as error:
            return not_solved(self.protocol.name, figure, str(error))
        return compare(self.protocol.name, figure, values, self.protocol.split.original)

    def _values(self, figure: Figure) -> list[float]:
        model = self.protocol.model_of(figure)
        if isinstance(model, Als) and figure.implementation and figure.over:
            return [self._seconds(figure.over, model) / self._seconds(figure.implementation, model)]
        if model not in self.measured:
            seeds = self.protocol.split.seeds
            self.measured[model] = [self._measure(model, seed) for seed in seeds]
        return [measured[figure.quantity] for measured in self.measured[model]]

    def _measure(self, model: Model, seed: int) -> Measured:
        """Figures of one seed: means over its folds."""
        split, tries = self.protocol.split, []
        what = f"rank {model.rank}" if isinstance(model, Als) else "biases"
        for number, rung in enumerate(rungs(self.indexed, split, seed), 1):
            fold = f", fold {number}" if split.folds else ""
            doing = f"{self.protocol.name}, {what}, split seed {seed}{fold}"
            tries.append(self.workshop.trainer(self.variant, doing).measure(rung, model))
        return {quantity: fmean(one[quantity] for one in tries) for quantity in tries[0]}

    def _seconds(self, name: str, model: Als) -> float:
        """Seconds of a sweep of an implementation."""
        if (name, model) not in self.sweep_s:
            rung = next(rungs(self.indexed, self.protocol.split, self.protocol.split.seeds[0]))
            doing = f"{self.protocol.name}, {name} on the clock"
            trainer = self.workshop.trainer(self.workshop.find(name), doing)
            self.sweep_s[name, model] = trainer.sweep_s(rung.train, model)
        return self.sweep_s[name, model]
