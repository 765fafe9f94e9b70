-- Histories that nobody changes or deletes: of what people say of targets, of payments, of alerts.

create function attribution_entitychange_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'changes of entities are append-only';
end $$;
create trigger attribution_entitychange_append_only
    before update or delete on attribution_entitychange
    for each row execute function attribution_entitychange_append_only();

create function attribution_payments_are_kept() returns trigger language plpgsql as $$
begin
    raise exception 'the history of payments is append-only';
end $$;
create trigger attribution_invoicepaidchange_is_kept
    before update or delete on attribution_invoicepaidchange
    for each row execute function attribution_payments_are_kept();

create function attribution_alertevent_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'events of alerts are append-only';
end $$;
create trigger attribution_alertevent_append_only
    before update or delete on attribution_alertevent
    for each row execute function attribution_alertevent_append_only();
