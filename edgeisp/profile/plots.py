"""Plots as SVG text, without a library: bars, distributions, a roofline, a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

import numpy as np

COLORS = ("#2563a8", "#c2571a", "#2f8557", "#8a4fa3", "#a33b52", "#5f6b21", "#217d8c", "#7a5c3e")
WIDTH, LEFT, ROW = 860, 250, 22
GRID, INK, FAINT = "#d9dee5", "#1d2733", "#5b6776"


@dataclass(frozen=True)
class Series:
    """Named numbers of one plot."""

    name: str
    values: tuple[float, ...]


def color(index: int) -> str:
    """Of the series at ``index``."""
    return COLORS[index % len(COLORS)]


def bars(rows: Sequence[tuple[str, float]], unit: str) -> str:
    """Horizontal bars, one for each row."""
    most = max((value for _, value in rows), default=0.0) or 1.0
    scale = (WIDTH - LEFT - 90) / most
    parts = []
    for index, (name, value) in enumerate(rows):
        y = ROW * index
        parts.append(_text(LEFT - 8, y + 15, name, "end"))
        parts.append(_box(LEFT, y + 3, max(1.0, value * scale), ROW - 7, COLORS[0]))
        parts.append(_text(LEFT + value * scale + 6, y + 15, f"{value:,.3g} {unit}", fill=FAINT))
    return _svg(ROW * len(rows) + 4, parts)


def distribution(series: Sequence[Series], unit: str) -> str:
    """Every sample as a dot, the median as a line; a logarithmic axis where values spread over a decade."""
    every = [value for one in series for value in one.values]
    axis = _Axis.over(every, LEFT, WIDTH - 30)
    parts = []
    height = 40 * len(series)
    parts += axis.ticks(height, unit)
    for index, one in enumerate(series):
        y = 40 * index
        jitter = np.random.default_rng(index).uniform(6, 30, len(one.values))
        dots = zip(one.values, jitter, strict=True)
        parts += [
            f'<circle cx="{axis(v):.1f}" cy="{y + dy:.1f}" r="2.6" fill="{color(index)}" opacity="0.55"/>'
            for v, dy in dots
        ]
        x = axis(float(np.median(one.values)))
        parts.append(_line(x, y + 3, x, y + 34, INK, 2))
        parts.append(_text(LEFT - 8, y + 23, one.name, "end"))
    return _svg(height + 26, parts)


@dataclass(frozen=True)
class Point:
    """Something on a roofline: MACs per byte, MACs per second."""

    name: str
    intensity: float
    rate: float
    series: int = 0


def roofline(points: Sequence[Point], peak: float, bandwidth: float) -> str:
    """What a machine could reach at each intensity (Williams et al. 2009), and what was reached."""
    height = 300
    x = _Axis.over([*(p.intensity for p in points), peak / bandwidth, 0.5], 70, WIDTH - 170, logarithmic=True)
    y = _Axis.over([*(p.rate for p in points), peak], height - 10, 12, logarithmic=True)
    parts = x.ticks(height, "MAC/byte")
    for value in y.steps():
        parts += [
            _line(70, y(value), WIDTH - 170, y(value), GRID),
            _text(64, y(value) + 4, _short(value), "end", FAINT),
        ]
    parts.append(_text(76, 12, "MAC/s", fill=FAINT))
    knee, low = peak / bandwidth, x.low
    start = max(bandwidth * low, y.low)
    parts.append(_line(x(start / bandwidth), y(start), x(knee), y(peak), INK, 2))
    parts.append(_line(x(knee), y(peak), WIDTH - 170, y(peak), INK, 2))
    for point in points:
        cx, cy = x(point.intensity), y(point.rate)
        parts.append(f'<circle cx="{cx:.1f}" cy="{cy:.1f}" r="5" fill="{color(point.series)}"/>')
        parts.append(_text(cx + 9, cy + 4, point.name, halo=True))
    return _svg(height + 26, parts)


def history(labels: Sequence[str], series: Sequence[Series], unit: str) -> str:
    """Values over runs, oldest first; NaN where a run has none."""
    height = 240
    every = [v for one in series for v in one.values if not np.isnan(v)]
    y = _Axis.over([0.0, *every], height - 10, 12)
    step = (WIDTH - 320) / max(1, len(labels) - 1)
    parts = []
    for value in y.steps():
        parts += [
            _line(70, y(value), WIDTH - 250, y(value), GRID),
            _text(64, y(value) + 4, _short(value), "end", FAINT),
        ]
    for index, label in enumerate(labels):
        parts.append(_text(70 + index * step, height + 14, label, "middle" if index else "start", FAINT))
    for index, one in enumerate(series):
        known = [(70 + i * step, y(v)) for i, v in enumerate(one.values) if not np.isnan(v)]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in known)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color(index)}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="4" fill="{color(index)}"/>' for px, py in known]
        parts.append(_box(WIDTH - 236, 14 + 20 * index, 12, 12, color(index)))
        parts.append(_text(WIDTH - 218, 24 + 20 * index, f"{one.name}, {unit}"))
    return _svg(height + 26, parts)


@dataclass(frozen=True)
class Curve:
    """Seconds and values."""

    name: str
    points: tuple[tuple[float, float], ...]


def over_time(curves: Sequence[Curve], unit: str, along: str = "s") -> str:
    """Values over seconds, or over what else is given with the unit ``along``."""
    height, right = 160, WIDTH - 310
    x = _Axis.over([at for curve in curves for at, _ in curve.points], 70, right, logarithmic=False)
    y = _Axis.over([v for curve in curves for _, v in curve.points], height - 10, 12, logarithmic=False)
    parts = x.ticks(height, along)
    for value in y.steps():
        parts += [
            _line(70, y(value), right, y(value), GRID),
            _text(64, y(value) + 4, _short(value), "end", FAINT),
        ]
    parts.append(_text(76, 12, unit, fill=FAINT))
    for index, curve in enumerate(curves):
        at = [(x(seconds), y(value)) for seconds, value in curve.points]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in at)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color(index)}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{color(index)}"/>' for px, py in at]
        parts.append(_box(WIDTH - 296, 14 + 20 * index, 12, 12, color(index)))
        parts.append(_text(WIDTH - 278, 24 + 20 * index, curve.name))
    return _svg(max(height + 26, 20 * len(curves) + 20), parts)


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool

    @classmethod
    def over(
        cls, values: Sequence[float], start: float, stop: float, logarithmic: bool | None = None
    ) -> _Axis:
        low, high = min(values, default=0.0), max(values, default=1.0)
        log = logarithmic if logarithmic is not None else low > 0 and high > 10 * low
        if log:
            return cls(low / 1.5, high * 1.5, start, stop, True)
        room = 0.08 * (high - low) or 0.1 * high or 1.0
        return cls(max(0.0, low - room) if low >= 0 else low - room, high + room, start, stop, False)

    def __call__(self, value: float) -> float:
        low, high = (log10(self.low), log10(self.high)) if self.logarithmic else (self.low, self.high)
        at = (log10(value) if self.logarithmic else value) - low
        return self.start + (self.stop - self.start) * at / (high - low)

    def steps(self) -> list[float]:
        if self.logarithmic:
            decades = range(floor(log10(self.low)), floor(log10(self.high)) + 1)
            wide = len(decades) > 3
            found = [m * 10.0**d for d in decades for m in ((1,) if wide else (1, 2, 5))]
            return [value for value in found if self.low <= value <= self.high]
        raw = (self.high - self.low) / 5
        unit = 10.0 ** floor(log10(raw))
        step = next(m * unit for m in (1, 2, 5, 10) if m * unit >= raw)
        first = int(-(-self.low // step))
        return [step * k for k in range(first, first + 12) if step * k <= self.high]

    def ticks(self, height: float, unit: str) -> list[str]:
        parts = []
        for value in self.steps():
            parts.append(_line(self(value), 0, self(value), height, GRID))
            parts.append(_text(self(value), height + 15, _short(value), "middle", FAINT))
        return (
            [*parts, _text(self.stop + 4, height + 15, unit, fill=FAINT)]
            if self.stop < WIDTH - 60
            else [
                *parts,
                _text(self.start - 8, height + 15, unit, "end", FAINT),
            ]
        )


def _short(value: float) -> str:
    for size, letter in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= size:
            return f"{value / (1e3 if letter == ' k' else size):g}{letter}"
    return f"{value:g}"


def _svg(height: float, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img">{"".join(parts)}</svg>'


def _text(x: float, y: float, text: str, anchor: str = "start", fill: str = INK, halo: bool = False) -> str:
    """``halo`` keeps lines from running through the letters."""
    ring = ' stroke="#fff" stroke-width="4" paint-order="stroke"' if halo else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{fill}"{ring}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, width: float = 1) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}" stroke-width="{width:g}"/>'


def _box(x: float, y: float, width: float, height: float, fill: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>'
