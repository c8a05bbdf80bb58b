with customers as (
    select
        *,
        date_trunc('month', met_date) as month_start
    from {{ ref('int_rep_customers_met') }}
),

followed as (
    select
        *,
        date_trunc('month', met_date) as month_start
    from {{ ref('int_rep_customers_followed') }}
),

met as (
    select
        merchant_id,
        month_start,
        if(grouping(rep_id) = 1, 'all', rep_id) as rep_id,
        count(*) as customers
    from customers
    group by merchant_id, month_start, rollup(rep_id)
),

spend as (
    select
        merchant_id,
        date_trunc('month', event_date) as month_start,
        sum(amount) as spend
    from {{ ref('stg_shop__spend_recorded') }}
    where merchant_id is not null
    group by all
),

counted as (
    select
        merchant_id,
        month_start,
        if(grouping(rep_id) = 1, 'all', rep_id) as rep_id,
        count(*) as matured,
        count(*) filter (where is_covered) as covered,
        count(*) filter (where is_asking) as asking,
        median(reply_seconds) as reply_seconds_p50,
        count(*) filter (where is_impressed and is_fast) as fast,
        count(*) filter (where is_impressed and is_fast and is_purchased) as fast_purchased,
        count(*) filter (where is_impressed and not is_fast) as slow,
        count(*) filter (where is_impressed and not is_fast and is_purchased) as slow_purchased,
        count(*) filter (where is_trusted) as trusted,
        count(*) filter (where is_interested) as interested,
        count(*) filter (where is_purchased) as purchased,
        median(days_to_purchase) as median_days_to_purchase,
        coalesce(sum(contacts_before_order) filter (where is_purchased), 0) as contacts,
        coalesce(sum(incentives) filter (where is_purchased), 0) as incentives,
        count(*) filter (where is_in_script) as in_script,
        sum(steps_due) as steps_due,
        sum(steps_on_time) as steps_on_time
    from followed
    group by merchant_id, month_start, rollup(rep_id)
),

scored as (
    select
        *,
        {{ ratio('purchased', 'matured') }} as purchase_rate,
        {{ ratio('100 * steps_on_time', 'steps_due') }} as script_score
    from counted
),

-- How much representatives differ beyond chance (DerSimonian, Laird 1986): by the sums over those who are named.
pooled as (
    select
        merchant_id,
        month_start,
        count(*) as reps,
        cast(sum(matured) as double) as n,
        cast(sum(matured * matured) as double) as n2,
        {{ ratio('sum(purchased)', 'sum(matured)') }} as pooled_rate,
        pooled_rate * (1 - pooled_rate) as pooled_variance,
        quantile_cont(script_score, 0.1) as rep_score_p10,
        quantile_cont(script_score, 0.9) as rep_score_p90
    from scored
    where rep_id not in ('all', 'unassigned')
    group by merchant_id, month_start
),

deviations as (
    select
        scored.merchant_id,
        scored.month_start,
        {{ exact_sum('scored.matured * pow(scored.purchase_rate - pooled.pooled_rate, 2)') }} as squares
    from scored
    inner join pooled
        on
            scored.merchant_id = pooled.merchant_id
            and scored.month_start = pooled.month_start
    where scored.rep_id not in ('all', 'unassigned')
    group by scored.merchant_id, scored.month_start
),

spreads as (
    select
        pooled.*,
        if(
            pooled.reps >= 2 and pooled.pooled_variance > 0,
            greatest(
                (deviations.squares - (pooled.reps - 1) * pooled.pooled_variance) / (pooled.n - pooled.n2 / pooled.n), 0
            ),
            null
        ) as between_variance
    from pooled
    inner join deviations
        on
            pooled.merchant_id = deviations.merchant_id
            and pooled.month_start = deviations.month_start
),

final as (
    select
        met.merchant_id,
        {{ month_of('met.month_start') }} as month,
        cast(met.month_start as date) as month_start,
        met.rep_id,
        met.rep_id = 'all' as is_total,
        met.customers,
        coalesce(scored.matured, 0) as matured,
        coalesce(scored.covered, 0) as covered,
        {{ ratio('scored.covered', 'scored.matured') }} as coverage_rate,
        {{ wilson_lo('scored.covered', 'scored.matured') }} as coverage_rate_lo,
        {{ wilson_hi('scored.covered', 'scored.matured') }} as coverage_rate_hi,
        coalesce(scored.asking, 0) as asking,
        scored.reply_seconds_p50,
        coalesce(scored.fast, 0) as fast,
        coalesce(scored.fast_purchased, 0) as fast_purchased,
        coalesce(scored.slow, 0) as slow,
        coalesce(scored.slow_purchased, 0) as slow_purchased,
        coalesce(scored.trusted, 0) as trusted,
        coalesce(scored.interested, 0) as interested,
        coalesce(scored.purchased, 0) as purchased,
        scored.purchase_rate,
        {{ wilson_lo('scored.purchased', 'scored.matured') }} as purchase_rate_lo,
        {{ wilson_hi('scored.purchased', 'scored.matured') }} as purchase_rate_hi,
        scored.median_days_to_purchase,
        {{ ratio('scored.contacts', 'scored.purchased') }} as contacts_per_purchase,
        {{ ratio('scored.incentives', 'scored.purchased') }} as incentives_per_purchase,
        if(
            met.rep_id = 'all', {{ ratio('coalesce(spend.spend, 0)', 'scored.purchased') }}, null
        ) as spend_per_purchase,
        coalesce(scored.in_script, 0) as in_script,
        cast(coalesce(scored.steps_due, 0) as bigint) as steps_due,
        cast(coalesce(scored.steps_on_time, 0) as bigint) as steps_on_time,
        scored.script_score,
        if(met.rep_id = 'all', coalesce(spreads.reps, 0), null) as reps,
        if(met.rep_id = 'all', sqrt(spreads.between_variance), null) as between_rep_sd,
        if(met.rep_id = 'all', spreads.rep_score_p10, null) as rep_score_p10,
        if(met.rep_id = 'all', spreads.rep_score_p90, null) as rep_score_p90,
        if(
            met.rep_id not in ('all', 'unassigned'),
            spreads.pooled_rate + (scored.purchase_rate - spreads.pooled_rate)
            * spreads.between_variance / (spreads.between_variance + spreads.pooled_variance / scored.matured),
            null
        ) as purchase_rate_shrunk,
        case
            when met.rep_id in ('all', 'unassigned') or scored.matured is null then null
            when purchase_rate_lo > spreads.pooled_rate then 'above'
            when purchase_rate_hi < spreads.pooled_rate then 'below'
            else 'usual'
        end as verdict
    from met
    left join scored
        on
            met.merchant_id = scored.merchant_id
            and met.month_start = scored.month_start
            and met.rep_id = scored.rep_id
    left join spreads
        on
            met.merchant_id = spreads.merchant_id
            and met.month_start = spreads.month_start
    left join spend
        on
            met.merchant_id = spend.merchant_id
            and met.month_start = spend.month_start
)

select * from final
order by merchant_id, month, rep_id
