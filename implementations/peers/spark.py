"""Spark MLlib's ALS (spark.apache.org), in one JVM on this machine: `local[threads]`."""

import os
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from implementations.factors import Factors
from implementations.peers.conversion import count_scaled_reg
from implementations.problem import AlsParams, Job
from implementations.ratings import Ratings
from implementations.whole_fit import WholeFit

# Heap that a run took, rounded up: rows of the data frame, blocks of either side, and shuffles.
_HEAP_BYTES = 1 << 30
_HEAP_BYTES_PER_RATING = 250
_BESIDE_HEAP_BYTES = 1 << 29


class Spark(WholeFit):
    """Spark MLlib's ALS: ridge scaled by counts, no biases.

    It gets ratings less their mean, so that its model is ours without biases.
    """

    dtype_name = "float32"
    requires = "pyspark"
    _frame: Any = None

    @classmethod
    def missing(cls) -> str | None:
        """A Java virtual machine, which it starts."""
        home = os.environ.get("JAVA_HOME")
        java = Path(home, "bin", "java") if home else shutil.which("java")
        if java and Path(java).exists():
            return None
        where = f"JAVA_HOME is {home}, without bin/java" if home else "there is no java on PATH"
        return f"{where}: install a Java runtime of version 17 or later"

    @classmethod
    def own_objective(cls, params: AlsParams) -> str | None:
        """ALS-WR (Zhou et al. 2008): ours where counts scale the ridge and there are no biases."""
        own = [] if params.count_scaled else ["ridge scaled by counts"]
        own += ["no biases"] if params.biases else []
        return ", ".join(own) or None

    @classmethod
    def bytes_needed(cls, job: Job) -> int:
        """Heap of the JVM, and what it takes beside it."""
        return _heap_bytes(job.size.n_ratings) + _BESIDE_HEAP_BYTES + job.factor_bytes

    def prepare(self, train: Ratings) -> None:
        """Hand the ratings over in a Parquet file, and hold them in memory as a data frame."""
        import pyarrow as pa
        from pyarrow import parquet

        session = _session(self.threads, len(train))
        self._shape = (train.n_users, train.n_items)
        self._mean = float(train.mean)
        self._reg = count_scaled_reg(self.params)
        centred = (train.values - self._mean).astype(np.float32)
        columns = {"user": train.users, "item": train.items, "rating": centred}
        if self._frame is not None:
            self._frame.unpersist(blocking=True)
        with TemporaryDirectory() as folder:
            path = str(Path(folder, "ratings.parquet"))
            parquet.write_table(pa.table(columns), path)
            self._frame = session.read.parquet(path).repartition(self.threads).cache()
            self._frame.count()

    def fit(self, sweeps: int) -> None:
        """Train anew with so many iterations; its factors are held in memory when it returns."""
        from pyspark.ml.recommendation import ALS

        als = ALS(
            rank=self.params.rank,
            maxIter=sweeps,
            regParam=self._reg,
            userCol="user",
            itemCol="item",
            ratingCol="rating",
            seed=self.params.seed,
        )
        self._model = als.fit(self._frame)

    def read(self) -> Factors:
        """The model trained last; rows without ratings, which it leaves out, are zero."""
        n_users, n_items = self._shape
        users = self._rows(self._model.userFactors, n_users)
        return Factors(users, self._rows(self._model.itemFactors, n_items), self._mean)

    def _rows(self, factors: Any, n_rows: int) -> Any:
        """Rows [factor; 0] by id."""
        from pyarrow import parquet

        rows = np.zeros((n_rows, self.params.rank + 1), self.dtype)
        with TemporaryDirectory() as folder:
            path = str(Path(folder, "factors"))
            factors.write.parquet(path)
            table = parquet.read_table(path)
        features = table["features"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        rows[table["id"].to_numpy(), :-1] = features.reshape(len(table), -1)
        return rows


def _heap_bytes(n_ratings: int) -> int:
    return _HEAP_BYTES + _HEAP_BYTES_PER_RATING * n_ratings


@cache
def _folder() -> TemporaryDirectory[str]:
    """Where this process's JVM writes; it goes with the process."""
    return TemporaryDirectory(ignore_cleanup_errors=True)


def _session(threads: int, n_ratings: int) -> Any:
    """Session that listens to this machine only.

    A process has one JVM, whose heap the first call decides, and in it one session: that of other
    threads is stopped.
    """
    with catch_warnings():
        simplefilter("ignore", FutureWarning)  # that it does not know this pandas: none is used
        from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is not None:
        if running.sparkContext.defaultParallelism == threads:
            return running
        running.stop()
    builder = SparkSession.builder.appName("als-ladder")
    for name, value in _options(threads, n_ratings).items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    # Every tenth iteration is written there: the plan of a long fit would overflow the stack.
    session.sparkContext.setCheckpointDir(_folder().name)
    return session


def _options(threads: int, n_ratings: int) -> dict[str, Any]:
    return {
        "spark.master": f"local[{threads}]",
        "spark.driver.memory": f"{_heap_bytes(n_ratings) >> 20}m",
        "spark.driver.extraJavaOptions": f"-XX:ActiveProcessorCount={threads} -Xss16m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.default.parallelism": threads,
        "spark.sql.shuffle.partitions": threads,
        "spark.local.dir": _folder().name,
        "spark.sql.warehouse.dir": _folder().name,
        "spark.log.level": "ERROR",
        "spark.ui.enabled": False,
        "spark.ui.showConsoleProgress": False,
    }
