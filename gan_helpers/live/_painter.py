"""From a matplotlib figure to pixels, redrawing only what has changed, and from pixels to bytes."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import AxesImage
from PIL import Image


class Painter:
    """Turns a matplotlib figure into pixels, redrawing only what an update has touched."""

    def __init__(self, figure):
        self.figure, self.canvas = figure, FigureCanvasAgg(figure)
        self.canvas.draw()
        # The layout is found once: a picture whose axes shift while a slider moves is hard to read.
        figure.set_layout_engine("none")
        self.moving, self.front, self.known, self.background, self.everything = set(), [], None, None, set()

    @staticmethod
    def _drawn(parent):
        """What a figure or axes draws after its patch, in matplotlib's order."""
        hidden = {parent.patch}
        if isinstance(parent, Axes) and not (parent.axison and parent.get_frame_on()):
            hidden |= set(parent.spines.values())
        if isinstance(parent, Axes) and not parent.axison:
            hidden |= {parent.xaxis, parent.yaxis}
        return sorted((a for a in parent.get_children() if a not in hidden), key=lambda a: a.get_zorder())

    def render(self):
        """Draw the present state; returns the pixels, (height, width, 4) uint8: red, green, blue, and opaque."""
        axes = self.figure.axes
        for ax in axes:
            ax.viewLim                                                  # noqa: B018 - runs a pending autoscale
        artists = [a for parent in (self.figure, *axes) for a in parent.get_children() if a not in axes]
        frame = {a for ax in axes for a in (ax.patch, ax.xaxis, ax.yaxis, *ax.spines.values())}
        frame.add(self.figure.patch)
        shape = [(id(a), a.get_zorder(), a.get_visible()) for a in [*axes, *artists]]
        if shape != self.known:
            self.everything = set(self.figure.findobj(include_self=False))
        stale = {a for a in self.everything if a.stale} - set(axes)
        touched = {a for a in stale.intersection(artists) - frame if not isinstance(a, Axes)}
        if self.known is not None:
            redraw = shape != self.known or not stale <= self.moving or bool(stale and not self.front)
            self.moving = (self.moving | touched).intersection(artists)
        else:
            redraw = True
        if redraw:
            self.front = self._in_front(axes)
            for artist in artists:
                artist.set_animated(artist in self.front)
            # A draw skips animated artists, except images: a translucent one would be drawn twice.
            images = [a for a in self.front if isinstance(a, AxesImage) and a.get_visible()]
            for image in images:
                image.set_visible(False)
            self.canvas.draw()
            for image in images:
                image.set_visible(True)
            self.background = self.canvas.copy_from_bbox(self.figure.bbox)
            self.everything = set(self.figure.findobj(include_self=False))  # a draw makes ticks
        else:
            self.canvas.restore_region(self.background)
        renderer = self.canvas.get_renderer()
        for artist in self.front:
            artist.draw(renderer)
        for artist in self.everything:
            artist.stale = False                                        # hidden and empty ones never reset it
        self.known = shape
        return np.array(self.canvas.buffer_rgba())

    def _in_front(self, axes):
        """The moving artists and all that is drawn after them in their axes, in drawing order."""
        boxes = [ax.bbox for ax in axes]
        if self.figure.subfigs or any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i]):
            return []       # axes on top of each other (twinx): a background would change which is in front
        front = []
        for top in self._drawn(self.figure):
            if top in axes:
                drawn = self._drawn(top) if top.get_visible() else []
                first = next((i for i, a in enumerate(drawn) if a in self.moving), len(drawn))
                front += drawn[first:]
            elif front or top in self.moving:
                front.append(top)                                       # a figure's own title or legend
        return front


def _encoded(image, **how):
    file = io.BytesIO()
    image.save(file, **how)
    return file.getvalue()


def still(pixels):
    """A picture for the file: PNG, compressed as far as it goes."""
    return _encoded(Image.fromarray(pixels).convert("RGB"), format="png", compress_level=9)


def frame(pixels):
    """One frame for the screen. JPEG of this quality can't be told from PNG, and takes a fifth of its time."""
    height, width = pixels.shape[:2]
    # As RGBX, whose fourth byte is padding, Pillow's encoder reads the pixels where they are.
    image = Image.frombuffer("RGBX", (width, height), pixels, "raw", "RGBX", 0, 1)
    return _encoded(image, format="jpeg", quality=95, subsampling=0)
