"""Asking implementations what they need before they are tried, out of the runner's reach."""

from harness.measure.engine import Engine
from harness.measure.handle import Worker, WorkerFailure
from harness.measure.session import Answers, Session
from harness.results.events import Cell, Status
from implementations.problem import AlsParams
from implementations.ratings import ProblemSize

# Anybody's class may hang where it is asked.
TIMEOUT_S = 60.0


class Interviewer:
    """Asks variants in one worker; who hangs or ends it fails alone, and the next gets another.

    Parameters
    ----------
    engine : Engine
    params : AlsParams
    """

    def __init__(self, engine: Engine, params: AlsParams) -> None:
        self._engine, self._params = engine, params
        self._worker: Worker | None = None

    def start(self) -> Worker:
        """Start a worker where none is there; it comes up while others do something else."""
        if self._worker is None:
            self._worker = self._engine.start(Cell("", "asked", 1), TIMEOUT_S)
        return self._worker

    def ask(self, cell: Cell, size: ProblemSize) -> tuple[Answers, tuple[Status, str] | None]:
        """What a variant says of itself, and status and reason where it is not to be tried."""
        asked = (cell.variant, self._params, cell.threads, size)
        try:
            answers = self.start().call(Session.ask, *asked)[1]
        except WorkerFailure as failure:
            self.close()
            return Answers(0, None, ""), (failure.status, failure.reason)
        return answers, None if answers.refusal is None else ("refused", answers.refusal)

    def close(self) -> None:
        """Let the worker go."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None
