"""Execute the tour, and write it with its figures as a page.

    python -m scripts.tour --out build/tour.html

Takes the extra `tour` (`make tour`).
"""

import argparse
import sys
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "docs" / "tour.ipynb"


def main() -> int:
    """Execute, and write the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/tour.html"))
    out = parser.parse_args().out
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbconvert import HTMLExporter
    except ImportError:
        print("the tour takes the extra `tour`: make tour", file=sys.stderr)
        return 2
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = {"metadata": {"path": str(NOTEBOOK.parents[1])}}
    NotebookClient(notebook, timeout=240, kernel_name="python3", resources=folder).execute()
    page, _ = HTMLExporter().from_notebook_node(notebook)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    print(f"written {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
