{#
    The number of day ends from `window_start` to `window_end` at which a spell of being a fan held: from the day on which it
    began to the day before it ended. 0 for a spell outside.
#}
{% macro fan_days(started_date, ended_date, window_start, window_end) -%}
    greatest(
        least(coalesce({{ ended_date }}, {{ window_end }} + 1), {{ window_end }} + 1) - greatest({{ started_date }}, {{ window_start }}), 0
    )
{%- endmacro %}
