-- A warehouse of two merchants on 2026-03-20, worked out by hand: every mart agrees with every other.
-- m-1 has a tree of four shares: s-1 (u-1) <- s-2 (u-2), s-3 (u-3); s-2 <- s-4 (u-2). Two orders came through s-1 and s-2.
-- u-6 was a fan of m-1 and blocked it. u-1 is a fan of both merchants. u-9 is a fan of m-2 alone.
create schema marts;

create table marts.ingest_ledger as select * from (values
    ('group', date '2026-03-01', 'group/dt=2026-03-01/part-0.jsonl', 4, 4, 0, 0, 0, 0, true),
    ('shop', date '2026-03-01', 'shop/dt=2026-03-01/part-0.jsonl', 10, 7, 1, 2, 0, 0, true),
    ('shop', date '2026-03-02', 'shop/dt=2026-03-02/part-0.jsonl.gz', 3, 2, 0, 0, 1, 0, true)
) t(source, dt, file, rows_read, accepted, duplicate, quarantined, erased, withdrawn, is_balanced);

create table marts.quarantine_reasons as select * from (values
    ('shop', date '2026-03-01', 'bad_enum', 1, 'e-1', 'shop/dt=2026-03-01/part-0.jsonl', 3),
    ('shop', date '2026-03-01', 'not_json', 1, null, 'shop/dt=2026-03-01/part-0.jsonl', 5)
) t(source, dt, reason, rows, example_id, example_file, example_line);

create table marts.unreadable_files as select * from (values
    ('stream', date '2026-03-01', 'stream/dt=2026-03-01/cut.jsonl.gz', 120, 'EOFError: the file is cut')
) t(source, dt, file, bytes, error);

create table marts.event_registry as select * from (values
    ('shop.order_paid.v1', date '2026-03-01', 5),
    ('shop.share_created.v1', date '2026-03-01', 4),
    ('group.team_opened.v1', date '2026-03-01', 4)
) t(event_type, event_date, events);

create table marts.cascades as select
    * replace (revenue::decimal(18, 2) as revenue, structural_virality::double as structural_virality)
from (values
    ('m-1', 's-1', 'u-1', 'product', 'p-1', timestamp '2026-02-03 04:05:06', 4, 3, 5, 2, 2, 10.0 / 6, 3600.0::double, 2, 30.00),
    ('m-2', 's-1', 'u-9', 'product', 'p-7', timestamp '2026-03-01 00:00:00', 1, 1, 0, 0, 1, null, 0.0::double, 0, 0.00)
) t(merchant_id, root_share_id, root_user_id, object_type, object_id, started_at, shares, sharers, reach, depth, max_breadth,
    structural_virality, seconds_to_half, orders, revenue);

create table marts.cascade_layers as select * replace (revenue::decimal(18, 2) as revenue) from (values
    ('m-1', 's-1', 0, 1, 1, 3, 1, 10.00),
    ('m-1', 's-1', 1, 2, 2, 2, 1, 20.00),
    ('m-1', 's-1', 2, 1, 1, 0, 0, 0.00),
    ('m-2', 's-1', 0, 1, 1, 0, 0, 0.00)
) t(merchant_id, root_share_id, depth, shares, sharers, openers, orders, revenue);

create table marts.cascade_nodes as select * replace (subtree_revenue::decimal(18, 2) as subtree_revenue) from (values
    ('m-1', 's-1', 'u-1', 'group', timestamp '2026-02-03 04:05:06', 's-1', null, 'root', 0, 4, 2, 30.00),
    ('m-1', 's-2', 'u-2', 'group', timestamp '2026-02-03 05:05:06', 's-1', 's-1', 'declared', 1, 2, 1, 20.00),
    ('m-1', 's-3', 'u-3', 'direct', timestamp '2026-02-03 06:05:06', 's-1', 's-1', 'declared', 1, 1, 0, 0.00),
    ('m-1', 's-4', 'u-2', 'moments', timestamp '2026-02-03 07:05:06', 's-1', 's-2', 'declared', 2, 1, 0, 0.00),
    ('m-2', 's-1', 'u-9', 'group', timestamp '2026-03-01 00:00:00', 's-1', null, 'missing', 0, 1, 0, 0.00)
) t(merchant_id, share_id, user_id, channel, shared_at, root_share_id, parent_share_id, parent_status, depth, subtree_shares,
    subtree_orders, subtree_revenue);

