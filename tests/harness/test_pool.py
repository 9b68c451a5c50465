"""Which machine is given which group, and what becomes of it when a worker is lost."""

from collections import deque
from types import SimpleNamespace

import pytest
from made_runs import made_run, planned, run_started, rung_events, rung_started
from tiny import Watcher

from harness.machines import pool
from harness.machines.cluster import Flight, LostError, Machines, Sending, host_of
from harness.machines.group import Group
from harness.machines.runner import ClusterRunner, _UnderWay
from harness.results.events import Ended, GroupPlaced
from harness.results.log import EventLog


class Future:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Cluster:
    """Machines on which a group takes one look, unless its worker is said to be lost."""

    given_up = Machines.given_up

    def __init__(self, hosts: str, *losses: tuple[str, str]) -> None:
        self.hosts, self.losses = hosts, {*losses}
        self.environments = {host: {"cpu": host.upper()} for host in hosts}
        self.sent: list[tuple[str, str]] = []
        self.flights: deque[Flight] = deque()

    def workers(self) -> dict[str, str]:
        return {host: f"tcp://{host}:1" for host in self.hosts}

    def start(self, sending, host, worker, known) -> Flight:
        assert host not in {flight.host for flight in self.flights}
        self.sent.append((str(sending.group), host))
        self.flights.append(Flight(sending, host, worker, Future()))
        return self.flights[-1]

    def events(self, flight):
        if (flight.sending.group.rung, flight.host) in self.losses:
            self.flights.remove(flight)
            raise LostError(flight.worker)
        if flight is not self.flights[0]:
            return None
        self.flights.popleft()
        return [GroupPlaced(flight.sending.group.rung, 0, flight.host, {})]


def sending(rung: str) -> Sending:
    return Sending(Group(None, rung, 0, 0, 1, [planned("numpy", rung)]), None)


def go(cluster: Cluster, *rungs: str):
    """Send a group of each rung; what came of it, by rung."""
    lines: list[str] = []
    made = pool.Pool(cluster, map(sending, rungs), made_run(rung_events([])), lines.append)
    results = [(group.rung, events) for group, events in made.results()]
    assert not made.at_work
    assert len({rung for rung, _ in results}) == len(results)
    return dict(results)


@pytest.fixture(autouse=True)
def seconds(monkeypatch):
    """Seconds that pass when they are waited for."""
    passed = SimpleNamespace(s=0.0)
    monkeypatch.setattr(pool, "monotonic", lambda: passed.s)
    monkeypatch.setattr(pool, "sleep", lambda s: setattr(passed, "s", passed.s + s))
    return passed


def test_groups_are_sent_in_their_order_one_at_a_time_to_each_machine():
    cluster = Cluster("ab")
    done = go(cluster, "10m", "3.2m", "1m", "320k")
    assert [group.split(",")[0] for group, _ in cluster.sent] == ["10m", "3.2m", "1m", "320k"]
    assert {host for _, host in cluster.sent} == {"a", "b"}
    assert list(done) == ["10m", "3.2m", "1m", "320k"]


def test_a_group_whose_worker_is_lost_is_tried_on_another_machine():
    cluster = Cluster("ab", ("1m", "a"))
    done = go(cluster, "1m", "320k")
    assert ("1m, group 1 of 1", "b") in cluster.sent
    assert done["1m"] == [GroupPlaced("1m", 0, "b", {})]


@pytest.mark.parametrize(
    ("hosts", "reason"),
    [
        ("abc", "b: lost with its worker, as on a before"),
        ("a", "a: lost with its worker"),
    ],
)
def test_what_is_lost_twice_or_has_no_other_machine_fails_and_others_go_on(hosts, reason):
    done = go(Cluster(hosts, ("1m", "a"), ("1m", "b")), "1m", "320k", "100k")
    placed, ended = done["1m"]
    assert placed == GroupPlaced("1m", 0, reason[0], {"cpu": reason[0].upper()})
    assert ended == Ended(planned("numpy", "1m").cell, "failed", reason, 0)
    assert all(isinstance(done[rung][0], GroupPlaced) for rung in ("320k", "100k"))


def test_machines_that_are_all_gone_are_waited_for(seconds):
    cluster = Cluster("")
    done = go(cluster, "1m")
    assert seconds.s == pytest.approx(pool._PATIENCE_S, abs=1)
    assert done["1m"][0].reason == "no machine of the cluster is left"


def test_scales_are_written_group_by_group_and_told_of_from_the_smallest(tmp_path):
    rungs = {"100k": 2, "full": 1}
    log = EventLog(tmp_path, run_started())
    for rung in rungs:
        log.write(rung_started(rung))
    watcher = Watcher()
    runner = ClusterRunner(None, [], None, log, watcher, machines=None)
    under_way = {rung: _UnderWay([sending(rung)] * count, 0.0) for rung, count in rungs.items()}
    told = []

    def came(rung, group):
        under_way[rung].ended[group] = [GroupPlaced(rung, group, "a", {})]
        runner._write(under_way, told)
        ended = [name for name, one in log.run.rungs.items() if one.ended]
        return [(one.rung, one.group) for one in log.run.placed], ended, watcher.done

    with log:
        assert came("full", 0) == ([("full", 0)], ["full"], [])
        assert came("100k", 1) == ([("full", 0)], ["full"], [])
        all_placed = [("100k", 0), ("100k", 1), ("full", 0)]
        assert came("100k", 0) == (all_placed, ["100k", "full"], ["100k", "full"])


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("tcp://10.0.0.2:40331", "10.0.0.2"),
        ("tls://node-7.local:8787", "node-7.local"),
        ("tcp://[fe80::1]:4", "fe80::1"),
    ],
)
def test_a_machine_is_the_host_of_a_workers_address(address, host):
    assert host_of(address) == host
