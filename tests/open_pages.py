#!/usr/bin/env python3
"""Opens the pages of a dossier in headless Chromium, in all three languages.

Each must show a row for every act, fill its language, and ask for nothing but its own
file: Chromium's own record of the network says so.

    tests/open_pages.py DOSSIER          exit code 77: Chromium is not installed
"""

import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TIMELINE = {"kk": "Дерекнама", "ru": "Досье", "en": "Dossier"}


class Rows(html.parser.HTMLParser):
    """Rows of the table with the id "timeline"."""

    def __init__(self):
        super().__init__()
        self.inside = False
        self.rows = 0

    def handle_starttag(self, tag, attributes):
        self.inside = self.inside or ("id", "timeline") in attributes
        self.rows += self.inside and tag == "tr"

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "table"


def open_page(browser, page, home):
    """The page as it stands in the browser, and every URL that was asked for."""
    log = os.path.join(home, "net.json")
    # No name is resolved: nothing leaves the machine, whatever is asked for.
    command = [browser, "--headless", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
               "--disable-component-update", "--no-first-run", f"--user-data-dir={home}/profile",
               f"--log-net-log={log}", "--dump-dom", "file://" + page]
    shown = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout.decode()
    with open(log, encoding="utf-8") as file:
        events = json.load(file)["events"]
    asked = {event["params"]["url"] for event in events if "url" in event.get("params", {})}
    return shown, asked


def elsewhere(asked, page):
    """What is neither the page itself nor the browser's own business."""
    own = re.compile(r"(file://" + re.escape(page) + r"$|chrome:|data:|https?://[^/]*(google|googleapis|gvt1)\.com/)")
    return sorted(url for url in asked if not own.match(url))


def main():
    browser = shutil.which("chromium")
    if browser is None:
        print("skipped: chromium is not installed")
        return 77
    dossier = os.path.abspath(sys.argv[1])
    places = {name.split(".")[0] for name in os.listdir(os.path.join(dossier, "acts"))}
    faults = []
    for lang, title in TIMELINE.items():
        page = os.path.join(dossier, f"timeline.{lang}.html")
        with tempfile.TemporaryDirectory() as home:
            shown, asked = open_page(browser, page, home)
        rows = Rows()
        rows.feed(shown)
        if f'lang="{lang}"' not in shown or not re.search(f"<title>{title}: ", shown):
            faults.append(f"{lang}: not the page of this language")
        # Refusals stand in the row of what they refuse.
        if not 2 <= rows.rows <= len(places) + 1:
            faults.append(f"{lang}: {rows.rows - 1} rows for {len(places)} acts")
        if elsewhere(asked, page):
            faults.append(f"{lang}: asked for {elsewhere(asked, page)}")
        print(f"  {lang}: {rows.rows - 1} acts shown")
    # A record of the network that shows nothing proves nothing.
    with tempfile.TemporaryDirectory() as home:
        page = os.path.join(home, "page.html")
        with open(page, "w", encoding="utf-8") as file:
            file.write('<!doctype html><img src="http://elsewhere.example/x.png">')
        if elsewhere(open_page(browser, page, home)[1], page) != ["http://elsewhere.example/x.png"]:
            faults.append("a page that asks for an image elsewhere was not noticed")
    print("".join(f"{fault}\n" for fault in faults), end="", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