create table marts.spreaders as select
    * replace (revenue_led::decimal(18, 2) as revenue_led, subtree_revenue::decimal(18, 2) as subtree_revenue,
        influence::double as influence, bridge_score::double as bridge_score)
from (values
    ('m-1', 'u-1', date '2026-03-20', 1, 3, 3, 1, 10.00, 30.00, 0.5, 1, 'u-1', 1, 0.0, false),
    ('m-1', 'u-2', date '2026-03-20', 2, 2, 2, 1, 20.00, 20.00, 0.3, 2, 'u-1', 1, 0.0, false),
    ('m-1', 'u-3', date '2026-03-20', 1, 0, 0, 0, 0.00, 0.00, 0.2, 3, 'u-3', 0, null, false),
    ('m-2', 'u-9', date '2026-03-20', 1, 0, 0, 0, 0.00, 0.00, 1.0, 1, 'u-9', 0, null, false)
) t(merchant_id, user_id, as_of, shares, opens, openers, orders_led, revenue_led, subtree_revenue, influence, influence_rank,
    circle_id, circles_reached, bridge_score, is_connector);

create table marts.circles as select
    * replace (revenue::decimal(18, 2) as revenue, median_degree::double as median_degree, share_of_reach::double as share_of_reach)
from (values
    ('m-1', 'u-1', 2, 1.0, 1.0, 30.00),
    ('m-1', 'u-3', 1, 0.0, 0.0, 0.00),
    ('m-2', 'u-9', 1, 0.0, null, 0.00)
) t(merchant_id, circle_id, members, median_degree, share_of_reach, revenue);

create table marts.circle_quality as select
    * replace (median_members::double as median_members, cpm_quality::double as cpm_quality, modularity::double as modularity)
from (values
    ('m-1', 3, 1, 2, 1.5, 0.95, 0.0),
    ('m-2', 1, 0, 1, 1.0, 0.0, null)
) t(merchant_id, users, edges, circles, median_members, cpm_quality, modularity);

create table marts.platform_spreaders as select * replace (influence::double as influence) from (values
    ('u-1', 1, 1, 3, 0.4, 1, 'u-1'),
    ('u-2', 1, 2, 2, 0.3, 2, 'u-1'),
    ('u-3', 1, 1, 0, 0.2, 3, 'u-3'),
    ('u-9', 1, 1, 0, 0.1, 4, 'u-9')
) t(user_id, merchants, shares, openers, influence, influence_rank, island_id);

create table marts.islands as select * from (values
    ('u-1', 2, 1, 3), ('u-3', 1, 1, 1), ('u-9', 1, 1, 1)
) t(island_id, users, merchants, shares);

create table marts.spread_motifs as select * from (values
    ('m-1', 1, 0, 0.0::double, 0, null::double), ('m-2', 0, 0, null, 0, null)
) t(merchant_id, pairs, reciprocal_pairs, reciprocity, triangles, transitivity);

create table marts.spread_concentration as select * replace (total::decimal(18, 2) as total) from (values
    ('m-1', 'shares', 3, 4, 0.5::double, 0.5::double, 1, 0.17::double),
    ('m-1', 'opens', 2, 5, 0.6, 0.6, 1, 0.1),
    ('m-1', 'orders_led', 2, 2, 0.5, 0.5, 1, 0.0),
    ('m-1', 'revenue_led', 2, 30, 0.67, 0.67, 1, 0.17),
    ('m-2', 'shares', 1, 1, 1.0, 1.0, 1, 0.0),
    ('all', 'shares', 4, 5, 0.4, 0.4, 2, 0.15)
) t(merchant_id, metric, users, total, top_1pct_share, top_01pct_share, users_for_half, gini);

create table marts.share_mix as select * replace (revenue::decimal(18, 2) as revenue) from (values
    ('m-1', 'group', '2026-02', 2, 0.5::double, 5, 2, 30.00),
    ('m-1', 'direct', '2026-02', 1, 0.25, 0, 0, 0.00),
    ('m-1', 'moments', '2026-02', 1, 0.25, 0, 0, 0.00),
    ('m-2', 'group', '2026-03', 1, 1.0, 0, 0, 0.00)
) t(merchant_id, channel, month, shares, share_of_shares, opens, orders, revenue);

