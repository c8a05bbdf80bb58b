-- What each window of `diagnosis` had and what was to be expected of it, from the same merchant's windows before.
{% set cents = 'cast(paid * 100 as hugeint)' -%}
{% set measures = ['paid', 'orders', 'buyers', 'new_users', 'returning_users'] -%}
{% set scattered = measures + ['active_users', 'conversion', 'paid_per_buyer', 'orders_per_buyer', 'paid_per_order'] -%}
with measured as (
    select
        *,
        active_users - new_users as returning_users,
        {{ ratio('buyers', 'active_users') }} as conversion,
        {{ ratio('paid', 'buyers') }} as paid_per_buyer,
        {{ ratio('orders', 'buyers') }} as orders_per_buyer,
        {{ ratio('paid', 'orders') }} as paid_per_order
    from {{ ref('int_windows_measured') }}
),

targets as (
    select * from measured
    where date > {{ as_of() }} - 28
),

-- Windows that begin after the day of the first event and touch no calendar event.
quiet as (
    select * from measured
    where days_since_first_event > 0 and calendar_event is null
),

same_weekdays as (
    select
        targets.merchant_id,
        targets.date,
        targets.window_days,
        quiet.date as reference_date
    from targets
    inner join quiet
        on
            targets.merchant_id = quiet.merchant_id
            and targets.window_days = quiet.window_days
            and dayofweek(targets.date) = dayofweek(quiet.date)
            and quiet.date between targets.date - 84 and targets.date - 7
    window target as (partition by targets.merchant_id, targets.date, targets.window_days)
    qualify row_number() over (target order by quiet.date desc) <= 8 and count(*) over target >= 3
),

any_weekdays as (
    select
        targets.merchant_id,
        targets.date,
        targets.window_days,
        quiet.date as reference_date
    from targets
    anti join same_weekdays
        on
            targets.merchant_id = same_weekdays.merchant_id
            and targets.date = same_weekdays.date
            and targets.window_days = same_weekdays.window_days
    inner join quiet
        on
            targets.merchant_id = quiet.merchant_id
            and targets.window_days = quiet.window_days
            and quiet.date between targets.date - 28 and targets.date - 1
    where targets.window_days = 1
    window target as (partition by targets.merchant_id, targets.date, targets.window_days)
    qualify count(*) over target >= 7
),

compared as (
    select
        *,
        'same_weekday' as basis
    from same_weekdays
    union all by name
    select
        *,
        'any_weekday' as basis
    from any_weekdays
),

ranked as (
    select
        compared.*,
        {% for node in scattered %}
            measured.{{ node }},
        {% endfor %}
        row_number() over (target order by measured.paid, compared.reference_date) as place,
        count(*) over target as reference_windows
    from compared
    inner join measured
        on
            compared.merchant_id = measured.merchant_id
            and compared.window_days = measured.window_days
            and compared.reference_date = measured.date
    window target as (partition by compared.merchant_id, compared.date, compared.window_days)
),

averaged as (
    select
        {% for measure in measures %}
            cast(sum({{ cents if measure == 'paid' else measure }}) filter (
                where place > reference_windows // 4 and place <= reference_windows - reference_windows // 4
            ) as double) / (reference_windows - 2 * (reference_windows // 4)) as {{ measure }}_average,
        {% endfor %}
        {% for node in scattered %}
            mad(cast({{ node }} as double)) as {{ node }}_mad,
        {% endfor %}
        merchant_id,
        date,
        window_days,
        basis,
        reference_windows
    from ranked
    group by merchant_id, date, window_days, basis, reference_windows
),

joined as (
    select
        targets.*,
        {% for node in scattered %}
            averaged.{{ node }}_mad,
        {% endfor %}
        {% for measure in measures %}
            averaged.{{ measure }}_average,
        {% endfor %}
        averaged.basis,
        averaged.reference_windows
    from targets
    left join averaged
        on
            targets.merchant_id = averaged.merchant_id
            and targets.date = averaged.date
            and targets.window_days = averaged.window_days
),

-- How much more or less the merchants had in a window of a calendar event than without one.
factors as (
    select
        {% for measure in measures %}
            median({{ cents if measure == 'paid' else measure }} / {{ measure }}_average)
            filter (where {{ measure }}_average > 0) as {{ measure }}_median,
            count(*) filter (where {{ measure }}_average > 0) as {{ measure }}_merchants,
        {% endfor %}
        date,
        window_days
    from joined
    where calendar_event is not null
    group by date, window_days
)

select
    joined.merchant_id,
    joined.date,
    joined.window_days,
    joined.calendar_event,
    {% for node in scattered %}
        joined.{{ node }},
        joined.{{ node }}_mad,
    {% endfor %}
    {% for measure in measures %}
        joined.{{ measure }}_average,
        case
            when factors.{{ measure }}_merchants >= 5 then factors.{{ measure }}_median
            else 1.0
        end as {{ measure }}_factor,
    {% endfor %}
    joined.reference_windows,
    case
        when joined.calendar_event is null or factors.paid_merchants >= 5 then joined.basis
    end as basis
from joined
left join factors
    on
        joined.date = factors.date
        and joined.window_days = factors.window_days
