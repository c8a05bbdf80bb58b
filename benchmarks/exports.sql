-- A made-up platform, as far as the exports read it; {merchants} and {managers} are numbers.

insert into marts.merchants by name select
    'm-' || m as merchant_id, '小店 ' || m || ' 🎉' as name, 'food' as category, 'CN-ZJ' as region, 2::bigint as city_tier, 'pro' as plan,
    'manager ' || m % {managers} as account_manager, timestamp '2025-06-01' as onboarded_at, timestamp '2025-06-01' as first_event_at
from range({merchants}) t(m);
create table fans as select 'm-' || m as merchant_id, 'u-' || (m * 7 + f) as user_id, m, f from range({merchants}) t(m), range(30) u(f);
insert into marts.fan_revenue by name select
    merchant_id, user_id, (f * 17.35)::decimal(18, 2) as direct_revenue, 1.25::decimal(18, 2) as assisted_revenue_last_touch,
    1.25::decimal(18, 2) as assisted_revenue_first_touch, 1.25::decimal(18, 2) as assisted_revenue_linear,
    timestamp '2025-07-01 10:00:00' + interval (f) hour as first_order_at, f % 5 as orders, 0 as refunds, true as is_window_fan,
    f < 28 as is_fan_at_end, f % 3 = 0 as is_supporting_fan
from fans;
insert into marts.suppressed_fans by name select merchant_id, user_id, 'refused' as reason, date '2026-03-01' as since_date
from fans where f = 3;
insert into marts.per_fan_revenue by name select
    merchant_id, date '2026-03-20' as as_of, 290 as window_days, 27.5 as avg_fans, 28 as fans_end, 30 as window_fans,
    24 as buying_fans, 7547.25::decimal(18, 2) as direct_revenue, 37.50::decimal(18, 2) as assisted_revenue,
    274.4::double as revenue_per_fan, 345.4::double as revenue_per_fan_annualised, 250.1::double as revenue_per_fan_p50,
    480.2::double as revenue_per_fan_p90, 0.2::double as zero_revenue_fan_share
from marts.merchants;
insert into marts.growth_split by name select
    merchant_id, '2026-0' || x as month, make_date(2026, x::int, 1) as month_start,
    (1000 + x)::decimal(18, 2) as revenue, 27.5::double as avg_fans,
    36.4::double as revenue_per_fan, x < 3 as is_complete, 1::decimal(18, 2) as revenue_change, 0.5::decimal(18, 2) as user_effect,
    0.5::decimal(18, 2) as per_fan_effect
from marts.merchants, range(1, 4) t(x);
insert into marts.cohort_retention by name select
    merchant_id, '2025-07' as cohort_month, date '2025-07-01' as cohort_month_start, p as period, 24 as cohort_size, 12 as retained_on, 14 as retained_on_or_after,
    15 as orders, 500.00::decimal(18, 2) as revenue, 20.8::double * (p + 1) as cumulative_revenue_per_fan, p < 8 as is_complete
from marts.merchants, range(9) t(p);
insert into marts.team_formation by name select
    merchant_id, 'CN-ZJ' as region, 3 as size_required, 'both' as benefit_side, 'promotion' as goal,
    date '2026-01-01' + d::int as opened_date, 2 as opened, 2 as closed, 1 as formed_organic, 0 as formed_auto_filled, 1 as failed,
    0 as open_at_as_of, 3600.0::double as median_seconds_to_form, 5 as members, 2 as new_buyer_members
from marts.merchants, range(30) t(d);
insert into marts.merchant_team_regions by name select
    merchant_id, t.region, 20 as opened, 20 as closed, 12 as formed_organic, 0 as formed_auto_filled, 8 as failed, 0 as open_at_as_of,
    0.6::double as formation_rate, 0.4::double as formation_rate_lo, 0.8::double as formation_rate_hi, 24 as people
from marts.merchants, (values ('CN-ZJ'), ('CN-SH'), ('unknown')) t(region);
insert into marts.team_leaders by name select
    merchant_id, user_id, 4 as opened, 4 as closed, 3 as formed_organic, 0 as formed_auto_filled, 1 as failed, 0 as open_at_as_of,
    9 as members, date '2026-03-01' as last_opened_date