create table marts.group_survival as select * from (values
    ('all', 'all', 0, 4, 1, 0.75::double, 0.13::double, 0.96::double),
    ('all', 'all', 1, 3, 1, 0.5, 0.06, 0.84),
    ('kind', 'product', 0, 3, 0, 1.0, null, null),
    ('kind', 'product', 1, 3, 1, 0.67, 0.05, 0.95),
    ('kind', 'unknown', 0, 1, 1, 0.0, null, null)
) t(stratum, value, day, at_risk, deaths, survival, survival_lo, survival_hi);

create table marts.group_lifetimes as select * from (values
    ('all', 'all', 4, 2, 1, 45.25::double, 0.5::double),
    ('kind', 'product', 3, 1, null, 60.6, 1.0),
    ('kind', 'unknown', 1, 1, 0, 0.0, 0.0)
) t(stratum, value, groups, deaths, median_days, rmst_90, naive_mean_days);

create table marts.team_formation as select * from (values
    ('m-1', 'CN-ZJ', 2, 'both', 'new_users', date '2026-03-01', 2, 2, 1, 0, 1, 0, 3600.0::double, 3, 1),
    ('m-1', 'CN-ZJ', 3, 'leader', 'promotion', date '2026-02-10', 1, 1, 1, 0, 0, 0, 7200.0, 3, 2),
    ('m-2', 'unknown', 2, 'unknown', 'unknown', date '2026-03-19', 1, 0, 0, 0, 0, 1, null, 1, 0)
) t(merchant_id, region, size_required, benefit_side, goal, opened_date, opened, closed, formed_organic, formed_auto_filled,
    failed, open_at_as_of, median_seconds_to_form, members, new_buyer_members);

create table marts.team_formation_by_region as select * from (values
    ('CN-ZJ', '2026-02', 1, 1, 1, 1.0::double, 0.2065::double, 1.0::double, 1.0::double, 1.0::double, 50, 20.0::double,
        'few_opens_high_rate'),
    ('CN-ZJ', '2026-03', 2, 2, 1, 0.5, 0.0945, 0.9055, 0.5, 0.5, 50, 40.0, 'many_opens_high_rate'),
    ('CN-ZJ', 'all', 3, 3, 2, 2.0 / 3, 0.2077, 0.9385, 2.0 / 3, 2.0 / 3, 50, 60.0, 'many_opens_high_rate'),
    ('unknown', '2026-03', 1, 0, 0, null, null, null, null, null, 2, 500.0, null),
    ('unknown', 'all', 1, 0, 0, null, null, null, null, null, 2, 500.0, null)
) t(region, month, opened, closed, formed_organic, formation_rate, formation_rate_lo, formation_rate_hi, formation_rate_shrunk,
    formation_rate_incl_auto_filled, registered_users, opens_per_1000_users, quadrant);

create table marts.cohort_retention as select * replace (revenue::decimal(18, 2) as revenue) from (values
    ('m-1', '2026-02', 0, 2, 2, 2, 3, 50.00, 25.0::double, true),
    ('m-1', '2026-02', 1, 2, 1, 1, 1, 30.00, 40.0, false),
    ('m-2', '2026-03', 0, 1, 1, 1, 1, 12.50, 12.5, false)
) t(merchant_id, cohort_month, period, cohort_size, retained_on, retained_on_or_after, orders, revenue, cumulative_revenue_per_fan,
    is_complete);

create table marts.per_fan_revenue as select
    * replace (direct_revenue::decimal(18, 2) as direct_revenue, assisted_revenue::decimal(18, 2) as assisted_revenue)
from (values
    ('m-1', date '2026-03-20', 40, 3.5::double, 3, 4, 2, 80.00, 20.00, 80 / 3.5::double, 80 / 3.5::double * 365 / 40, 15.0::double,
        44.0::double, 0.5::double),
    ('m-2', date '2026-03-20', 20, 2.0, 2, 2, 1, 12.50, 0.00, 6.25, 114.0625, 6.25, 11.25, 0.5)
) t(merchant_id, as_of, window_days, avg_fans, fans_end, window_fans, buying_fans, direct_revenue, assisted_revenue,
    revenue_per_fan, revenue_per_fan_annualised, revenue_per_fan_p50, revenue_per_fan_p90, zero_revenue_fan_share);

create table marts.fan_revenue as select
    * replace (direct_revenue::decimal(18, 2) as direct_revenue,
        assisted_revenue_last_touch::decimal(18, 2) as assisted_revenue_last_touch,
        assisted_revenue_first_touch::decimal(18, 2) as assisted_revenue_first_touch,
        assisted_revenue_linear::decimal(18, 2) as assisted_revenue_linear)
