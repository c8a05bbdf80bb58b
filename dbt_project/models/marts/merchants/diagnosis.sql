{%- set ratios = {
    'conversion': ('buyers', 'active_users'),
    'paid_per_buyer': ('paid', 'buyers'),
    'orders_per_buyer': ('orders', 'buyers'),
    'paid_per_order': ('paid', 'orders'),
} -%}
{%- set factors = ['active_users', 'conversion', 'orders_per_buyer', 'paid_per_order'] -%}
{%- set leaves = ['new_users', 'returning_users', 'conversion', 'orders_per_buyer', 'paid_per_order'] -%}
{#- by node: whose baseline is the number of cases behind it, and the leaves below it -#}
{%- set nodes = {
    'paid': ('orders', leaves),
    'buyers': ('buyers', leaves[:3]),
    'active_users': ('active_users', leaves[:2]),
    'new_users': ('new_users', leaves[:1]),
    'returning_users': ('returning_users', leaves[1:2]),
    'conversion': ('buyers', leaves[2:3]),
    'paid_per_buyer': ('buyers', leaves[3:]),
    'orders_per_buyer': ('buyers', leaves[3:4]),
    'paid_per_order': ('orders', leaves[4:]),
} -%}
with windows as (
    select * from {{ ref('int_windows_expected') }}
),

advice as (
    select * from {{ ref('diagnosis_advice') }}
),

-- _plain is the average of the references, _scaled what it is with the factors of a calendar event; money is in cents.
averages as (
    select
        *,
        round(cast(paid as double) * 100) as paid_cents,
        {% for measure in ['paid', 'orders', 'buyers', 'new_users', 'returning_users'] %}
            if(basis is null, null, {{ measure }}_average) as {{ measure }}_plain,
            {{ measure }}_plain * {{ measure }}_factor as {{ measure }}_scaled,
        {% endfor %}
        {% for kind in ['plain', 'scaled'] %}
            new_users_{{ kind }} + returning_users_{{ kind }} as active_users_{{ kind }},
            {% for ratio, (numerator, denominator) in ratios.items() %}
                {{ numerator }}_{{ kind }} / nullif({{ denominator }}_{{ kind }}, 0) as {{ ratio }}_{{ kind }},
            {% endfor %}
        {% endfor %}
        -- digits below a millionth of a cent are those that doubles get wrong
        round(round(paid_scaled, 6)) as paid_cents_baseline
    from windows
),

expected as (
    select
        *,
        cast(cast(paid_cents_baseline as decimal(36, 0)) * 0.01 as decimal(38, 2)) as exact_baseline,
        paid - exact_baseline as change,
        cast(exact_baseline as double) as paid_baseline,
        {% for node in ['buyers', 'active_users', 'new_users', 'returning_users', 'orders', 'conversion', 'orders_per_buyer'] %}
            {{ node }}_scaled as {{ node }}_baseline,
        {% endfor %}
        paid_baseline / nullif(buyers_scaled, 0) as paid_per_buyer_baseline,
        paid_baseline / nullif(orders_scaled, 0) as paid_per_order_baseline
    from averages
),

-- LMDI-I in its additive form; ln(x₁ / x₀) is (x₁ − x₀) / L(x₁, x₀), which keeps its digits where x has hardly changed.
compared as (
    select
        *,
        {{ logarithmic_mean('paid_cents', 'paid_cents_baseline') }} as weight,
        case
            {% for factor in factors %}
                when coalesce({{ factor }}, 0) = 0 or coalesce({{ factor }}_baseline, 0) = 0 then '{{ factor }}'
            {% endfor %}
        end as taker,
        abs(active_users - active_users_baseline) <= 1e-9 * active_users as is_active_unchanged
    from expected
),

split as (
    select
        *,
        {% for leaf in leaves[:2] %}
            case
                when basis is null then null
                when taker is null
                    then
                        weight * ({{ leaf }} - {{ leaf }}_baseline)
                        / {{ logarithmic_mean('active_users', 'active_users_baseline') }}
                when is_active_unchanged
                    then coalesce(weight * ({{ leaf }} - {{ leaf }}_baseline) / nullif(active_users, 0), 0)
                when taker = 'active_users'
                    then
                        (paid_cents - paid_cents_baseline) * ({{ leaf }} - {{ leaf }}_baseline)
                        / (active_users - active_users_baseline)
                else 0
            end as {{ leaf }}_part,
        {% endfor %}
        {% for leaf in leaves[2:] %}
            case
                when basis is null then null
                when taker is null
                    then
                        weight * ({{ leaf }} - {{ leaf }}_baseline)
                        / {{ logarithmic_mean(leaf, leaf ~ '_baseline') }}
                when taker = '{{ leaf }}' then paid_cents - paid_cents_baseline
                else 0
            end as {{ leaf }}_part,
        {% endfor %}
        [
            {% for leaf in leaves[:4] %}
                round(abs({{ leaf }}_part), 6),
            {% endfor %}
            round(abs({{ leaves[4] }}_part), 6)
        ] as sizes,
        list_position(sizes, list_max(sizes)) as largest,
        {% for leaf in leaves %}
            cast(cast(round(round({{ leaf }}_part, 6)) as decimal(36, 0)) * 0.01 as decimal(38, 2)) as {{ leaf }}_rounded,
        {% endfor %}
        change
        {% for leaf in leaves %}
            - {{ leaf }}_rounded
        {% endfor %}
            as remainder
    from compared
),

settled as (
    select
        {% for leaf in leaves %}
            {{ leaf }}_rounded + if(largest = {{ loop.index }}, remainder, 0) as {{ leaf }}_contribution,
        {% endfor %}
        *
    from split
),

nodes as (
    {% for node, (cases, below) in nodes.items() %}
        select
            merchant_id,
            date,
            window_days,
            '{{ node }}' as node,
            {{ "paid_cents / 100" if node == "paid" else node }} as value,
            {{ node }}_baseline as baseline,
            greatest(
                1.4826 * {{ node }}_mad * coalesce({{ node }}_scaled / nullif({{ node }}_plain, 0), 1),
                {{ node }}_baseline / sqrt(nullif({{ cases }}_baseline, 0))
            ) as spread,
            {{ below[0] }}_contribution
            {% for leaf in below[1:] %}
                + {{ leaf }}_contribution
            {% endfor %}
                as contribution,
            {{ leaves.index(node) if node in leaves else "null" }} as leaf,
            change,
            basis,
            reference_windows,
            calendar_event,
            paid_factor
        from settled
        {{ "union all by name" if not loop.last }}
    {% endfor %}
),

coloured as (
    select
        *,
        (value - baseline) / if(baseline = 0, null, nullif(spread, 0)) as z,
        case
            when value is null or baseline is null then null
            when z is null and value > baseline then 'green'
            when z >= 1.5 then 'green'
            when z <= -1.5 then 'red'
            else 'yellow'
        end as colour,
        if(
            leaf is not null and sign(contribution) = sign(change) and change != 0,
            row_number() over (
                partition by merchant_id, date, window_days, leaf is not null, sign(contribution)
                order by abs(contribution) desc, leaf
            ),
            null
        ) as cause_rank,
        if(cause_rank is null, null, node || if(change > 0, '_up', '_down')) as cause
    from nodes
),

final as (
    select
        coloured.merchant_id,
        coloured.date,
        cast(coloured.window_days as bigint) as window_days,
        coloured.node,
        cast(coloured.value as double) as value,
        coloured.baseline,
        coloured.z,
        coloured.colour,
        {{ published_money('coloured.contribution') }} as contribution,
        cast(coloured.cause_rank as integer) as cause_rank,
        coloured.cause,
        advice.advice,
        advice.advice_zh,
        coalesce(coloured.basis, 'none') as basis,
        cast(if(coloured.basis is null, 0, coloured.reference_windows) as integer) as reference_windows,
        coloured.calendar_event,
        if(coloured.basis is null or coloured.calendar_event is null, null, coloured.paid_factor) as calendar_factor
    from coloured
    left join advice
        on coloured.cause = advice.cause
)

select * from final
order by merchant_id, date, window_days, node