from fans where f < 12;
insert into marts.cascade_nodes by name select
    'm-' || m as merchant_id, 's-' || s as share_id, 'u-' || (m * 7 + s % 30) as user_id, 'group' as channel,
    timestamp '2026-03-18 00:00:00' + interval (s) minute as shared_at, 's-0' as root_share_id,
    if(s = 0, null, 's-' || (s - 1) // 3) as parent_share_id, if(s = 0, 'root', 'declared') as parent_status,
    case when s = 0 then 0 when s < 4 then 1 when s < 13 then 2 when s < 40 then 3 else 4 end as depth, 60 - s as subtree_shares,
    s % 4 as subtree_orders, (s * 3.5)::decimal(18, 2) as subtree_revenue
from range({merchants}) t(m), range(60) u(s);
insert into marts.cascades by name select
    merchant_id, 's-0' as root_share_id, 'u-1' as root_user_id, 'product' as object_type, 'p-1' as object_id,
    timestamp '2026-03-18 00:00:00' as started_at, 60 as shares, 30 as sharers, 50 as reach, 3 as depth, 27 as max_breadth,
    4.2::double as structural_virality, 1800.0::double as seconds_to_half, 20 as orders, 900.00::decimal(18, 2) as revenue
from marts.merchants;
insert into marts.cascade_layers by name select
    merchant_id, 's-0' as root_share_id, d as depth, 3 ** d as shares, 3 ** d as sharers, 9 as openers, 5 as orders,
    225.00::decimal(18, 2) as revenue
from marts.merchants, range(4) t(d);
insert into marts.spreaders by name select
    merchant_id, user_id, date '2026-03-20' as as_of, 2 as shares, 4 as opens, 3 as openers, 1 as orders_led,
    31.25::decimal(18, 2) as revenue_led, 60.00::decimal(18, 2) as subtree_revenue, 1 / 30 as influence, f + 1 as influence_rank,
    user_id as circle_id, 1 as circles_reached, 0.0::double as bridge_score, false as is_connector
from fans;
insert into marts.circle_quality by name select
    merchant_id, 30 as users, 60 as edges, 2 as circles, 15.0::double as median_members, 31.5::double as cpm_quality, 0.3::double as modularity
from marts.merchants;
insert into marts.spread_concentration by name select
    merchant_id, metric, 30 as users, 60::decimal(18, 2) as total, 0.1::double as top_1pct_share, 0.1::double as top_01pct_share,
    12 as users_for_half, 0.3::double as gini
from marts.merchants, (values ('shares'), ('opens'), ('orders_led'), ('revenue_led')) t(metric);
insert into marts.share_mix by name select
    merchant_id, channel, '2026-03' as month, 20 as shares, 0.33::double as share_of_shares, 40 as opens, 5 as orders,
    300.00::decimal(18, 2) as revenue
from marts.merchants, (values ('group'), ('moments'), ('direct')) t(channel);
insert into marts.lifetime_value by name select
    merchant_id, user_id, 3 as frequency, 20.5::double as recency_weeks, 37.1::double as age_weeks, 55.2::double as monetary_value,
    0.85::double as p_alive, 1.4::double as expected_orders_90d, 5.1::double as expected_orders_365d, 280.0::double as expected_value_365d
from fans where f % 5 > 0;
insert into marts.fan_churn_flags by name select
    merchant_id, user_id, frequency, recency_weeks, age_weeks, p_alive, expected_orders_90d, expected_value_365d, false as is_churn_flagged
from marts.lifetime_value;
insert into marts.merchant_churn_flags by name select
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
insert into marts.merchant_stage_history by name select
    merchant_id, if(stage = 'at_risk', 'operating', stage) as stage,
    if(stage = 'churned', date '2026-03-18', date '2026-03-01') as entered_on, null::date as left_on
from marts.merchant_churn_flags;
insert into marts.success_calls by name select
    merchant_id, account_manager as manager, timestamp '2026-03-01 02:00:00' as called_at, date '2026-03-01' as called_on,
    'talked' as result, '*.orders' as step, date '2026-03-09' as next_on, true as sold_again_so_far, true as logged_in_so_far,
    false as left_so_far, 80.00::decimal(18, 2) as revenue_before_so_far, 90.00::decimal(18, 2) as revenue_after_so_far
from marts.merchants;
insert into marts.success_effect by name select
    'all' as manager, 'all' as reason, if(s = 0, 'all', '*.step ' || s) as step, 'all' as month, 300 as calls, 200 as called,
    90 as recovered, 0.45 as recovery_rate, 0.1 as uplift, 0.02 as uplift_lo, 0.18 as uplift_hi, null::double as uplift_of_draw
from range(15) t(s);
insert into marts.churn_model_evaluation by name select
    'later' as split, 0.08 as base_rate, 3.1 as lift_at_10pct, 0.9 as calibration_slope, 20 as over_half, 14 as over_half_left;
insert into marts.worklist_history by name select
    merchant_id, date '2026-03-20' as listed_on, true as is_on_list, date '2026-03-18' as on_list_since, true as was_on_list,
    null::varchar as off_list_reason
from marts.merchants;
insert into marts.daily_merchant by name select
    merchant_id, date '2026-01-20' + d::int as date, (80 + d % 7 * 11)::decimal(18, 2) as revenue, 25 + d // 20 as fans
from marts.merchants, range(60) t(d);
insert into marts.group_activity by name select
    merchant_id || '-g' as group_id, merchant_id, 'product' as kind, 'interest' as driver, date '2025-12-01' as born_date,
    null::date as dissolved_date, 40::bigint as members, date '2026-03-11' as last_message_date, 9::bigint as silent_days, 0::bigint as messages_7d,
    6::bigint as messages_prev_7d, 'dying' as state
from marts.merchants;
insert into marts.per_fan_revenue_history by name select
    merchant_id, date '2026-01-31' as month_end, 340.0::double as revenue_per_fan_annualised
from marts.merchants;
insert into marts.product_ranking by name select
    merchant_id, 'p-' || p as product_id, '商品 ' || p as title, p as rank, 20 - p as orders, 15 as buyers,
    (2000 - 100 * p)::decimal(18, 2) as sold_value, 4 as orders_via_shares, 9 as shares, 30 as opens, 1 as pins
from marts.merchants, range(1, 13) t(p);
insert into marts.merchant_tips by name select
    merchant_id, asked_on, t.rank, t.tip, '2026-11' as rules_version, t.subject, t.subject as subject_name, 5 as figure,
    if(t.tip = 'asleep', 500, null)::decimal(18, 2) as amount, 2 as aim, if(asked_on < '2026-03-20', 3, null)::bigint as came,
    if(asked_on < '2026-03-20', true, null) as is_reached
from marts.merchants,
    (values (1, 'asleep', null), (2, 'one_seat', 'CN-ZJ'), (3, 'unpushed', 'p-1')) t(rank, tip, subject),
    (values (date '2026-03-13'), (date '2026-03-20')) d(asked_on);
insert into marts.page_funnel by name select
    merchant_id, 'product' as object_type, 'p-' || p as object_id, 50 as views, 35 as viewers, 40 as journeys, 12 as entrances,
    20 as exits, 0.5 as exit_rate, 0.352 as exit_rate_lo, 0.648 as exit_rate_hi, 9000.0::double as median_dwell_ms,
    4 as paid_journeys, 0.1 as conversion, 0.0396 as conversion_lo, 0.2305 as conversion_hi, 5.0::double as expected_paid_journeys
from marts.merchants, range(1, 13) t(p);
insert into marts.leaking_pages by name select
    merchant_id, 'product' as object_type, 'p-' || p as object_id, '商品 ' || p as title, p as rank, 40 as journeys, 30 as exits,
    0.75 as exit_rate, 0.4 as other_exit_rate, 2 as paid_journeys, 5.0::double as expected_paid_journeys,
    3.0::double as missing_paid_journeys, 'unconvincing' as advice
from marts.merchants, range(1, 4) t(p);
insert into marts.fans_to_wake by name select
    merchant_id, user_id, 3 as orders, 90.00::decimal(18, 2) as revenue, date '2026-01-02' as last_order_date,
    '商品 1' as last_product, (f * 2.5)::decimal(18, 2) as expected_value_365d
from fans where f between 10 and 20;
insert into marts.fan_names by name select merchant_id, user_id, '王小' || f as display_name from fans where f < 20;
insert into marts.merchant_tickets by name select merchant_id, 2 as tickets, date '2026-03-18' as last_ticket_date from marts.merchants;
drop table fans;
insert into marts.channel_returns by name select
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
insert into marts.traffic_assets by name select
    merchant_id, strftime(month_start, '%Y-%m') as month, month_start, 20 + 2 * m as opening_fans, 2 as won_direct, 3 as won_fission,
    1 as regained, 3 as lost_unfollowed, 1 as lost_blocked, 22 + 2 * m as closing_fans, 12 as active_fans, 15 as reachable_fans,
    15 / (22 + 2 * m)::double as reachable_share, 0.4::double as reachable_share_lo, 0.8::double as reachable_share_hi,
    20 as trade_relations, 30 as social_relations, 50 as spread_relations, 3000.00::decimal(18, 2) as revenue,
    2000.00::decimal(18, 2) as shared_revenue, 2 / 3::double as shared_revenue_share, 5 as new_buyers, 2 as bringing_buyers,
    0.4::double as bringing_rate, 0.1::double as bringing_rate_lo, 0.8::double as bringing_rate_hi, 3 as brought_buyers,
    0.6::double as reproduction, m < 5 as is_fission_complete
from marts.merchants, (select m, date '2025-09-01' + to_months(m::int) as month_start from range(7) t(m)) months;
insert into marts.diagnosis by name select
    merchant_id, date '2026-03-20' - d::int as date, w.window_days, n.node, n.share * (80 + d) as value, n.share * 100 as baseline,
    if(d % 5 = 0, -2.5, 0.5) as z, if(d % 5 = 0, 'red', 'yellow') as colour,
    if(n.node = 'paid', d - 20, (d - 20) * n.part)::decimal(18, 2) as contribution, n.cause_rank, n.cause,
    if(n.cause is null, null, 'Open the pages that people leave most.') as advice, if(n.cause is null, null, '打开流失最多的页面。') as advice_zh,
    'same_weekday' as basis, 8 as reference_windows
from marts.merchants, range(28) t(d), (values (1), (7)) w(window_days),
    (values ('paid', 1, 1, null, null), ('buyers', 0.05, 0.8, null, null), ('active_users', 0.3, 0.3, null, null),
        ('new_users', 0.1, 0.1, 4, 'new_users_down'), ('returning_users', 0.2, 0.2, 3, 'returning_users_down'),
        ('conversion', 0.002, 0.5, 1, 'conversion_down'), ('paid_per_buyer', 0.2, 0.2, null, null),
        ('orders_per_buyer', 0.01, 0.05, 5, 'orders_per_buyer_down'), ('paid_per_order', 0.1, 0.15, 2, 'paid_per_order_down'))
        n(node, share, part, cause_rank, cause);
insert into marts.merchant_cube by name select
    merchant_id, p.period, date '2026-01-20' + d::int as period_start, m.dimension, m.dimension = 'all' as is_total, m.member,
    true as is_complete, 12 as orders, 15 as items, 300.00::decimal(18, 2) as paid, 90 as visitors, 95 as active_users, 20 as new_users,
    11 as buyers, 4 as new_buyers, 6 as products_sold
from marts.merchants, (values ('day', 1), ('week', 7), ('month', 30)) p(period, days), range(60) t(d),
    (values ('all', 'all'), ('region', 'CN-ZJ'), ('region', 'CN-SH'), ('channel', 'group'), ('channel', 'ads'), ('buyer_kind', 'new'),
        ('buyer_kind', 'returning'), ('product', 'p-1'), ('product', 'p-2'), ('feature', 'coupon')) m(dimension, member)
where d % p.days = 0;
insert into marts.campaign_review by name select
    merchant_id, 'c-' || c as campaign_id, 'spring ' || c as title, timestamp '2026-03-01 00:00:00' as starts_at,
    timestamp '2026-03-10 00:00:00' as ends_at, 500.00::decimal(18, 2) as budget, 50 as target_orders, 'ended' as status, 40 as orders,
    2 as stray_orders, 35 as buyers, 9 as new_buyers, 900.00::decimal(18, 2) as paid, 850.00::decimal(18, 2) as revenue,
    400.00::decimal(18, 2) as spend, 2.1::double as roi, 4 as steps_planned, 3 as steps_seen, 'pay' as steps_missing,
    0.75::double as tracking_coverage, if(c % 2 = 0, 'untracked', 'missed') as verdict
from marts.merchants, range(4) t(c);
insert into marts.red_packet_response by name select
    merchant_id, tier.city_tier, band.band, tier.city_tier = 'all' as is_total, 40 as packets, 38 as receivers, 12 as shared,
    band.rate as share_rate, band.rate - 0.1 as share_rate_lo, band.rate + 0.1 as share_rate_hi, band.rate as share_rate_isotonic,
    30 as claims, 60.00::decimal(18, 2) as cost, 6 as orders, 2 as new_buyers, 140.00::decimal(18, 2) as revenue,
    2.0::double as gain_per_packet, band.band = '2-5' as is_optimum, band.band in ('1-2', '2-5') as is_in_interval
from marts.merchants, (values ('all'), ('1'), ('2'), ('3')) tier(city_tier),
    (values ('0-1', 0.2), ('1-2', 0.3), ('2-5', 0.4), ('5-10', 0.42), ('10-20', 0.45)) band(band, rate);
