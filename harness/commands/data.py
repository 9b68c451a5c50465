"""The command `data`: fetch, verify and index a data set; show what there is to know of it."""

from collections.abc import Mapping
from pathlib import Path

from tabulate import tabulate

from harness.data.dataset import Dataset
from harness.data.datasets import available, open_dataset
from harness.data.facts import Facts, Heaviest, facts_of
from harness.screen.console import Screen

_BAR = 40  # characters of the longest bar


def availability_table() -> str:
    """Data sets that go by a name."""
    rows = [
        (a.name, f"{a.ratings:,}", f"{a.users:,}", f"{a.movies:,}", a.state) for a in available()
    ]
    headers = ("data set", "ratings", "users", "movies", "state")
    alignment = ("left", "right", "right", "right", "left")
    return tabulate(rows, headers, disable_numparse=True, colalign=alignment)


def show_all() -> int:
    """Print what data sets there are."""
    with Screen() as screen:
        screen.line(availability_table())
    return 0


def open_and_describe(source: str, write: Path | None, columns: Mapping[str, str]) -> int:
    """Open a data set and print what there is to know; write it out where a folder is given."""
    with Screen() as screen:
        dataset = open_dataset(source, None, screen.line, columns)
        facts = facts_of(dataset)
        for name, value in _described(dataset, facts).items():
            screen.line(f"{name:14} {value}")
        for line in _histogram(facts.values):
            screen.line(line)
        if facts.warning:
            screen.line(facts.warning)
        if write is not None:
            from harness.data.movielens.export import write_csv

            write_csv(dataset, write)
            screen.line(f"written to     {write}")
    return 0


def _described(dataset: Dataset, facts: Facts) -> dict[str, str]:
    ratings = dataset.ratings
    title = dataset.titles.get(facts.movie.raw_id)
    return {
        "name": dataset.name + (" (synthetic)" if dataset.synthetic else ""),
        "ratings": f"{len(ratings):,}",
        "users": f"{ratings.n_users:,}",
        "movies": f"{ratings.n_items:,}",
        "pairs rated": f"{facts.filled:.3%}",
        "mean rating": f"{ratings.mean:.4f}",
        "heaviest user": _heaviest(facts.user, None),
        "heaviest movie": _heaviest(facts.movie, title),
        "cold in test": f"{facts.cold:.2%} of test ratings, by user or movie",
        "with a title": f"{len(dataset.titles):,}",
        "sha256": dataset.sha256,
        **{key: str(value) for key, value in dataset.facts.items()},
    }


def _heaviest(one: Heaviest, title: str | None) -> str:
    return f"{one.raw_id}, {one.ratings:,} ratings" + (f" ({title})" if title else "")


def _histogram(values: dict[float, int]) -> list[str]:
    most = max(values.values())
    return [
        f"{value:14g} {'▇' * round(_BAR * count / most) or '▏'} {count:,}"
        for value, count in values.items()
    ]
