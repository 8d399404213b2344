from remint.evaluation.figures.fairness import fairness_gaps


def _group(rows: int, *rates: float) -> dict:
    return dict(
        zip(("rows", "selection_rate", "true_positive_rate", "false_positive_rate"), (rows, *rates), strict=True)
    )


def _column(value: float | None, left_out: list[str], **groups: dict) -> dict:
    gap = {"value": value, "low": None if value is None else 0.1, "high": None if value is None else 0.3}
    return {
        "demographic_parity_difference": gap,
        "equalized_odds_difference": gap,
        "groups": groups,
        "left_out": left_out,
    }


FINDING = {
    "positive": ">50K",
    "columns": {
        "sex": _column(0.2, [], Female=_group(100, 0.1, 0.5, 0.05), Male=_group(300, 0.3, 0.7, 0.1)),
        "race": _column(None, ["y"], x=_group(390, 0.2, 0.6, 0.1), y=_group(10, 0.0, 0.0, 0.0)),
    },
}


def test_each_group_has_its_three_rates_the_largest_group_first() -> None:
    figure = fairness_gaps(FINDING)
    figure.canvas.draw()
    sex, race = figure.axes
    assert [text.get_text() for text in sex.get_yticklabels()] == ["Male  (300)", "Female  (100)"]
    assert [patch.get_width() for patch in sex.patches] == [0.3, 0.1, 0.7, 0.5, 0.1, 0.05]
    assert [patch.get_alpha() for patch in race.patches] == [1, 0.35] * 3


def test_the_differences_are_told_with_their_intervals() -> None:
    sex, race = fairness_gaps(FINDING).axes
    assert sex.get_title(loc="left") == (
        "sex: demographic parity difference 0.200  (0.100 to 0.300)\nequalised odds difference 0.200  (0.100 to 0.300)"
    )
    assert race.get_title(loc="left") == "race: fewer than two groups are large enough to compare"
