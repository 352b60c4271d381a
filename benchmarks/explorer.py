"""Time the explorer's page in Chromium: until something is seen, and after each thing one can do.

    python benchmarks/explorer.py results/explorer/fashionmnist.html [--pictures FOLDER]

With --pictures it writes one of each view, as docs/explorer shows them.
"""

import argparse
import shutil
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

SHOWN = "document.getElementById('view').dataset.shown !== undefined"
# What is done, as the states that follow each other.
ACTIONS = {
    "move the factor": "[1.2, 1.5, 2.5, 3, 4, 5].map(factor => ({view: 'ensembles', factor}))",
    "choose a category": "categories.slice(0, 8).map((_, category) => ({category}))",
    "choose a layer": "[1, 2, 3, 2, 1].map(layer => ({layer}))",
    "choose a unit": "[5, 9, 40, 17, 3].map(unit => ({view: 'unit', unit}))",
    "sort the units": "Object.keys(SORTS).map(sort => ({view: 'unit', sort}))",
    "choose an image": "[7, 30, 99].map(i => ({view: 'image', image: block('index').values[i]}))",
    "filter images": "[0, 1, 2, 3].map(truth => ({view: 'image', truth}))",
    "turn a page of images": "[1, 2, 3].map(page => ({view: 'image', page}))",
    "turn to a view": "VIEWS.map(view => ({view}))",
    "move the epoch": "[1, 2, 4, 8, 16].map(epoch => ({view: 'time', epoch}))",
}
# Milliseconds from the change until the next frame is drawn, after a first one that unpacks.
TIMED = """async () => {
    const states = %s, times = [];
    await go(states.at(-1));
    for (const changes of states) {
        const start = performance.now();
        await go(changes);
        await new Promise(drawn => requestAnimationFrame(() => setTimeout(drawn)));
        times.push(performance.now() - start);
    }
    return times;
}"""
PICTURES = {
    "ensembles": "view=ensembles&category=6",
    "unit": "view=unit&sort=category&category=6",
    "image": "view=image",
    "time": "view=time&category=1",
}


def opened(page: Page, address: str) -> float:
    """Open an address and return the milliseconds until something is seen, and all is there."""
    page.goto("about:blank")
    page.goto(address)
    page.wait_for_function(SHOWN)
    painted = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
    page.wait_for_function(painted.replace(".startTime", ""))
    return float(page.evaluate(painted))


def main() -> None:
    """Print the size of the page and the times, and write the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    address = asked.page.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        paints = [opened(page, f"{address}#view={view}") for view in PICTURES]
        page.wait_for_timeout(2000)  # what other views need is unpacked meanwhile
        print(f"size: {asked.page.stat().st_size / 1e6:.1f} MB")
        print(f"first paint: {median(paints):.0f} ms, at most {max(paints):.0f} ms")
        for name, states in ACTIONS.items():
            times = page.evaluate(TIMED % states)
            print(f"{name}: {median(times):.0f} ms, at most {max(times):.0f} ms")
        for view, state in PICTURES.items() if asked.pictures else ():
            opened(page, f"{address}#{state}")
            page.screenshot(path=asked.pictures / f"{view}.png")


if __name__ == "__main__":
    main()
