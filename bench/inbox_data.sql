-- Tickets of a busy workspace over three years. Open tickets are new, agents come and go, some tags are old, most ratings
-- are five stars, and some words are far more common than others, in two languages. Give :workspace and :tickets.
SELECT setseed(0.42);
CREATE TEMP TABLE agent AS
SELECT n, gen_random_uuid() AS id, CASE WHEN n % 4 = 0 THEN 0.5 ELSE 1.0 END AS until FROM generate_series(0, 39) n;
INSERT INTO account (id, email, email_folded, name, create_time, last_update_time)
SELECT id, 'agent' || n || '@example.com', 'agent' || n || '@example.com', 'Agent ' || n, now(), now() FROM agent;
INSERT INTO member (workspace_id, account_id, name, email, email_folded, role, create_time, create_user,
                    last_update_time, last_update_user)
SELECT :workspace, id, 'Agent ' || n, 'agent' || n || '@example.com', 'agent' || n || '@example.com', 'agent',
       now(), 'bench', now(), 'bench' FROM agent;
CREATE TEMP TABLE vocabulary AS
SELECT n, CASE WHEN n % 2 = 0 THEN translate(left(md5(n::text), 4 + n % 7), '0123456789abcdef', 'etaoinshrdlucmfw')
               ELSE translate(left(md5(n::text), 4 + n % 8), '0123456789abcdef', 'оеаинтсрвлкмдпуя') END AS word
FROM generate_series(0, 19999) n;
CREATE UNIQUE INDEX ON vocabulary (n) INCLUDE (word);
INSERT INTO tag (workspace_id, id, name, name_folded, create_time)
SELECT :workspace, gen_random_uuid(), 'tag' || n, 'tag' || n, now() FROM generate_series(0, 59) n;

-- Ids begin with the time, as those that the application makes.
CREATE TEMP TABLE draft AS
SELECT n, (lpad(to_hex(floor(extract(epoch FROM created) * 1000)::bigint), 12, '0') || '7' || left(md5(n::text), 3) || '8'
           || right(md5(n::text), 15))::uuid AS id, created, age,
       random() AS r1, random() AS r2, random() AS r3, random() AS r4, random() AS r5
FROM (
    SELECT n, n::float / :tickets AS age, now() - (1 - n::float / :tickets) * interval '1095 days' AS created
    FROM generate_series(1, :tickets) n
) AS dated;
-- Up to three tags per ticket. Of 60 tags a few are common, and the last ten were used in the first year only.
CREATE TEMP TABLE tagged AS
SELECT d.n, array_agg(picked.name ORDER BY picked.name COLLATE "C") AS names
FROM draft d CROSS JOIN LATERAL (
    SELECT DISTINCT 'tag' || CASE WHEN d.age < 0.33 AND k = 3 THEN 50 + floor(d.r3 * 10)::int
        ELSE floor(power(d.r1 * k + d.r2 - floor(d.r1 * k + d.r2), 3) * 50)::int END AS name
    FROM generate_series(1, 1 + floor(d.r5 * 3)::int) k
) AS picked
GROUP BY d.n;
-- Fifty words per ticket, the common ones far more often; one word was used in the first year only.
CREATE TEMP TABLE written AS
SELECT d.n, array_agg(v.word) || CASE WHEN d.age < 0.3 AND d.r4 < 0.05 THEN ARRAY['outage2023'] END AS words
FROM draft d CROSS JOIN generate_series(1, 50) k
    JOIN vocabulary v ON v.n = floor(power((d.r1 * k * 7.13 + d.r2 * k + d.r3)
                                           - floor(d.r1 * k * 7.13 + d.r2 * k + d.r3), 4) * 20000)::int
GROUP BY d.n, d.age, d.r4;
CREATE UNIQUE INDEX ON written (n);
ANALYZE draft, tagged, vocabulary, written;

