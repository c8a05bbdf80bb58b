"""The churn model on invented merchants: what it learns, when it refuses to, what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from spark_jobs.merchant_churn import learning
from spark_jobs.merchant_churn.features import ALL_INPUTS, FEATURES, TOPICS, sentence
from spark_jobs.merchant_churn.learning import learn, lift
from spark_jobs.merchant_churn.merchant_days import COUNTS, Timelines
from spark_jobs.merchant_churn.model import Learned, flagged_before, part_of, score

AS_OF = date(2026, 6, 30)
FIRST = AS_OF - timedelta(days=260)


def observed(merchants: int, leavers: int, seed: int = 1) -> pd.DataFrame:
    """Merchants with orders and logins; leavers slow down for a month and stop, on days spread over the history."""
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(merchants):
        stops = int(60 + 200 * (number + 0.5) / leavers) if number < leavers else 10_000
        rows = []
        for on in range(261):
            slow = np.clip((stops - on) / 30, 0, 1)
            orders, logins = rng.poisson(1.5 * slow), int(rng.random() < 0.6 * slow)
            if orders or logins:
                rows.append({"day": FIRST + timedelta(days=on), "orders": orders, "logins": logins, "revenue": 20 * orders})
        empty = dict.fromkeys(COUNTS, 0) | {"merchant_id": f"m{number:03d}", "first_day": FIRST, "onboarded_on": FIRST}
        timeline = Timelines.of(pa.Table.from_pylist([empty | row for row in rows]), AS_OF)
        at = np.concatenate([[260], np.arange(230, -1, -7)])
        frame = timeline.features(at)
        frame.insert(0, "merchant_id", f"m{number:03d}")
        frame.insert(1, "day", [FIRST + timedelta(days=int(on)) for on in at])
        frame.insert(2, "stage", timeline.stage[at])
        frame.insert(3, "has_left", np.where(at <= 230, timeline.has_left[at], None))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return observed(90, 40)


@pytest.fixture(scope="module")
def learned(frame: pd.DataFrame) -> Learned:
    return learn(frame, capacity=100)


def today(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["day"] == AS_OF]


def test_learns_who_leaves_and_beats_silence_alone_on_later_days(learned: Learned) -> None:
    assert learned.version.startswith("logistic-")
    by_split = {evaluation.split: evaluation for evaluation in learned.evaluations}
    assert set(by_split) == {"train", "later", "later_days_since_last_order"}
    later, silence = by_split["later"], by_split["later_days_since_last_order"]
    assert later.auc is not None
    assert silence.auc is not None
    assert later.auc > silence.auc
    assert later.auc > 0.9
    assert later.brier is not None
    assert later.base_rate is not None
    assert later.brier < later.base_rate * (1 - later.base_rate)
    assert later.lift_at_10pct is not None
    assert later.lift_at_10pct > 3
    assert later.threshold == by_split["train"].threshold == learned.threshold
    assert learned.last_day == (AS_OF - timedelta(days=30)).isoformat()


def test_labels_of_days_that_are_not_over_are_not_used(frame: pd.DataFrame, learned: Learned) -> None:
    """An unlabelled day is one whose label is null; giving it a label changes the model, leaving it out does not."""
    assert learn(frame[frame["day"] != AS_OF], 100) == learned
    peeked = frame.assign(has_left=frame["has_left"].where(frame["day"] != AS_OF, True))
    assert learn(peeked, 100).version != learned.version


def test_order_of_rows_makes_no_difference(frame: pd.DataFrame, learned: Learned) -> None:
    assert learn(frame.sample(frac=1, random_state=5), 100) == learned


def test_survives_the_way_through_json(learned: Learned, frame: pd.DataFrame) -> None:
    again = Learned.from_json(learned.to_json())
    assert score(today(frame), again).equals(score(today(frame), learned))
    assert Learned.from_json(again.to_json()) == again


def test_flag_is_the_threshold_and_stage_follows_the_flag(frame: pd.DataFrame, learned: Learned) -> None:
    rows = score(today(frame), learned)
    before = today(frame)["stage"].to_numpy()
    churned, here = rows[before == "churned"], rows[before != "churned"]
    flagged = here["is_churn_flagged"]
    assert flagged.any()
    assert not flagged.all()
    assert learned.threshold is not None
    assert here[flagged]["churn_probability"].min() >= learned.threshold > here[~flagged]["churn_probability"].max()
    assert np.array_equal(rows["stage"], np.where(rows["is_churn_flagged"] & (before == "operating"), "at_risk", before))
    assert len(churned)
    assert (churned["churn_probability"] == learned.stage_rates["churned"]).all()
    assert learned.stage_rates["churned"] > learned.threshold
    assert not churned["is_churn_flagged"].any()


def test_reasons_say_what_happened_and_change_with_the_feature_alone(learned: Learned, frame: pd.DataFrame) -> None:
    merchant = today(frame)[today(frame)["merchant_id"] == "m089"]  # a steady one
    silent = merchant.assign(days_since_login=19.0, login_gap=2.0, logins_28d=3.0, days_since_order=0.0)
    said = score(silent, learned).iloc[0]
    assert said["reason_1"] == "no login for 19 days; before that every 2 days"
    longer = score(silent.assign(days_since_login=20.0), learned).iloc[0]
    assert longer["reason_1"] == "no login for 20 days; before that every 2 days"
    assert longer["churn_probability"] > said["churn_probability"]
    assert longer["reasons"][0] == {"topic": "logins", "days": 20, "gap": 2, "now": None, "before": None}
    well = score(silent.assign(days_since_login=0.0, logins_28d=20.0), learned).iloc[0]
    assert well["reason_1"] is None or "no login" not in well["reason_1"]
    for row in (said, longer, well):
        words = [row["reason_1"], row["reason_2"], row["reason_3"]]
        given = [word for word in words if word is not None]
        assert words == given + [None] * (3 - len(given))
        assert len(set(given)) == len(given)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"days_since_order": 236.0, "order_gap": 3.0}, "no paid order for 236 days; before that every 3 days", id="long"
        ),
        pytest.param({"days_since_order": 75.0, "order_gap": 60.0}, "no paid order for 75 days", id="no rhythm"),
        pytest.param(
            {"days_since_order": 9.0, "order_gap": 0.4}, "no paid order for 9 days; before that every day", id="daily"
        ),
        pytest.param({"days_since_order": np.nan, "order_gap": 60.0}, "no paid order ever", id="never"),
        pytest.param(
            {"days_since_order": 1.0, "orders_28d": 2.0, "orders_prev_28d": 9.0},
            "orders: 2 in the last 28 days, 9 in the 28 days before",
            id="fewer",
        ),
    ],
)
def test_a_reason_says_how_long_and_how_many(changes: dict[str, float], said: str) -> None:
    reason = TOPICS["orders"][1](dict.fromkeys(FEATURES, 0.0) | changes)
    assert reason is not None
    assert sentence(reason) == said


@pytest.mark.parametrize("topic", TOPICS)
def test_what_is_well_or_cannot_be_changed_is_no_reason(topic: str) -> None:
    before = {name: 5.0 for name in FEATURES if "_prev_" in name}
    well = {name: 9.0 for name in FEATURES if name.endswith("_28d")} | before
    well |= {"days_since_order": 1.0, "days_since_login": 1.0, "order_gap": 1.0, "login_gap": 1.0}
    well |= {"tickets_28d": 0.0, "fans_lost_28d": 0.0}
    assert TOPICS[topic][1](well) is None
    fewer = {name: 4.0 for name in FEATURES if name.endswith("_28d")} | before
    assert TOPICS[topic][1](well | fewer) is not None


def test_how_long_a_merchant_is_here_weighs_but_is_never_a_reason(frame: pd.DataFrame, learned: Learned) -> None:
    model = learned.model
    assert model is not None
    assert "tenure" in model.names
    old = replace(learned, model=replace(model, weights=[50.0 * (name == "tenure") for name in model.names]))
    assert (score(today(frame).assign(tenure_days=5000.0), learned)["reasons"].str.len() > 0).any()
    rows = score(today(frame).assign(tenure_days=5000.0), old)
    assert rows[rows["stage"] != "churned"]["churn_probability"].min() > 0.99
    assert rows["reason_1"].isna().all()


def test_since_when_today_s_model_would_have_flagged(learned: Learned, frame: pd.DataFrame) -> None:
    calm = today(frame)[today(frame)["merchant_id"] == "m089"]
    silent = calm.assign(days_since_login=40.0, days_since_order=40.0, logins_28d=0.0, orders_28d=0.0)
    assert score(calm, learned)["is_churn_flagged"].tolist() == [False]
    assert score(silent, learned)["is_churn_flagged"].tolist() == [True]
    lives = [([silent], 1), ([calm], 0), ([silent, calm, silent, silent], 2), ([], 0), ([silent, calm], 0), ([silent] * 3, 3)]
    days = pd.concat([day for life, _ in lives for day in life], ignore_index=True)
    lengths = np.array([len(life) for life, _ in lives])
    assert flagged_before(days, lengths, learned).tolist() == [flagged for _, flagged in lives]
    assert flagged_before(calm.head(0), np.array([0]), learned).tolist() == [0]
    assert flagged_before(silent, np.array([1]), replace(learned, model=None, threshold=None)).tolist() == [0]


@pytest.mark.parametrize(("merchants", "leavers", "is_fallback"), [(49, 40, True), (50, 40, False), (90, 9, True)])
def test_too_few_to_learn_from_means_base_rates_and_no_flag(merchants: int, leavers: int, is_fallback: bool) -> None:
    frame = observed(merchants, leavers)
    learned = learn(frame, 100)
    assert learned.version.startswith("fallback-base-rate-") == is_fallback
    if is_fallback:
        rows = score(today(frame), learned)
        assert not rows["is_churn_flagged"].any()
        assert rows["reason_1"].isna().all()
        known = frame[frame["has_left"].notna()]
        rates = known.groupby("stage")["has_left"].mean()
        assert rows["churn_probability"].tolist() == pytest.approx([rates[stage] for stage in rows["stage"]])
        assert [evaluation.auc for evaluation in learned.evaluations] == [None]


def test_a_stage_never_seen_and_a_first_day_have_a_probability() -> None:
    nothing = pd.DataFrame(columns=["merchant_id", "day", "stage", "has_left", *FEATURES])
    learned = learn(nothing, 100)
    row = pd.DataFrame(
        [{"merchant_id": "m", "day": AS_OF, "stage": "launching", "has_left": None, **dict.fromkeys(FEATURES, 0.0)}]
    )
    assert score(row, learned)["churn_probability"].tolist() == [0.0]
    assert learned.first_day is None
    unseen = learn(observed(5, 2), 100)
    assert score(row.assign(stage="recovered"), unseen)["churn_probability"].tolist() == [unseen.stage_rates[""]]


def test_capacity_and_a_fixed_threshold_hold(frame: pd.DataFrame, learned: Learned) -> None:
    tight = learn(frame, capacity=2)
    assert tight.threshold is not None
    assert learned.threshold is not None
    assert tight.threshold > learned.threshold
    assert tight.version != learned.version
    fixed = learn(frame, 100, fixed_threshold=0.9)
    assert fixed.threshold == 0.9
    assert {evaluation.threshold for evaluation in fixed.evaluations} == {0.9}


def test_version_is_a_digest_of_what_made_the_model(
    frame: pd.DataFrame, learned: Learned, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learn(frame, 100).version == learned.version
    changed = frame.assign(orders_28d=frame["orders_28d"] + (frame["day"] == FIRST + timedelta(days=230)))
    assert learn(changed, 100).version != learned.version
    monkeypatch.setattr(learning, "ALL_INPUTS", ALL_INPUTS[:-1])
    assert learn(frame, 100).version != learned.version


def test_an_input_that_knows_the_label_shows_in_the_evaluation(frame: pd.DataFrame, learned: Learned) -> None:
    """A leak is visible where the later split is too good: the planted one is near perfect, the real inputs are not."""
    peeking = frame.assign(tickets_28d=np.where(frame["has_left"].eq(True), 50.0, 0.0))
    leaked = next(evaluation for evaluation in learn(peeking, 100).evaluations if evaluation.split == "later")
    honest = next(evaluation for evaluation in learned.evaluations if evaluation.split == "later")
    assert leaked.auc == 1
    assert leaked.brier is not None
    assert honest.brier is not None
    assert leaked.brier < honest.brier


def test_lift_splits_a_tie_at_the_edge() -> None:
    has_left = np.array([True, False, True, False, False, False, False, False, False, False])
    chances = np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    assert lift(has_left, chances, 0.1) == pytest.approx(5)
    assert lift(has_left, chances, 0.2) == pytest.approx((1 + 1 / 4) / 2 / 0.2)
    assert lift(has_left, chances, 1) == pytest.approx(1)


def test_calibration_slope_is_one_for_honest_probabilities_and_a_half_for_overconfident_ones() -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(-1, 1.5, 200_000)
    has_left = rng.random(200_000) < 1 / (1 + np.exp(-logits))
    assert learning._platt(logits, has_left, 1e-6) == pytest.approx((1, 0), abs=0.03)
    assert learning._platt(2 * logits, has_left, 1e-6)[0] == pytest.approx(0.5, abs=0.02)


def test_a_part_ends_with_its_edge() -> None:
    assert part_of(np.array([0.0, 1.0, 1.1, 2.0, 9.0]), [1.0, 2.0]).tolist() == [0, 0, 1, 1, 2]
