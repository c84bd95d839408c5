-- expand: the page on which a member starts. NULL: that of their role.
ALTER TABLE member
    ADD COLUMN start_page text,
    ADD CONSTRAINT member_start_page_known CHECK (start_page IN ('overview', 'inbox'));
