{# Why a merchant needs a call, on a day, by the columns of a row that says how it stood on that day. #}
{% macro has_left(day) -%}
    coalesce(stage = 'churned' and since > {{ day }} - {{ var('left_days') }}, false)
{%- endmacro %}

{% macro has_not_sold() -%}
    (stage = 'launching' and days_since_last_order is null and days_since_start >= {{ var('unsold_days') }})
{%- endmacro %}

{% macro has_fallen() -%}
    coalesce(revenue_prev_28d > 0 and revenue_28d * 100 < revenue_prev_28d * (100 - {{ var('fall_percent') }}), false)
{%- endmacro %}

{# Whether a merchant belongs to the part that no list names: by a keyed hash of its id, the same every day. #}
{% macro is_held_out(merchant_id) -%}
    (
        cast('0x' || substr(sha256('{{ var("holdout_key") }}:' || {{ merchant_id }}), 1, 8) as bigint)
        < {{ var('holdout_share') }} * 4294967296
    )
{%- endmacro %}

{#
    What the last call by a day keeps off the list of that day, which is read on the next morning: until the next call that was
    agreed, else for some days.
#}
{% macro snoozed_until(day) -%}
    case when next_on > {{ day }} + 1 then next_on end
{%- endmacro %}

{% macro is_called_lately(day) -%}
    coalesce(next_on is null and result != 'no_answer' and called_on > {{ day }} - {{ var('called_days') }}, false)
{%- endmacro %}

{# Who is called first. Those that have left or not sold yet have nothing at stake: they follow by what they sold in a year. #}
{% macro in_order_of_calls() -%}
    order by at_stake desc, revenue_365d desc, churn_probability desc nulls last, merchant_id asc
{%- endmacro %}
