-- What moved through the shares of chat groups: payments on their date, refunds negative on theirs.
select
    shares.group_id,
    shares.group_merchant_id,
    movements.merchant_id,
    movements.movement,
    movements.user_id,
    movements.moved_date,
    movements.amount
from {{ ref('int_payments_and_refunds_unioned') }} as movements
inner join {{ ref('int_group_shares_matched') }} as shares
    on
        movements.merchant_id = shares.merchant_id
        and movements.via_share_id = shares.share_id
