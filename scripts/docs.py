"""Put what committed runs say into README and documents, between markers.

    python -m scripts.docs            # splice
    python -m scripts.docs --check    # exit status 1 where a text and the records disagree

A part begins with a line `<!-- record: NAME -->` and ends with a line `<!-- end -->`.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scripts._parts import PARTS
from scripts._records import FIGURES_IN, Recorded, all_records

ROOT = Path(__file__).parents[1]
_PART = re.compile(r"(<!-- record: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def texts(root: Path = ROOT) -> list[Path]:
    """README and documents."""
    return [root / "README.md", *sorted((root / "docs").glob("*.md"))]


def spliced(text: str, beside: Path, records: Sequence[Recorded], out: Path) -> str:
    """A text with its parts made anew.

    Parameters
    ----------
    text : str
    beside : Path
        Folder of the text, below the root: links are relative to it.
    records : sequence of Recorded
    out : Path
        Root below which figures are written.

    Raises
    ------
    KeyError
        Where a marker names no part.
    """

    def part(match: re.Match[str]) -> str:
        made = PARTS[match[2]](records, out)
        if beside.name == "docs":
            made = made.replace(f"]({FIGURES_IN.as_posix()}/", "](figures/")
        return f"{match[1]}\n{made}\n\n{match[3]}"

    return _PART.sub(part, text)


def disagreements(root: Path = ROOT) -> list[str]:
    """Texts and figures that are not what the records say."""
    records = all_records(root / "results" / "record")
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for path in texts(root):
            text = path.read_text(encoding="utf-8")
            if spliced(text, path.parent, records, Path(folder)) != text:
                wrong.append(str(path.relative_to(root)))
        for made in sorted((Path(folder) / FIGURES_IN).glob("*.svg")):
            kept = root / FIGURES_IN / made.name
            if not kept.is_file() or kept.read_bytes() != made.read_bytes():
                wrong.append(str(FIGURES_IN / made.name))
    return wrong


def splice(root: Path = ROOT) -> list[str]:
    """Write all texts anew; those that changed."""
    records = all_records(root / "results" / "record")
    changed = []
    for path in texts(root):
        text = path.read_text(encoding="utf-8")
        made = spliced(text, path.parent, records, root)
        if made != text:
            path.write_text(made, encoding="utf-8")
            changed.append(str(path.relative_to(root)))
    return changed


def main() -> int:
    """Splice, or check."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    if parser.parse_args().check:
        wrong = disagreements()
        for name in wrong:
            print(f"{name} is not what results/record says: make docs")
        print(f"{len(texts())} texts checked")
        return bool(wrong)
    for name in splice():
        print(f"written {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
