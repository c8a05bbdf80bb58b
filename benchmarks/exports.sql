-- A made-up platform, as far as the exports read it; {merchants} and {managers} are numbers.
create schema marts;
create table marts.merchants as select
    'm-' || m as merchant_id, '小店 ' || m || ' 🎉' as name, 'food' as category, 'CN-ZJ' as region, 2::bigint as city_tier, 'pro' as plan,
    'manager ' || m % {managers} as account_manager, timestamp '2025-06-01' as onboarded_at, timestamp '2025-06-01' as first_event_at
from range({merchants}) t(m);
create table fans as select 'm-' || m as merchant_id, 'u-' || (m * 7 + f) as user_id, m, f from range({merchants}) t(m), range(30) u(f);
create table marts.fan_revenue as select
    merchant_id, user_id, (f * 17.35)::decimal(18, 2) as direct_revenue, 1.25::decimal(18, 2) as assisted_revenue_last_touch,
    1.25::decimal(18, 2) as assisted_revenue_first_touch, 1.25::decimal(18, 2) as assisted_revenue_linear,
    timestamp '2025-07-01 10:00:00' + interval (f) hour as first_order_at, f % 5 as orders, 0 as refunds, true as is_window_fan,
    f < 28 as is_fan_at_end, f % 3 = 0 as is_supporting_fan
from fans;
create table marts.suppressed_fans as select merchant_id, user_id, 'refused' as reason, date '2026-03-01' as since_date
from fans where f = 3;
create table marts.per_fan_revenue as select
    merchant_id, date '2026-03-20' as as_of, 290 as window_days, 27.5 as avg_fans, 28 as fans_end, 30 as window_fans,
    24 as buying_fans, 7547.25::decimal(18, 2) as direct_revenue, 37.50::decimal(18, 2) as assisted_revenue,
    274.4::double as revenue_per_fan, 345.4::double as revenue_per_fan_annualised, 250.1::double as revenue_per_fan_p50,
    480.2::double as revenue_per_fan_p90, 0.2::double as zero_revenue_fan_share
from marts.merchants;
create table marts.growth_split as select
    merchant_id, '2026-0' || x as month, make_date(2026, x::int, 1) as month_start,
    (1000 + x)::decimal(18, 2) as revenue, 27.5::double as avg_fans,
    36.4::double as revenue_per_fan, x < 3 as is_complete, 1::decimal(18, 2) as revenue_change, 0.5::decimal(18, 2) as user_effect,
    0.5::decimal(18, 2) as per_fan_effect
from marts.merchants, range(1, 4) t(x);
create table marts.cohort_retention as select
    merchant_id, '2025-07' as cohort_month, date '2025-07-01' as cohort_month_start, p as period, 24 as cohort_size, 12 as retained_on, 14 as retained_on_or_after,
    15 as orders, 500.00::decimal(18, 2) as revenue, 20.8::double * (p + 1) as cumulative_revenue_per_fan, p < 8 as is_complete
from marts.merchants, range(9) t(p);
create table marts.team_formation as select
    merchant_id, 'CN-ZJ' as region, 3 as size_required, 'both' as benefit_side, 'promotion' as goal,
    date '2026-01-01' + d::int as opened_date, 2 as opened, 2 as closed, 1 as formed_organic, 0 as formed_auto_filled, 1 as failed,
    0 as open_at_as_of, 3600.0::double as median_seconds_to_form, 5 as members, 2 as new_buyer_members
from marts.merchants, range(30) t(d);
create table marts.merchant_team_regions as select
    merchant_id, t.region, 20 as opened, 20 as closed, 12 as formed_organic, 0 as formed_auto_filled, 8 as failed, 0 as open_at_as_of,
    0.6::double as formation_rate, 0.4::double as formation_rate_lo, 0.8::double as formation_rate_hi, 24 as people
from marts.merchants, (values ('CN-ZJ'), ('CN-SH'), ('unknown')) t(region);
create table marts.team_leaders as select
    merchant_id, user_id, 4 as opened, 4 as closed, 3 as formed_organic, 0 as formed_auto_filled, 1 as failed, 0 as open_at_as_of,
    9 as members, date '2026-03-01' as last_opened_date
