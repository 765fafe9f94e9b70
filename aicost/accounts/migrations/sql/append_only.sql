-- Nobody changes or deletes an audit event, not even through the ORM or the admin.
create function accounts_audit_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'audit events are append-only';
end $$;
create trigger accounts_auditevent_append_only before update or delete on accounts_auditevent
    for each row execute function accounts_audit_append_only();
