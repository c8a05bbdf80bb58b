{%- set cell = ["manager", "reason", "step", "month"] -%}
with calls as (
    select
        {{ no_total('manager') }} as manager,
        reason,
        {{ no_total("coalesce(step, 'unknown')") }} as step,
        {{ month_of('called_on') }} as month
    from {{ ref('success_calls') }}
),

opened as (
    select
        * replace ({{ no_total('manager') }} as manager, {{ no_total('step') }} as step),
        manager as called_by
    from {{ ref('int_success_calls_opened') }}
),

matched as (
    select * from {{ ref('int_success_calls_matched') }}
),

arms as (
    select * replace ({{ no_total('manager') }} as manager)
    from {{ ref('int_success_arms_followed') }}
    where {{ var('holdout_share') }} > 0
),

made as (
    select
        {{- cell_of(cell) }}
        count(*) as calls
    from calls
    group by cube(manager, reason, step, month)
    having count(*) > 0
),

outcomes as (
    select
        {{- cell_of(cell) }}
        count(*) as called,
        count(*) filter (where is_recovered) as recovered
    from opened
    group by cube(manager, reason, step, month)
    having count(*) > 0
),

-- A merchant that stands for several calls is one merchant, so its weights are added up before they are squared.
others as (
    select
        opened.manager,
        opened.reason,
        opened.step,
        opened.month,
        opened.merchant_id,
        opened.is_recovered,
        matched.other_merchant_id,
        matched.weight,
        if(matched.is_recovered, matched.weight, 0) as recovered_weight
    from opened
    inner join matched
        on
            opened.merchant_id = matched.merchant_id
            and opened.called_by = matched.manager
            and opened.called_at = matched.called_at
),

weighed as (
    select
        {{- cell_of(cell) }}
        other_merchant_id,
        sum(weight) as weight,
        sum(recovered_weight) as recovered_weight,
        sum(if(is_recovered, weight, 0)) as called_recovered
    from others
    group by cube(manager, reason, step, month), other_merchant_id
),

compared as (
    select
        manager,
        reason,
        step,
        month,
        cast(round(sum(weight)) as bigint) as matched_calls,
        cast(round(sum(called_recovered)) as bigint) as matched_recovered,
        count(*) as others,
        sum(recovered_weight) / sum(weight) as others_rate,
        sum(weight) * sum(weight) / sum(weight * weight) as others_effective,
        others_rate * others_effective as others_recovered
    from weighed
    group by manager, reason, step, month
),

drawn as (
    select
        {{- cell_of(["manager", "reason", "month"]) }}
        'all' as step,
        count(*) filter (where not is_held_out) as due,
        count(*) filter (where not is_held_out and is_recovered) as due_recovered,
        count(*) filter (where is_held_out) as held_out,
        count(*) filter (where is_held_out and is_recovered) as held_out_recovered
    from arms
    group by cube(manager, reason, month)
    having count(*) > 0
),

-- Rates and their bounds.
rated as (
    select
        manager,
        reason,
        step,
        month,
        coalesce(made.calls, 0) as calls,
        coalesce(outcomes.called, 0) as called,
        coalesce(outcomes.recovered, 0) as recovered,
        {{ ratio('outcomes.recovered', 'outcomes.called') }} as recovery_rate,
        {{ wilson_lo('outcomes.recovered', 'outcomes.called') }} as recovery_rate_lo,
        {{ wilson_hi('outcomes.recovered', 'outcomes.called') }} as recovery_rate_hi,
        coalesce(compared.matched_calls, 0) as matched_calls,
        coalesce(compared.matched_recovered, 0) as matched_recovered,
        coalesce(compared.others, 0) as others,
        {{ ratio('compared.matched_recovered', 'compared.matched_calls') }} as matched_rate,
        {{ wilson_lo('compared.matched_recovered', 'compared.matched_calls') }} as matched_rate_lo,
        {{ wilson_hi('compared.matched_recovered', 'compared.matched_calls') }} as matched_rate_hi,
        compared.others_rate,
        {{ wilson_lo('compared.others_recovered', 'compared.others_effective') }} as others_rate_lo,
        {{ wilson_hi('compared.others_recovered', 'compared.others_effective') }} as others_rate_hi,
        drawn.due,
        drawn.due_recovered,
        drawn.held_out,
        drawn.held_out_recovered,
        {{ ratio('drawn.due_recovered', 'drawn.due') }} as due_rate,
        {{ wilson_lo('drawn.due_recovered', 'drawn.due') }} as due_rate_lo,
        {{ wilson_hi('drawn.due_recovered', 'drawn.due') }} as due_rate_hi,
        {{ ratio('drawn.held_out_recovered', 'drawn.held_out') }} as held_out_rate,
        {{ wilson_lo('drawn.held_out_recovered', 'drawn.held_out') }} as held_out_rate_lo,
        {{ wilson_hi('drawn.held_out_recovered', 'drawn.held_out') }} as held_out_rate_hi
    from made
    left join outcomes using (manager, reason, step, month)
    left join compared using (manager, reason, step, month)
    full outer join drawn using (manager, reason, step, month)
),

final as (
    select
        manager,
        reason,
        step,
        month,
        cast(try_strptime(month || '-01', '%Y-%m-%d') as date) as month_start,
        'all' in (manager, reason, step, month) as is_total,
        calls,
        called,
        recovered,
        recovery_rate,
        recovery_rate_lo,
        recovery_rate_hi,
        matched_calls,
        matched_recovered,
        others,
        matched_rate,
        others_rate,
        matched_rate - others_rate as uplift,
        {{ newcombe_lo('matched_rate', 'matched_rate_lo', 'others_rate', 'others_rate_hi') }} as uplift_lo,
        {{ newcombe_hi('matched_rate', 'matched_rate_hi', 'others_rate', 'others_rate_lo') }} as uplift_hi,
        due,
        due_recovered,
        held_out,
        held_out_recovered,
        due_rate,
        held_out_rate,
        due_rate - held_out_rate as uplift_of_draw,
        {{ newcombe_lo('due_rate', 'due_rate_lo', 'held_out_rate', 'held_out_rate_hi') }} as uplift_of_draw_lo,
        {{ newcombe_hi('due_rate', 'due_rate_hi', 'held_out_rate', 'held_out_rate_lo') }} as uplift_of_draw_hi
    from rated
)

select * from final
order by manager, reason, step, month
