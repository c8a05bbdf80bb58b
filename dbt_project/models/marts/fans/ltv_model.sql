-- Generated from contract/tables/ by `python -m contract.generate`; edit the declaration.
with ltv_model as (
    select * from {{ ref('stg_lifetime_value__ltv_model') }}
),

final as (
    select
        merchant_id,
        r,
        alpha,
        a,
        b,
        p,
        q,
        v,
        r_se,
        alpha_se,
        a_se,
        b_se,
        p_se,
        q_se,
        v_se,
        log_likelihood,
        value_log_likelihood,
        customers,
        repeat_customers,
        holdout_days,
        holdout_orders_actual,
        holdout_orders_expected,
        fallback,
        is_at_bound
    from ltv_model
)

select * from final
order by merchant_id
