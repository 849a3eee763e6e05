"""Page and figure of the corrections benchmark."""

from __future__ import annotations

from ..harness import Page, markdown_table

COLOURS = ("#d55e00", "#0072b2", "#009e73", "#e69f00", "#56b4e9", "#cc79a7")  # palette of Okabe and Ito
DASHES = ("", "", "6 3", "2 3", "2 3", "")
BEST = "uncertain places, shipped refiner"
BAR = 0.02  # mean IoU; the target is the score of full training minus this
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 360, 52, 14, 40
Curve = list[dict[str, float]]


def page(curves: dict[str, Curve], before: float, after: float, wall: float, computing: float) -> Page:
    """Return the page with its figure.

    `before` and `after` are the mean IoU of the reference; `wall` and `computing` are the wall-clock and processor
    seconds of one fine-tuning on 1000 x 1000 pixels.
    """
    counts = sorted({int(point["clicks"]) for curve in curves.values() for point in curve})
    rows = []
    for name, curve in curves.items():
        by_count = {int(point["clicks"]): point["mean_iou"] for point in curve}
        rows.append([name, *(f"{100 * by_count[n]:.1f}" for n in counts)])
    seconds = [point["seconds"] for curve in curves.values() for point in curve if point.get("seconds")]
    painted = max(curve[-1]["pixels"] for curve in curves.values())
    best = curves[BEST][-1]["mean_iou"]
    about = (
        "A simulated analyst corrects columns 800-1535 of Banepa south. The accurate labels answer each click. After "
        "10, 20 and 40 corrections the refiner is fine-tuned, and the map is refined again from the coarse map. One "
        "seed, one scene.\n\n"
        "- A click is one stroke of the brush, as large as the surrounding area of one class (a radius of 1-4 m), or "
        "the connected region of the map under the click.\n"
        "- An outline encloses a connected area that the map has wrong in one way, up to 21 m from the place. It takes "
        f"an analyst longer to draw. The corrections cover at most {100 * painted:.1f} % of the scored area.\n"
        "- The corrected pixels count in the scores, as they do in the map.\n\n"
        f"The coarse map has a mean IoU of {100 * before:.1f} %. Full training on another part of the scene (columns "
        f"0-767, about 200,000 labelled pixels) reaches {100 * after:.1f} %, so the aim was {100 * (after - BAR):.1f} "
        f"%; 40 corrections of the shipped refiner reach {100 * best:.1f} %.\n\n"
        "![Mean IoU by number of corrections](corrections.svg)"
    )
    seconds_text = f"{min(seconds):.0f}-{max(seconds):.0f}"
    table = markdown_table(["corrections", *map(str, counts)], rows) + (
        f"\n\nMean IoU in per cent. A fine-tuning took {seconds_text} s, and {wall:.0f} s on 1000 x 1000 "
        f"pixels with 40 corrections: {computing:.0f} s of processor time on all cores together. "
        "The training scenes of the shipped refiner include the left half of this scene."
    )
    return Page(about, table, files={"corrections.svg": _figure(curves, before, after)})


def _figure(curves: dict[str, Curve], before: float, after: float) -> str:
    values = [point["mean_iou"] for curve in curves.values() for point in curve] + [before, after]
    low, high = 5 * int(20 * min(values)) / 100, 5 * (int(20 * max(values)) + 1) / 100
    most = max(point["clicks"] for curve in curves.values() for point in curve)
    right, floor = WIDTH - 12, HEIGHT - BOTTOM

    def x(clicks: float) -> float:
        return LEFT + (right - LEFT) * clicks / most

    def y(value: float) -> float:
        return floor - (floor - TOP) * (value - low) / (high - low)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT + 20 * len(curves)}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT + 20 * len(curves)}" fill="#ffffff"/>',
    ]
    for tick in range(round(100 * low), round(100 * high) + 1, 5):
        level = y(tick / 100)
        parts.append(f'<path d="M{LEFT} {level:.1f}H{right}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{level + 4:.1f}" text-anchor="end">{tick}</text>')
    for tick in range(0, int(most) + 1, 10):
        parts.append(f'<text x="{x(tick):.1f}" y="{floor + 16}" text-anchor="middle">{tick}</text>')
    parts.append(f'<text x="{(LEFT + right) / 2:.0f}" y="{floor + 32}" text-anchor="middle">corrections</text>')
    parts.append(
        f'<text x="14" y="{(TOP + floor) / 2:.0f}" transform="rotate(-90 14 {(TOP + floor) / 2:.0f})" '
        'text-anchor="middle">mean IoU, %</text>'
    )
    for level, name in ((before, "coarse map"), (after, "full training")):
        parts.append(f'<path d="M{LEFT} {y(level):.1f}H{right}" stroke="#444444" stroke-dasharray="1 3"/>')
        parts.append(f'<text x="{right}" y="{y(level) - 4:.1f}" text-anchor="end" fill="#444444">{name}</text>')
    for n, (name, curve) in enumerate(curves.items()):
        line = " ".join(f"{x(point['clicks']):.1f},{y(point['mean_iou']):.1f}" for point in curve)
        look = f'fill="none" stroke="{COLOURS[n]}" stroke-width="2" stroke-dasharray="{DASHES[n]}"'
        parts.append(f'<polyline points="{line}" {look}/>')
        level = HEIGHT + 20 * n + 4
        parts.append(f'<path d="M{LEFT} {level}h28" {look}/><text x="{LEFT + 36}" y="{level + 4}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])
