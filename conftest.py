"""What nbval compares: everything but stderr, HTML and widget views, which differ from run to run."""


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html", "stderr", "application/vnd.jupyter.widget-view+json")