from (values
    ('m-1', 'u-1', 50.00, 0.00, 20.00, 10.00, timestamp '2026-02-01 01:00:00', 3, 0, true, true, true),
    ('m-1', 'u-2', 30.00, 20.00, 0.00, 10.00, timestamp '2026-02-02 01:00:00', 1, 0, true, true, false),
    ('m-1', 'u-3', 0.00, 0.00, 0.00, 0.00, null, 0, 0, true, true, false),
    ('m-1', 'u-6', 0.00, 0.00, 0.00, 0.00, null, 0, 0, true, false, false),
    ('m-2', 'u-1', 0.00, 0.00, 0.00, 0.00, null, 0, 0, true, true, false),
    ('m-2', 'u-9', 12.50, 0.00, 0.00, 0.00, timestamp '2026-03-05 01:00:00', 1, 0, true, true, false)
) t(merchant_id, user_id, direct_revenue, assisted_revenue_last_touch, assisted_revenue_first_touch, assisted_revenue_linear,
    first_order_at, orders, refunds, is_window_fan, is_fan_at_end, is_supporting_fan);

create table marts.growth_split as select
    * replace (revenue::decimal(18, 2) as revenue, revenue_change::decimal(18, 2) as revenue_change,
        user_effect::decimal(18, 2) as user_effect, per_fan_effect::decimal(18, 2) as per_fan_effect)
from (values
    ('m-1', '2026-02', 50.00, 2.5::double, 20.0::double, true, null, null, null),
    ('m-1', '2026-03', 30.00, 3.0, 10.0, false, -20.00, 7.14, -27.14),
    ('m-2', '2026-03', 12.50, 2.0, 6.25, false, null, null, null)
) t(merchant_id, month, revenue, avg_fans, revenue_per_fan, is_complete, revenue_change, user_effect, per_fan_effect);

create table marts.lifetime_value as select * from (values
    ('m-1', 'u-1', 2, 4.0::double, 6.7::double, 15.0::double, 0.8::double, 1.5::double, 4.0::double, 60.0::double),
    ('m-1', 'u-2', 0, 0.0, 6.5, null, 1.0, 0.4, 1.2, 18.0),
    ('m-2', 'u-9', 0, 0.0, 2.1, null, 1.0, 0.3, 1.0, 12.0)
) t(merchant_id, user_id, frequency, recency_weeks, age_weeks, monetary_value, p_alive, expected_orders_90d,
    expected_orders_365d, expected_value_365d);

create table marts.ltv_model as select * from (values
    ('m-1', 0.3::double, 4.0::double, 0.8::double, 2.5::double, 6.0::double, 4.0::double, 15.0::double, -12.5::double, 2, 1, 12, 1,
        0.7::double, 'too_few_customers'),
    ('m-2', 0.3, 4.0, 0.8, 2.5, 6.0, 4.0, 15.0, -3.1, 1, 0, 5, 0, 0.1, 'too_few_customers')
) t(merchant_id, r, alpha, a, b, p, q, v, log_likelihood, customers, repeat_customers, holdout_days, holdout_orders_actual,
    holdout_orders_expected, fallback);

create table marts.merchant_churn_flags as select
    * replace (revenue_28d::decimal(18, 2) as revenue_28d, revenue_prev_28d::decimal(18, 2) as revenue_prev_28d,
        reasons::struct(topic varchar, "days" integer, gap integer, now decimal(18, 2), "before" decimal(18, 2))[] as reasons,
        expected_loss::decimal(18, 2) as expected_loss, at_stake::decimal(18, 2) as at_stake)
from (values
    ('m-1', date '2026-03-20', 'at_risk', 4, 9, 30.00, 50.00, 0.6::double, true, date '2026-03-18',
        'net revenue 30 in the last 28 days, 50 in the 28 days before', 'no login for 9 days', null,
        [row('revenue', null, null, 30, 50), row('logins', 9, null, null, null)], 234.64, 391.07, 'base rate'),
    ('m-2', date '2026-03-20', 'launching', 15, null, 12.50, 0.00, 0.1, false, null, null, null, null, [], 16.29, 16.29, 'base rate')
) t(merchant_id, as_of, stage, days_since_last_order, days_since_last_login, revenue_28d, revenue_prev_28d,
    churn_probability, is_churn_flagged, at_risk_since, reason_1, reason_2, reason_3, reasons, expected_loss, at_stake, model_version);

