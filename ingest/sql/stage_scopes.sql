insert into staged_scope (number, scope_id, delivery_id)
values (%(number)s, %(scope)s, %(delivery)s)
