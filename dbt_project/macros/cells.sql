{# The columns of a cube, with all in a total over one. #}
{% macro cell_of(names) -%}
    {%- for name in names %}
        if(grouping({{ name }}) = 1, 'all', {{ name }}) as {{ name }},
    {%- endfor %}
{%- endmacro %}

{# A name that comes from outside, which must not be taken for a total. #}
{% macro no_total(name) -%}
    if({{ name }} = 'all', '(all)', {{ name }})
{%- endmacro %}