create table marts.churn_model_evaluation as select * from (values
    (date '2026-03-20', 'test', 2, 0.5::double, 0.75::double, 0.2::double, 1.5::double, 0.9::double, 0.5::double)
) t(as_of, split, merchants, base_rate, auc, brier, lift_at_10pct, calibration_slope, threshold);

create table marts.fan_churn_flags as select * from (values
    ('m-1', 'u-1', 2, 4.0::double, 6.7::double, 0.8::double, 1.5::double, 60.0::double, false),
    ('m-1', 'u-2', 0, 0.0, 6.5, 1.0, 0.4, 18.0, true),
    ('m-2', 'u-9', 0, 0.0, 2.1, 1.0, 0.3, 12.0, false)
) t(merchant_id, user_id, frequency, recency_weeks, age_weeks, p_alive, expected_orders_90d, expected_value_365d,
    is_churn_flagged);

comment on table marts.cascades is 'One row a share tree.';
comment on column marts.cascades.depth is 'Depth of the deepest share; the root has 0.';

create table marts.merchants as select * from (values
    ('m-1', '小店 🎉 =HYPERLINK("http://x","y")', 'food', 'CN-ZJ', 2, 'pro', 'amy', timestamp '2026-02-01 01:00:00',
        timestamp '2026-02-01 01:00:00', true),
    ('m-2', null, null, 'unknown', null, null, null, null, timestamp '2026-03-01 00:00:00', true)
) t(merchant_id, name, category, region, city_tier, plan, account_manager, onboarded_at, first_event_at, is_money_complete);

create table marts.daily_merchant as select
    * replace (revenue::decimal(18, 2) as revenue),
    0.00::decimal(18, 2) as refunds, 3 as fans, 0 as shares, 0 as opens, 0 as teams_opened, 0 as teams_formed, 0 as messages,
    0 as live_viewers
from (values
    ('m-1', date '2026-02-10', 9, 2, 3, 50.00), ('m-1', date '2026-03-16', 8, 1, 1, 30.00), ('m-2', date '2026-03-05', 2, 1, 1, 12.50)
) t(merchant_id, date, visitors, buyers, orders, revenue);

create table marts.orders as select
    * replace (paid::decimal(18, 2) as paid, refunded::decimal(18, 2) as refunded, net::decimal(18, 2) as net)
from (values
    ('m-1', 'o-1', 'u-1', timestamp '2026-02-10 01:00:00', date '2026-02-10', 60.00, 10.00, 50.00, 1, 'CN-ZJ'),
    ('m-1', 'o-2', 'u-2', timestamp '2026-03-16 01:00:00', date '2026-03-16', 30.00, 0.00, 30.00, 0, 'unknown'),
    ('m-2', 'o-1', 'u-9', timestamp '2026-03-05 01:00:00', date '2026-03-05', 12.50, 0.00, 12.50, 0, 'unknown')
) t(merchant_id, order_id, user_id, paid_at, paid_date, paid, refunded, net, refunds, region);

create table marts.users as select * from (values
    ('u-1', 'CN-ZJ', 2, 'f', 1987, 'd-1', null, timestamp '2026-01-01 00:00:00'),
    ('u-9', 'unknown', null, null, null, null, null, timestamp '2026-01-01 00:00:00')
) t(user_id, region, city_tier, gender, birth_year, device_id, channel, registered_at);

create table marts.products as select * from (values
    ('m-1', 'p-1', 'tea', 19.90::decimal(18, 2), 9.90::decimal(18, 2), null::decimal(18, 2))
) t(merchant_id, product_id, title, list_price, cost, market_price);

create table marts.chat_groups as select * from (values
    ('g-1', 'm-1', 'product', 'interest', timestamp '2026-02-01 00:00:00', 30, 8, 4)
) t(group_id, merchant_id, kind, driver, born_at, members, days_silent, messages_28d);

create table marts.per_fan_revenue_history as select * exclude (as_of), as_of as month_end from marts.per_fan_revenue;

create table marts.supporting_fans as select * from (values
    ('m-1', 0, 3, 1, 80.00::decimal(18, 2), 20.00::decimal(18, 2))
) t(merchant_id, layer, fans, supporting_fans, direct_revenue, assisted_revenue);

create table marts.cohort_value as select * from (values
    ('m-1', '2026-02', 2, 0.00::decimal(18, 2))
) t(merchant_id, cohort_month, cohort_size, spend);

