-- Ratings of two years in some 500 series, as the product stores them, and the counts that follow from them.
-- :workspace, :ratings, :mark (the prefix of the workspace's words) are replaced before it runs.
SET work_mem = '256MB';

INSERT INTO campaign (workspace_id, id, name, name_folded, survey_type_code, trigger_type, delay_hours, active,
                      start_date, create_time, last_update_time)
SELECT :workspace, ('00000000-0000-7000-8001-' || lpad(n::text, 12, '0'))::uuid, 'Campaign ' || n, 'campaign ' || n,
       'NPS', 'ORDER_COMPLETED', 0, true, now() - interval '3 years', now(), now()
FROM generate_series(1, 240) n;
INSERT INTO product (workspace_id, id, key, name)
SELECT :workspace, ('00000000-0000-7000-8002-' || lpad(n::text, 12, '0'))::uuid, 'product' || n, 'Product ' || n
FROM generate_series(1, 10) n;
INSERT INTO feature (workspace_id, id, product_id, key, name, name_folded, interaction_threshold, rejection_threshold)
SELECT :workspace, ('00000000-0000-7000-8003-' || lpad(n::text, 12, '0'))::uuid,
       ('00000000-0000-7000-8002-' || lpad((1 + n % 10)::text, 12, '0'))::uuid, 'feature' || n, 'Feature ' || n,
       'feature ' || n, 5, 3
FROM generate_series(1, 50) n;
INSERT INTO tag (workspace_id, id, name, name_folded, create_time)
SELECT :workspace, ('00000000-0000-7000-8004-' || lpad(n::text, 12, '0'))::uuid, 'tag' || n, 'tag' || n, now()
FROM generate_series(1, 60) n;
INSERT INTO account (id, email, email_folded, name, create_time, last_update_time)
SELECT ('00000000-0000-7000-8005-' || lpad(n::text, 12, '0'))::uuid, 'agent' || n || '@example.com',
       'agent' || n || '@example.com', 'Agent ' || n, now(), now()
FROM generate_series(1, 40) n ON CONFLICT DO NOTHING;
INSERT INTO member (workspace_id, account_id, name, email, email_folded, role, create_time, create_user,
                    last_update_time, last_update_user)
SELECT :workspace, ('00000000-0000-7000-8005-' || lpad(n::text, 12, '0'))::uuid, 'Agent ' || n,
       'agent' || n || '@example.com', 'agent' || n || '@example.com', 'agent', now(), 'x', now(), 'x'
FROM generate_series(1, 40) n;

-- Six of ten ratings are of campaigns, two of features, two of tickets. Three of ten have a comment.
INSERT INTO feedback (workspace_id, id, survey_type_code, origin, origin_id, source, guid, score, comment, day,
                      series_kinds, series_ids, tag_ids, create_time, last_update_time)
SELECT :workspace, gen_random_uuid(), s.type, s.origin, s.subject, s.source, 'cust_' || n % 100000,
       s.low + (n * 7 + n / 11) % s.size,
       CASE WHEN n % 10 IN (1, 4, 9) THEN 'The delivery was word' || n % 20000 || ' and topic' || n % 300 END,
       s.at::date, s.kinds, s.ids, CASE WHEN s.origin = 'ticket' THEN s.ids[4:4] ELSE '{}' END, s.at, s.at
FROM generate_series(1, :ratings) n CROSS JOIN LATERAL (
    SELECT now() - n * (interval '729 days' / :ratings) AS at,
           ('00000000-0000-7000-8001-' || lpad((1 + n % 240)::text, 12, '0'))::uuid AS campaign,
           ('00000000-0000-7000-8002-' || lpad((1 + n % 10)::text, 12, '0'))::uuid AS product,
           ('00000000-0000-7000-8003-' || lpad((1 + n % 50)::text, 12, '0'))::uuid AS feature,
           ('00000000-0000-7000-8004-' || lpad((1 + n % 60)::text, 12, '0'))::uuid AS tag,
           ('00000000-0000-7000-8005-' || lpad((1 + n / 7 % 40)::text, 12, '0'))::uuid AS agent) AS i
CROSS JOIN LATERAL (
    SELECT i.at, 'NPS' AS type, 'campaign' AS origin, i.campaign AS subject, 'prompted' AS source, 0 AS low, 11 AS size,
           ARRAY['workspace', 'campaign'] AS kinds, ARRAY[:workspace, i.campaign] AS ids WHERE n % 10 < 6
    UNION ALL
    SELECT i.at, 'CSAT10', 'feature', i.feature, 'voluntary', 1, 10,
           ARRAY['workspace', 'product', 'feature', 'feature_voluntary'],
           ARRAY[:workspace, i.product, i.feature, i.feature] WHERE n % 10 IN (6, 7)
    UNION ALL
    SELECT i.at, 'CSAT', 'ticket', gen_random_uuid(), 'prompted', 1, 5, ARRAY['workspace', 'tickets', 'agent', 'tag'],
           ARRAY[:workspace, :workspace, i.agent, i.tag] WHERE n % 10 IN (8, 9)) AS s;

INSERT INTO feedback_link (workspace_id, kind, target_id, create_time, feedback_id, has_comment)
SELECT f.workspace_id, k.kind, s.id, f.create_time, f.id, f.comment IS NOT NULL
FROM feedback f, unnest(f.series_kinds, f.series_ids) AS s (kind, id),
     LATERAL (VALUES (s.kind), (CASE s.kind WHEN 'tag' THEN 'label' END)) AS k (kind)
WHERE f.workspace_id = :workspace AND k.kind IN ('tickets', 'product', 'agent', 'tag', 'label');

INSERT INTO feedback_search (workspace_id, feedback_id, create_time, words)
SELECT workspace_id, id, create_time, array_to_tsvector(ARRAY(
    SELECT :mark || lpad(to_hex(floor(extract(epoch FROM create_time) / 604800)::int), 4, '0') || form
    FROM stems(string_to_array(lower(comment), ' ')) AS each, LATERAL (VALUES (word), (stem)) AS one (form)
    WHERE form IS NOT NULL))
FROM feedback WHERE workspace_id = :workspace AND comment IS NOT NULL;

INSERT INTO score_count (workspace_id, series_kind, series_id, survey_type_code, grain, date, counts)
SELECT f.workspace_id, s.kind, s.id, f.survey_type_code, grain, date_trunc(grain, f.day)::date, ARRAY[{counts}]::int[]
FROM feedback f JOIN survey_type t ON t.workspace_id = :workspace AND t.code = f.survey_type_code,
     unnest(f.series_kinds, f.series_ids) AS s (kind, id), unnest(ARRAY['day', 'month']) AS grain
WHERE f.workspace_id = :workspace GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO survey_count (workspace_id, series_kind, series_id, grain, date, opened, shown, completed, dismissed, expired)
SELECT workspace_id, series_kind, series_id, grain, date, 3 * count, 2 * count, count, count, count
FROM (SELECT workspace_id, series_kind, series_id, grain, date, sum(given)::bigint AS count
      FROM score_count, unnest(counts) AS given WHERE workspace_id = :workspace
          AND series_kind NOT IN ('agent', 'tag', 'feature_prompted', 'feature_voluntary')
      GROUP BY 1, 2, 3, 4, 5) AS rated;

-- A thousand users of each feature.
INSERT INTO interaction (workspace_id, feature_id, user_email, id, interaction_count, total_interaction_count,
                         rejection_count, first_used_at, updated_at)
SELECT :workspace, ('00000000-0000-7000-8003-' || lpad(f::text, 12, '0'))::uuid, 'user' || n || '@example.com',
       gen_random_uuid(), n % 5, n % 50, n % 7 / 2, now() - n * interval '1 hour', now() - n * interval '10 minutes'
FROM generate_series(1, 50) f, generate_series(1, 1000) n;