from fans where f < 12;
create table marts.cascade_nodes as select
    'm-' || m as merchant_id, 's-' || s as share_id, 'u-' || (m * 7 + s % 30) as user_id, 'group' as channel,
    timestamp '2026-03-18 00:00:00' + interval (s) minute as shared_at, 's-0' as root_share_id,
    if(s = 0, null, 's-' || (s - 1) // 3) as parent_share_id, if(s = 0, 'root', 'declared') as parent_status,
    case when s = 0 then 0 when s < 4 then 1 when s < 13 then 2 when s < 40 then 3 else 4 end as depth, 60 - s as subtree_shares,
    s % 4 as subtree_orders, (s * 3.5)::decimal(18, 2) as subtree_revenue
from range({merchants}) t(m), range(60) u(s);
create table marts.cascades as select
    merchant_id, 's-0' as root_share_id, 'u-1' as root_user_id, 'product' as object_type, 'p-1' as object_id,
    timestamp '2026-03-18 00:00:00' as started_at, 60 as shares, 30 as sharers, 50 as reach, 3 as depth, 27 as max_breadth,
    4.2::double as structural_virality, 1800.0::double as seconds_to_half, 20 as orders, 900.00::decimal(18, 2) as revenue
from marts.merchants;
create table marts.cascade_layers as select
    merchant_id, 's-0' as root_share_id, d as depth, 3 ** d as shares, 3 ** d as sharers, 9 as openers, 5 as orders,
    225.00::decimal(18, 2) as revenue
from marts.merchants, range(4) t(d);
create table marts.spreaders as select
    merchant_id, user_id, date '2026-03-20' as as_of, 2 as shares, 4 as opens, 3 as openers, 1 as orders_led,
    31.25::decimal(18, 2) as revenue_led, 60.00::decimal(18, 2) as subtree_revenue, 1 / 30 as influence, f + 1 as influence_rank,
    user_id as circle_id, 1 as circles_reached, 0.0::double as bridge_score, false as is_connector
from fans;
create table marts.circle_quality as select
    merchant_id, 30 as users, 60 as edges, 2 as circles, 15.0::double as median_members, 31.5::double as cpm_quality, 0.3::double as modularity
from marts.merchants;
create table marts.spread_concentration as select
    merchant_id, metric, 30 as users, 60::decimal(18, 2) as total, 0.1::double as top_1pct_share, 0.1::double as top_01pct_share,
    12 as users_for_half, 0.3::double as gini
from marts.merchants, (values ('shares'), ('opens'), ('orders_led'), ('revenue_led')) t(metric);
create table marts.share_mix as select
    merchant_id, channel, '2026-03' as month, 20 as shares, 0.33::double as share_of_shares, 40 as opens, 5 as orders,
    300.00::decimal(18, 2) as revenue
from marts.merchants, (values ('group'), ('moments'), ('direct')) t(channel);
create table marts.lifetime_value as select
    merchant_id, user_id, 3 as frequency, 20.5::double as recency_weeks, 37.1::double as age_weeks, 55.2::double as monetary_value,
    0.85::double as p_alive, 1.4::double as expected_orders_90d, 5.1::double as expected_orders_365d, 280.0::double as expected_value_365d
from fans where f % 5 > 0;
create table marts.fan_churn_flags as select
    merchant_id, user_id, frequency, recency_weeks, age_weeks, p_alive, expected_orders_90d, expected_value_365d, false as is_churn_flagged
from marts.lifetime_value;
create table marts.merchant_churn_flags as select
    'm-' || m as merchant_id, date '2026-03-20' as as_of,
    case m % 10 when 0 then 'at_risk' when 1 then 'churned' when 2 then 'launching' else 'operating' end as stage,
    (m % 20)::int as days_since_last_order, (m % 30)::int as days_since_last_login, (3000 + m % 997)::decimal(18, 2) as revenue_28d,
    3600.00::decimal(18, 2) as revenue_prev_28d, m % 100 / 100 as churn_probability, m % 10 = 0 as is_churn_flagged,
    if(m % 10 = 0, date '2026-03-01', null) as at_risk_since,
    'no paid order for ' || (2 + m % 20) || ' days; before that every 2 days' as reason_1,
    'no login for ' || (2 + m % 20) || ' days' as reason_2, null::varchar as reason_3,
    [row('orders', 2 + m % 20, 2, null, null), row('logins', 2 + m % 20, null, null, null)]::struct(
        topic varchar, "days" integer, gap integer, now decimal(18, 2), "before" decimal(18, 2)
    )[] as reasons,
    if(m % 10 = 1, 0, m % 4000)::decimal(18, 2) as expected_loss, if(m % 10 = 1, 0, m % 4800)::decimal(18, 2) as at_stake,
    {merchants} as capacity
from range({merchants}) t(m);
create table marts.merchant_stage_history as select
    merchant_id, if(stage = 'at_risk', 'operating', stage) as stage,
    if(stage = 'churned', date '2026-03-18', date '2026-03-01') as entered_on, null::date as left_on
from marts.merchant_churn_flags;
create table marts.success_calls as select
    merchant_id, account_manager as manager, timestamp '2026-03-01 02:00:00' as called_at, date '2026-03-01' as called_on,
    'talked' as result, '*.orders' as step, date '2026-03-09' as next_on, true as sold_again_so_far, true as logged_in_so_far,
    false as left_so_far, 80.00::decimal(18, 2) as revenue_before_so_far, 90.00::decimal(18, 2) as revenue_after_so_far
from marts.merchants;
create table marts.success_effect as select
    'all' as manager, 'all' as reason, if(s = 0, 'all', '*.step ' || s) as step, 'all' as month, 300 as calls, 200 as called,
    90 as recovered, 0.45 as recovery_rate, 0.1 as uplift, 0.02 as uplift_lo, 0.18 as uplift_hi, null::double as uplift_of_draw
from range(15) t(s);
create table marts.churn_model_evaluation as select
    'later' as split, 0.08 as base_rate, 3.1 as lift_at_10pct, 0.9 as calibration_slope, 20 as over_half, 14 as over_half_left;
create table marts.worklist_history as select
    merchant_id, date '2026-03-20' as listed_on, true as is_on_list, date '2026-03-18' as on_list_since, true as was_on_list,
    null::varchar as off_list_reason
from marts.merchants;
create table marts.daily_merchant as select
    merchant_id, date '2026-01-20' + d::int as date, (80 + d % 7 * 11)::decimal(18, 2) as revenue, 25 + d // 20 as fans
from marts.merchants, range(60) t(d);
create table marts.group_activity as select
    merchant_id || '-g' as group_id, merchant_id, 'product' as kind, 'interest' as driver, date '2025-12-01' as born_date,
    null::date as dissolved_date, 40::bigint as members, date '2026-03-11' as last_message_date, 9::bigint as silent_days, 0::bigint as messages_7d,
    6::bigint as messages_prev_7d, 'dying' as state
from marts.merchants;
create table marts.per_fan_revenue_history as select
    merchant_id, date '2026-01-31' as month_end, 340.0::double as revenue_per_fan_annualised
from marts.merchants;
create table marts.product_ranking as select
    merchant_id, 'p-' || p as product_id, '商品 ' || p as title, p as rank, 20 - p as orders, 15 as buyers,
    (2000 - 100 * p)::decimal(18, 2) as sold_value, 4 as orders_via_shares, 9 as shares, 30 as opens, 1 as pins
from marts.merchants, range(1, 13) t(p);
create table marts.merchant_tips as select
    merchant_id, asked_on, t.rank, t.tip, '2026-11' as rules_version, t.subject, t.subject as subject_name, 5 as figure,
    if(t.tip = 'asleep', 500, null)::decimal(18, 2) as amount, 2 as aim, if(asked_on < '2026-03-20', 3, null)::bigint as came,
    if(asked_on < '2026-03-20', true, null) as is_reached
from marts.merchants,
    (values (1, 'asleep', null), (2, 'one_seat', 'CN-ZJ'), (3, 'unpushed', 'p-1')) t(rank, tip, subject),
    (values (date '2026-03-13'), (date '2026-03-20')) d(asked_on);
create table marts.page_funnel as select
    merchant_id, 'product' as object_type, 'p-' || p as object_id, 50 as views, 35 as viewers, 40 as journeys, 12 as entrances,
    20 as exits, 0.5 as exit_rate, 0.352 as exit_rate_lo, 0.648 as exit_rate_hi, 9000.0::double as median_dwell_ms,
    4 as paid_journeys, 0.1 as conversion, 0.0396 as conversion_lo, 0.2305 as conversion_hi, 5.0::double as expected_paid_journeys
from marts.merchants, range(1, 13) t(p);
create table marts.leaking_pages as select
    merchant_id, 'product' as object_type, 'p-' || p as object_id, '商品 ' || p as title, p as rank, 40 as journeys, 30 as exits,
    0.75 as exit_rate, 0.4 as other_exit_rate, 2 as paid_journeys, 5.0::double as expected_paid_journeys,
    3.0::double as missing_paid_journeys, 'unconvincing' as advice
from marts.merchants, range(1, 4) t(p);
create table marts.fans_to_wake as select
    merchant_id, user_id, 3 as orders, 90.00::decimal(18, 2) as revenue, date '2026-01-02' as last_order_date,
    '商品 1' as last_product, (f * 2.5)::decimal(18, 2) as expected_value_365d
from fans where f between 10 and 20;
create table marts.fan_names as select merchant_id, user_id, '王小' || f as display_name from fans where f < 20;
create table marts.merchant_tickets as select merchant_id, 2 as tickets, date '2026-03-18' as last_ticket_date from marts.merchants;
drop table fans;
create table marts.channel_returns as select
    merchant_id, strftime(month_start, '%Y-%m') as month, month_start, c.channel, c.domain, c.is_paid, 40 as arrivals, 30 as settled,
    10 as settled_buyers, 12 as buyers, 0.3::double as conversion, 0.18::double as conversion_lo, 0.45::double as conversion_hi,
    1.0::double as relative_conversion, 5 as repeat_buyers, 0.417::double as repurchase_rate, 0.19::double as repurchase_rate_lo,
    0.68::double as repurchase_rate_hi, 900.00::decimal(18, 2) as arrival_revenue, 14 as orders, 700.00::decimal(18, 2) as revenue,
    if(c.is_paid, 300, 0)::decimal(18, 2) as spend, if(c.is_paid, 400.0 / 300, null)::double as roi,
    if(c.is_paid, 25, 0)::double as cost_per_buyer
from marts.merchants,
    (select date '2025-09-01' + to_months(m::int) as month_start from range(7) t(m)) months,
    (values ('group', 'private', false), ('live', 'private', false), ('kol', 'public', true), ('ads', 'public', true))
        c(channel, domain, is_paid);
create table marts.traffic_assets as select
    merchant_id, strftime(month_start, '%Y-%m') as month, month_start, 20 + 2 * m as opening_fans, 2 as won_direct, 3 as won_fission,
    1 as regained, 3 as lost_unfollowed, 1 as lost_blocked, 22 + 2 * m as closing_fans, 12 as active_fans, 15 as reachable_fans,
    15 / (22 + 2 * m)::double as reachable_share, 0.4::double as reachable_share_lo, 0.8::double as reachable_share_hi,
    20 as trade_relations, 30 as social_relations, 50 as spread_relations, 3000.00::decimal(18, 2) as revenue,
    2000.00::decimal(18, 2) as shared_revenue, 2 / 3::double as shared_revenue_share, 5 as new_buyers, 2 as bringing_buyers,
    0.4::double as bringing_rate, 0.1::double as bringing_rate_lo, 0.8::double as bringing_rate_hi, 3 as brought_buyers,
    0.6::double as reproduction, m < 5 as is_fission_complete
from marts.merchants, (select m, date '2025-09-01' + to_months(m::int) as month_start from range(7) t(m)) months;
