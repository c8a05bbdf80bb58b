-- Who talks in each chat group in the last 28 days, and whether questions are answered: a message of one who is no official, by
-- another who is, within 24 hours.
with messages as (
    select * from {{ ref('int_group_messages_classified') }}
),

groups as (
    select * from {{ ref('int_chat_groups_latest') }}
),

members as (
    select * from {{ ref('int_group_members_present') }}
),

roles as (
    select
        group_id,
        is_official,
        count(*) as messages
    from messages
    where posted_date > {{ as_of() }} - 28
    group by group_id, role, is_official
),

shares as (
    select
        *,
        messages / sum(messages) over (partition by group_id) as part
    from roles
),

talk as (
    select
        group_id,
        cast(sum(messages) as bigint) as messages_28d,
        cast(coalesce(sum(messages) filter (where is_official), 0) as bigint) as official_messages_28d,
        abs({{ exact_sum('part * ln(part)') }}) / ln(3) as role_entropy
    from shares
    group by group_id
),

writers as (
    select
        messages.group_id,
        count(distinct messages.user_id) as writers_28d
    from messages
    inner join members
        on
            messages.group_id = members.group_id
            and messages.user_id = members.user_id
    where messages.posted_date > {{ as_of() }} - 28
    group by messages.group_id
),

answers as (
    select
        questions.group_id,
        questions.message_id,
        min({{ seconds_between('questions.posted_at', 'replies.posted_at') }}) as seconds_to_answer
    from messages as questions
    left join messages as replies
        on
            questions.group_id = replies.group_id
            and questions.message_id = replies.reply_to_message_id
            and questions.user_id <> replies.user_id
            and replies.is_official
            and questions.posted_at <= replies.posted_at
            and replies.posted_at < questions.posted_at + interval 24 hours
    where
        questions.message_id is not null
        and not questions.is_official
        and questions.posted_date > {{ as_of() }} - 28
    group by questions.group_id, questions.message_id
),

questions as (
    select
        group_id,
        count(*) as questions_28d,
        count(seconds_to_answer) as answered_28d,
        median(seconds_to_answer) as median_seconds_to_answer
    from answers
    group by group_id
),

ages as (
    select
        messages.group_id,
        {{ ratio("count(*) filter (where messages.posted_at < groups.born_at + interval 48 hours)", "count(*)") }}
            as first_48h_share
    from messages
    inner join groups
        on messages.group_id = groups.group_id
    group by messages.group_id
)

select
    groups.group_id,
    coalesce(talk.messages_28d, 0) as messages_28d,
    coalesce(talk.official_messages_28d, 0) as official_messages_28d,
    talk.role_entropy,
    coalesce(writers.writers_28d, 0) as writers_28d,
    coalesce(questions.questions_28d, 0) as questions_28d,
    coalesce(questions.answered_28d, 0) as answered_28d,
    questions.median_seconds_to_answer,
    ages.first_48h_share
from
    groups
{%- for part in ['talk', 'writers', 'questions', 'ages'] %}
left join {{ part }}
    on groups.group_id = {{ part }}.group_id
{%- endfor %}
