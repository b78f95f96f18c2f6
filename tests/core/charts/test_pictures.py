"""Pictures are well-formed, told in words, and say what the figures say."""

from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from loyalty.core.charts.burndown import burndown
from loyalty.core.charts.columns import columns
from loyalty.core.charts.curves import Curve, curves
from loyalty.core.charts.pairs import Pair, pairs
from loyalty.core.charts.sparkline import sparkline
from loyalty.core.charts.svg import Scale
from loyalty.core.charts.tally import tally
from loyalty.core.charts.waterfall import Step, waterfall

STEPS = [
    Step("Opening", Decimal("100.00"), is_total=True),
    Step("Issued", Decimal("50.00")),
    Step("Redeemed", Decimal("-30.00")),
    Step("Expired", Decimal("0.00")),
    Step("Closing", Decimal("120.00"), is_total=True),
]
FIRST = date(2026, 11, 1)
USED = [(FIRST + timedelta(days=n), Decimal(100 * n)) for n in range(11)]


def parsed(picture: str) -> Element:
    return ElementTree.fromstring(picture)


def words(picture: str) -> list[str]:
    return [text.text or "" for text in parsed(picture).iter("text")]


def bars(picture: str) -> list[tuple[str, float, float]]:
    """Class, left end and length of each bar."""
    found = parsed(picture).iter("rect")
    return [(bar.attrib["class"], float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in found]


def test_waterfall_labels_every_step_with_its_signed_amount() -> None:
    assert words(waterfall(STEPS, "November")) == [
        "Opening", "$100.00", "Issued", "+$50.00", "Redeemed", "−$30.00", "Expired", "$0.00", "Closing", "$120.00",
    ]  # fmt: skip


def test_waterfall_bars_start_where_the_last_one_ended() -> None:
    opening, issued, redeemed, closing = bars(waterfall(STEPS, "November"))
    assert [bar[0] for bar in (opening, issued, redeemed, closing)] == [
        "bar-total",
        "bar-rise",
        "bar-fall",
        "bar-total",
    ]
    assert opening[1] + opening[2] == pytest.approx(issued[1], abs=0.11)
    assert issued[1] + issued[2] == pytest.approx(redeemed[1] + redeemed[2], abs=0.11)
    assert closing[1] + closing[2] == pytest.approx(redeemed[1], abs=0.11)
    assert opening[2] / closing[2] == pytest.approx(100 / 120, abs=0.01)


def test_waterfall_refuses_a_total_that_does_not_add_up() -> None:
    wrong = [*STEPS[:-1], Step("Closing", Decimal("120.01"), is_total=True)]
    with pytest.raises(ValueError, match="Closing is 120.01, but the steps before it lead to 120.00"):
        waterfall(wrong, "November")


def test_waterfall_of_nothing_but_zeros_is_still_a_picture() -> None:
    zeros = [Step("Opening", Decimal(0), is_total=True), Step("Closing", Decimal(0), is_total=True)]
    assert words(waterfall(zeros, "Empty")) == ["Opening", "$0.00", "Closing", "$0.00"]


def test_waterfall_below_zero_keeps_its_zero_line_inside() -> None:
    picture = parsed(waterfall([Step("Issued", Decimal(10)), Step("Reversed", Decimal(-30))], "Odd"))
    zero = next(line for line in picture.iter("line") if line.attrib["class"] == "zero")
    assert 120 < float(zero.attrib["x1"]) < 430


@pytest.mark.parametrize(
    ("gone_on", "told"),
    [(None, False), (date(2026, 11, 20), True), (date(2026, 12, 20), True), (date(2026, 11, 5), False)],
)
def test_burndown_tells_the_projected_day_only_when_it_lies_ahead(gone_on: date | None, told: bool) -> None:
    picture = parsed(burndown(USED, Decimal(2000), date(2026, 12, 1), gone_on, "Programme"))
    desc = picture.findtext("desc") or ""
    assert desc.startswith("$1,000.00 of $2,000.00 used by 11 Nov 2026.")
    assert ("At this pace it is gone on" in desc) is told
    assert [path.attrib["class"] for path in picture.iter("path")].count("line-ahead") == int(told)


def test_burndown_names_the_day_on_the_mark_only_within_the_period() -> None:
    inside = words(burndown(USED, Decimal(2000), date(2026, 12, 1), date(2026, 11, 20), "Programme"))
    beyond = words(burndown(USED, Decimal(2000), date(2026, 12, 1), date(2026, 12, 20), "Programme"))
    assert "gone 20 Nov 2026" in inside
    assert [text for text in beyond if text.startswith("gone")] == []


def test_burndown_above_the_limit_stays_inside_the_picture() -> None:
    picture = parsed(burndown(USED, Decimal(500), date(2026, 12, 1), None, "Programme"))
    dot = next(picture.iter("circle"))
    assert float(dot.attrib["cy"]) == 34.0


def test_burndown_of_a_period_without_length_does_not_divide_by_zero() -> None:
    assert "$0.00" in words(burndown([(FIRST, Decimal(0))], Decimal(0), FIRST, None, "Programme"))


def test_sparkline_marks_its_last_value_and_tells_its_run() -> None:
    picture = parsed(sparkline([3, 9, 5], "Sign-ins"))
    assert picture.findtext("title") == "Sign-ins"
    assert picture.findtext("desc") == "From 3 to 5; lowest 3, highest 9."
    dot = next(picture.iter("circle"))
    assert (dot.attrib["cx"], dot.attrib["cy"]) == ("93.0", "11.0")


@pytest.mark.parametrize("values", [[0], [0, 0, 0], [-2, 2]])
def test_sparkline_of_flat_or_signed_values(values: list[int]) -> None:
    assert parsed(sparkline(values, "Use")).tag == "svg"


def test_nothing_to_draw_is_nothing() -> None:
    assert sparkline([], "Use") == ""
    assert burndown([], Decimal(1), FIRST, None, "Cap") == ""


def test_pictures_are_safe_under_the_csp_and_escape_their_words() -> None:
    for picture in (
        waterfall([Step("<b>&", Decimal(1))], "<script>"),
        burndown(USED, Decimal(2000), date(2026, 12, 1), None, "<script>"),
        sparkline([1, 2], "<script>"),
    ):
        assert "style=" not in picture
        assert "<script" not in picture
        assert "<b>" not in picture
        assert parsed(picture).attrib["role"] == "img"
        assert parsed(picture).findtext("title") == "<script>"


def test_scale_is_straight() -> None:
    scale = Scale(0, 10, 100, 200)
    assert [scale(0), scale(5), scale(10)] == [100.0, 150.0, 200.0]
    assert Scale(5, 5, 100, 200)(5) == 100.0


def test_a_tally_draws_every_count_on_one_scale() -> None:
    picture = tally([("Score 5", 40), ("Score 4", 0), ("Unknown", 10)], "Scores")
    assert words(picture) == ["Score 5", "40", "Score 4", "0", "Unknown", "10"]
    assert [length for _, _, length in bars(picture)] == [176.0, 44.0]
    assert tally([], "Scores") == ""


def test_curves_draw_the_main_one_last_and_label_it() -> None:
    lines = [Curve("All", [Decimal("0.1"), Decimal("0.4")], is_main=True), Curve("Jan 2026", [Decimal("0.2")])]
    picture = curves([*lines, Curve("Feb 2026", [])], "Curves", "months")
    drawn = [path.attrib["class"] for path in parsed(picture).iter() if path.tag.endswith("path")]
    assert drawn == ["line-quiet", "line"]
    assert words(picture)[-1] == "All"
    assert "All: 40.0\N{NO-BREAK SPACE}% at age 1" in picture
    assert curves([], "Curves", "months") == ""


def test_columns_stand_on_zero_and_the_largest_is_labelled() -> None:
    months = [(date(2026, 11, 1), Decimal(50)), (date(2026, 12, 1), Decimal(0)), (date(2027, 1, 1), Decimal(100))]
    picture = columns(months, "Left")
    heights = [float(bar.attrib["height"]) for bar in parsed(picture).iter() if bar.tag.endswith("rect")]
    assert heights == [57.0, 114.0]
    assert words(picture) == ["$100.00", "Nov 2026", "Jan 2027"]
    assert columns([], "Left") == ""


def test_pairs_are_held_against_their_limit() -> None:
    kinds = [Pair("Small", Decimal(4), Decimal(2)), Pair("Large", Decimal(8), Decimal(-2))]
    picture = pairs(kinds, Decimal(3), "minimum 3", "Worth", str)
    assert words(picture) == ["Small", "4 before", "2 after", "Large", "8 before", "-2 after", "minimum 3"]
    unit = 30.4
    assert bars(picture) == [
        ("bar-total", 156.8, pytest.approx(4 * unit)),
        ("bar", 156.8, pytest.approx(2 * unit)),
        ("bar-total", 156.8, pytest.approx(8 * unit)),
        ("bar", 96.0, pytest.approx(2 * unit)),
    ]
    limit = next(mark for mark in parsed(picture).iter("line") if mark.attrib["class"] == "limit")
    assert limit.attrib["x1"] == "248.0"
    assert "Large 8 before, -2 after; minimum 3." in picture
    assert pairs([], Decimal(3), "minimum 3", "Worth", str) == ""
