"""What everybody waits for at the start: an import, and the command line."""

import subprocess
import sys

from benchmarks.common import Timed


def run_python(*arguments: str) -> None:
    """Run an interpreter of its own: in this one everything is imported already."""
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


class Interface(Timed):
    """Seconds from starting an interpreter to its end."""

    timeout = 60

    def setup(self):
        run_python("-m", "harness", "--help")  # compiles to byte code, fills the file cache

    def time_import_implementations(self):
        self.spend(lambda: run_python("-c", "import implementations"))

    time_import_implementations.pretty_name = "import implementations"

    def time_cli_help(self):
        self.spend(lambda: run_python("-m", "harness", "--help"))

    time_cli_help.pretty_name = "python -m harness --help"
