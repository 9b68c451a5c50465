"""Which core a turn is taken on."""

import os
from threading import Event, Thread

import pytest

from harness.measure.cores import on_core_of
from harness.measure.session import Session

pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="nobody is kept on a core here",
)


def test_the_same_number_is_the_same_core_and_the_next_one_another():
    free = os.sched_getaffinity(0)
    met = []
    for number in (4, 4, 5):
        with on_core_of(number):
            met.append(os.sched_getaffinity(0))
    assert met[0] == met[1] != met[2]
    assert all(len(cores) == 1 and cores <= free for cores in met)
    assert os.sched_getaffinity(0) == free


def test_all_cores_are_met_in_as_many_rounds():
    free = os.sched_getaffinity(0)
    met: set[int] = set()
    for number in range(len(free)):
        with on_core_of(number):
            met |= os.sched_getaffinity(0)
    assert met == free


def test_threads_that_are_there_are_kept_and_released():
    free, stop = os.sched_getaffinity(0), Event()
    waiting = Thread(target=stop.wait)
    waiting.start()
    try:
        with on_core_of(1):
            assert len(os.sched_getaffinity(waiting.native_id)) == 1
        assert os.sched_getaffinity(waiting.native_id) == free
    finally:
        stop.set()
        waiting.join()


def test_an_exception_releases_them():
    free = os.sched_getaffinity(0)
    with pytest.raises(ValueError, match="from within"), on_core_of(0):
        raise ValueError("from within")
    assert os.sched_getaffinity(0) == free


def test_no_number_keeps_nobody():
    free = os.sched_getaffinity(0)
    with on_core_of(None):
        assert os.sched_getaffinity(0) == free


class Watched:
    """A contestant that says on which cores it may sweep."""

    def turn(self, sweeps, judged, warm):
        return os.sched_getaffinity(0)


@pytest.mark.parametrize(("core_of", "cores"), [(None, len(os.sched_getaffinity(0))), (3, 1)])
def test_a_session_takes_its_turn_there(core_of, cores):
    session = Session()
    session._contestant = Watched()
    assert len(session.turn(1, None, core_of=core_of)) == cores
