"""The technical report as a PDF.

    python -m scripts.report_pdf --out build/report.pdf

Takes Playwright (`make browser`) and a chromium on the path.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from markdown_it import MarkdownIt

DOCS = Path(__file__).parents[1] / "docs"
_STYLE = """
body { font: 10.5pt/1.45 Georgia, serif; }
h1 { font-size: 18pt; }
h2 { font-size: 13pt; break-after: avoid; }
code, pre { font: 8.5pt/1.35 monospace; }
pre { background: #f5f5f5; padding: 6pt; white-space: pre-wrap; }
table { border-collapse: collapse; font-size: 7pt; }
td, th { border-bottom: 1px solid #ccc; padding: 2pt 4pt; }
img { max-width: 100%; break-inside: avoid; }
blockquote { font-style: italic; }
"""


def html() -> str:
    """The report as one page, whose figures lie beside the document."""
    text = (DOCS / "report.md").read_text(encoding="utf-8")
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    return f'<!doctype html><meta charset="utf-8"><style>{_STYLE}</style>{body}'


def main() -> int:
    """Write the PDF."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=Path("build/report.pdf"))
    out = parser.parse_args().out
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("no Playwright for the report's PDF: make browser", file=sys.stderr)
        return 2
    if chromium is None:
        print("no chromium on the path for the report's PDF: install it", file=sys.stderr)
        return 2
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as tools:
        shutil.copytree(DOCS / "figures", Path(folder) / "figures")
        page_file = Path(folder) / "report.html"
        page_file.write_text(html(), encoding="utf-8")
        browser = tools.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        margin = dict.fromkeys(("top", "bottom", "left", "right"), "20mm")
        page.pdf(path=out, format="A4", margin=margin)
        browser.close()
    print(f"written {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
