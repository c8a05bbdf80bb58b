{# How many teams opened, and what became of them. A team counts in denominators once it is closed: formed or failed. #}
{% macro count_team_states() -%}
    count(*) as opened,
        count(*) filter (where state != 'open') as closed,
        count(*) filter (where state = 'formed_organic') as formed_organic,
        count(*) filter (where state = 'formed_auto_filled') as formed_auto_filled,
        count(*) filter (where state = 'failed') as failed,
        count(*) filter (where state = 'open') as open_at_as_of
{%- endmacro %}
