"""The command `data`: fetch, verify and index a data set; show its counts."""

from pathlib import Path

from tabulate import tabulate

from harness.data.datasets import available, open_dataset
from harness.screen.console import Screen


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


def open_and_describe(source: str, write: Path | None) -> int:
    """Open a data set and print its counts; write it out where a folder is given."""
    with Screen() as screen:
        dataset = open_dataset(source, None, screen.line)
        ratings = dataset.ratings
        facts = {
            "name": dataset.name + (" (synthetic)" if dataset.synthetic else ""),
            "ratings": f"{len(ratings):,}",
            "users": f"{ratings.n_users:,}",
            "movies": f"{ratings.n_items:,}",
            "mean rating": f"{ratings.mean:.4f}",
            "with a title": f"{len(dataset.titles):,}",
            "sha256": dataset.sha256,
            **{key: str(value) for key, value in dataset.facts.items()},
        }
        for name, value in facts.items():
            screen.line(f"{name:14} {value}")
        if write is not None:
            from harness.data.movielens.export import write_csv

            write_csv(dataset, write)
            screen.line(f"written to     {write}")
    return 0
