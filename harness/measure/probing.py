"""Whether somebody else's module can be imported here: tried in another process first."""

import os
import subprocess
import sys

from implementations.registry import find

TIMEOUT_S = 60.0

_IMPORT = """
import sys
from implementations.registry import find
try:
    find(sys.argv[1])
except Exception:
    pass  # the caller will see the same, and can tell of it
"""


def why_not_to_load(name: str) -> str | None:
    """What keeps a module that is there from being loaded; None also where it is not there.

    Parameters
    ----------
    name : str
        Only of ``package.module:Class`` anything is said.

    Returns
    -------
    str or None
    """
    if ":" not in name:
        return None  # ours, a library or an installed plug-in: what is wrong is told by name
    reason = _why_not_to_import(name)
    if reason is not None:
        return reason
    try:
        find(name)
    except (KeyError, TypeError, AttributeError):
        return None  # a slip of the caller, who is told of it by name
    except ModuleNotFoundError as error:
        missing = name.partition(":")[0]
        if error.name is None or missing == error.name or missing.startswith(f"{error.name}."):
            return None
        return _reason(error)
    except Exception as error:  # noqa: BLE001  # importing a module can raise anything
        return _reason(error)
    return None


def _why_not_to_import(name: str) -> str | None:
    """What keeps this process from importing somebody else's module.

    It can end the process that imports it, or hang it; not when it is here already.
    """
    if name.partition(":")[0] in sys.modules:
        return None
    path = os.pathsep.join(entry or os.curdir for entry in sys.path)
    try:
        subprocess.run(
            [sys.executable, "-c", _IMPORT, name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            timeout=TIMEOUT_S,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return f"importing it takes more than {TIMEOUT_S:g} s"
    except subprocess.CalledProcessError as error:
        return f"importing it ends the process with status {error.returncode}"
    return None


def _reason(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
