"""From files to ratings: the first time, and every other time."""

import os
import resource
import sys
from pathlib import Path

import psutil

from benchmarks.common import SCALES, Timed, open_scale
from harness.data.movielens.export import write_csv
from harness.data.movielens.locating import locate
from harness.data.movielens.opening import open_path, read

_BYTES_OF_MAXRSS = 1 if sys.platform == "darwin" else 1024


def use_own_cache() -> None:
    """Let this process cache data sets in asv's own folder, not in the user's."""
    os.environ["ALS_LADDER_CACHE"] = str(Path("cache").resolve())


class Reading(Timed):
    """Seconds of reading ratings.csv and movies.csv, and of opening what the cache made of them."""

    params = (SCALES,)
    param_names = ("scale",)
    timeout = 600

    def setup_cache(self) -> None:
        """Files in a MovieLens layout, read once."""
        for scale in SCALES:
            write_csv(open_scale(scale), Path(scale))
        use_own_cache()
        for scale in SCALES:
            open_path(Path(scale), print)

    def setup(self, scale):
        use_own_cache()
        self.folder = Path(scale)

    def time_read_csv(self, scale):
        self.spend(lambda: read(locate(self.folder), print))

    time_read_csv.pretty_name = "Reading a CSV file"

    def track_read_memory(self, scale):
        before = psutil.Process().memory_info().rss
        dataset = read(locate(self.folder), print)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _BYTES_OF_MAXRSS
        columns = (dataset.ratings.users, dataset.ratings.items, dataset.ratings.values)
        return (peak - before) / sum(column.nbytes for column in columns)

    track_read_memory.unit = "times the columns"
    track_read_memory.pretty_name = "Peak memory of reading, beside that of the columns read"

    def time_open_cache(self, scale):
        self.spend(lambda: open_path(self.folder, print))

    time_open_cache.pretty_name = "Opening a cached data set"