INSERT INTO ticket (workspace_id, id, ref, subject, description, requester_name, requester_email, requester_email_folded,
                    status, priority, priority_rank, assignee_id, last_reply_at, resolved_at, csat_rating, csat_comment,
                    csat_rated_at, csat_agent_id, tag_names, create_time, updated_at)
SELECT :workspace, id, 'TK-' || n, 'Ticket about something ' || n,
       'What went wrong: ' || array_to_string(words, ' '),
       'Customer ' || customer, 'C' || customer || '@example.com', 'c' || customer || '@example.com',
       status, priority, CASE priority WHEN 'Low' THEN 1 WHEN 'Medium' THEN 2 WHEN 'High' THEN 3 ELSE 4 END,
       assignee, touched, CASE WHEN done THEN touched END, rating,
       CASE WHEN rating < 3 THEN 'It took far too long, ' || md5(n::text) END,
       CASE WHEN rating IS NOT NULL THEN touched END, CASE WHEN rating IS NOT NULL THEN assignee END, names,
       created, touched
FROM (
    SELECT *, status IN ('Resolved', 'Closed') AS done,
           CASE WHEN status IN ('Resolved', 'Closed') AND r4 < 0.35
               THEN (CASE WHEN r5 < 0.6 THEN 5 WHEN r5 < 0.8 THEN 4 WHEN r5 < 0.88 THEN 3 WHEN r5 < 0.92 THEN 2 ELSE 1 END)
           END AS rating,
           CASE WHEN r3 < (CASE WHEN status = 'Open' THEN 0.3 ELSE 0.01 END) THEN NULL
               ELSE (SELECT a.id FROM agent a WHERE a.n = floor(power(r3, 1.5) * 40)::int
                     AND (a.until = 1.0 OR age < a.until)) END AS assignee,
           least(now() - r5 * interval '1 hour', created + r1 * r1 * interval '20 days') AS touched,
           CASE WHEN r2 < 0.6 THEN 'Medium' WHEN r2 < 0.8 THEN 'Low' WHEN r2 < 0.95 THEN 'High' ELSE 'Urgent' END AS priority,
           CASE WHEN r1 < 0.004 THEN 7 ELSE floor(r4 * r5 * 200000)::int END AS customer
    FROM (
        SELECT *, CASE WHEN age > 0.985 AND r1 < 0.75 THEN 'Open' WHEN age > 0.985 THEN 'In progress'
                       WHEN r1 < 0.004 THEN 'Open' WHEN r1 < 0.006 THEN 'In progress'
                       WHEN age > 0.95 OR r1 < 0.2 THEN 'Resolved' ELSE 'Closed' END AS status
        FROM draft JOIN tagged USING (n) JOIN written USING (n)
    ) AS staged
) AS shaped ORDER BY id;

INSERT INTO ticket_tag (workspace_id, ticket_id, tag_id, status, assignee_id, priority_rank, csat_rating, csat_rated_at,
                        create_time, updated_at)
SELECT :workspace, t.id, tag.id, t.status, t.assignee_id, t.priority_rank, t.csat_rating, t.csat_rated_at, t.create_time,
       t.updated_at
FROM ticket t JOIN tag ON tag.workspace_id = :workspace AND tag.name = ANY (t.tag_names)
WHERE t.workspace_id = :workspace ORDER BY t.id;

INSERT INTO ticket_search (workspace_id, ticket_id, part, size, requester_email_folded, status, assignee_id, priority_rank, csat_rating,
                           csat_rated_at, create_time, updated_at, words)
SELECT :workspace, d.id, 0, 500, t.requester_email_folded, t.status, t.assignee_id, t.priority_rank, t.csat_rating,
       t.csat_rated_at, t.create_time, t.updated_at,
       words_and_stems(ARRAY(SELECT DISTINCT :mark || word FROM unnest(w.words || ARRAY['tk', d.n::text]) AS one (word)))
FROM draft d JOIN written w USING (n) JOIN ticket t ON t.workspace_id = :workspace AND t.id = d.id ORDER BY d.id;
UPDATE ticket_counter SET last_number = :tickets WHERE workspace_id = :workspace;
