"""What nbval compares, and how it names a cell that fails: the chapter, the heading, the cell's id."""

from notebooks import heading  # tools/notebooks.py


def pytest_collectstart(collector):
    """Compare everything but stderr, HTML and widget views, which differ from run to run."""
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr", "application/vnd.jupyter.widget-view+json")


def pytest_itemcollected(item):
    """Head the report on a cell with `09_training.ipynb › Train › train`; nbval itself says Cell 14."""
    if type(item).__name__ == "IPyNbCell":
        place = f"{item.path.name} › {heading(item.parent.nb, item.cell)} › {item.cell.get('id', item.name)}"
        item.reportinfo = lambda: (item.path, 0, place)