create table marts.team_design as select * from (values
    (2, 'both', 'new_users', 2, 2, 1, 0.5::double, 0.09::double, 0.91::double, 0.5::double),
    (3, 'leader', 'promotion', 1, 1, 1, 1.0, 0.2, 1.0, 1.0),
    (2, 'unknown', 'unknown', 1, 0, 0, null, null, null, null)
) t(size_required, benefit_side, goal, opened, closed, formed_organic, formation_rate, formation_rate_lo, formation_rate_hi,
    formation_rate_standardised);

create table marts.leader_growth as select * from (values
    ('CN-ZJ', 0.6::double, 50, 60.0::double, 0.0::double)
) t(region, formation_rate_shrunk, registered_users, opens_per_1000_users, gap_opens_per_1000_users);

create table marts.claim_checks as select * from (values
    ('group_share', date '2026-03-20', '70 % of shares go to groups', 5, 'insufficient', 'shares in groups / shares')
) t(claim_id, as_of, claim, observations, verdict, formula);

create table marts.key_spreaders as select * from (values ('m-1', 1, 'u-1', 3, 1.0::double)) t(merchant_id, rank, user_id,
    new_openers, reach_share);

create table marts.circle_stability as select * from (values ('m-1', 3, 0.0::double)) t(merchant_id, users_in_both, renamed_share);

create table marts.live_sessions as select * from (values
    ('l-1', 'm-1', timestamp '2026-03-01 12:00:00', timestamp '2026-03-01 13:00:00', 3600.0::double, 5, 1, 4, 900.0::double, 3, 1,
        30.00::decimal(18, 2), 0)
) t(live_id, merchant_id, started_at, ended_at, duration_seconds, viewers, replay_viewers, peak_viewers, watch_seconds,
    interactions, orders, revenue, new_fans);

create table marts.live_minutes as select * from (values
    ('l-1', 0, 'm-1', timestamp '2026-03-01 12:00:00', 4, 4, 0, 1, 1, 30.00::decimal(18, 2))
) t(live_id, minute, merchant_id, minute_at, viewers, viewers_joined, viewers_left, interactions, orders, revenue);

create table marts.merchant_stage_history as select * from (values
    ('m-1', 'operating', date '2026-03-03', null::date), ('m-2', 'launching', date '2026-03-01', null)
) t(merchant_id, stage, entered_on, left_on);

-- u-3 refused the last outreach of m-1, u-6 blocked it.
create table marts.suppressed_fans as select * from (values
    ('m-1', 'u-3', 'refused', date '2026-03-10'), ('m-1', 'u-6', 'blocked', date '2026-03-11')
) t(merchant_id, user_id, reason, since_date);

create table marts.group_activity as select * from (values
    ('g-1', 'm-1', 'product', 'interest', date '2026-02-01', null::date, 30, date '2026-03-12', 8, 0, 4, 'dying'),
    ('g-2', 'm-2', 'unknown', 'unknown', date '2026-02-01', null, 3, null, 47, 0, 0, 'dead')
) t(group_id, merchant_id, kind, driver, born_date, dissolved_date, members, last_message_date, silent_days, messages_7d,
    messages_prev_7d, state);

create table marts.team_leaders as select * from (values
    ('m-1', 'u-1', 2, 2, 2, 0, 0, 0, 5, date '2026-03-01'),
    ('m-1', 'u-6', 1, 1, 0, 0, 1, 0, 1, date '2026-03-01'),
    ('m-2', 'u-9', 1, 0, 0, 0, 0, 1, 1, date '2026-03-19')
) t(merchant_id, user_id, opened, closed, formed_organic, formed_auto_filled, failed, open_at_as_of, members, last_opened_date);

create table marts.merchant_team_regions as select * from (values
    ('m-1', 'CN-ZJ', 3, 3, 2, 0, 1, 0, 2 / 3, 0.2077::double, 0.9385::double, 24),
    ('m-2', 'unknown', 1, 0, 0, 0, 0, 1, null, null, null, 1)
) t(merchant_id, region, opened, closed, formed_organic, formed_auto_filled, failed, open_at_as_of, formation_rate,
    formation_rate_lo, formation_rate_hi, people);

create table marts.export_deliveries as select * from (values
    ('share', date '2026-03-19', 'v000001', 'folder', null, 3, 40, 5000, 1, repeat('0', 64), 'by hand')
) t(destination, delivered_as_of, warehouse_version, kind, changes_since, packs, files, bytes, attempts, manifest_sha256, run_id);
