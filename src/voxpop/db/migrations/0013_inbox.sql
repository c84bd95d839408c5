-- expand: a member's preference in the inbox, and changes of tickets that their author can undo.

ALTER TABLE member ADD COLUMN next_after_resolving boolean NOT NULL DEFAULT false;

-- What a member changed with one form; `change` is JSON. A change is undone once, and kept for a day.
CREATE TABLE ticket_undo (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    change text NOT NULL,
    is_undone boolean NOT NULL,
    create_time timestamptz NOT NULL,
    CONSTRAINT ticket_undo_pkey PRIMARY KEY (workspace_id, id),
    CONSTRAINT ticket_undo_workspace_exists FOREIGN KEY (workspace_id) REFERENCES workspace
);
CREATE INDEX ticket_undo_by_time ON ticket_undo (workspace_id, account_id, create_time);

ALTER TABLE ticket_undo ENABLE ROW LEVEL SECURITY;
CREATE POLICY ticket_undo_of_workspace ON ticket_undo
    USING (workspace_id = (SELECT nullif(current_setting('voxpop.workspace', true), '')::uuid));
GRANT SELECT, INSERT, UPDATE, DELETE ON ticket_undo TO voxpop_app;
