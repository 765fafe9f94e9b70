-- The one split (docs/decisions/0005-split.md) as inlinable functions, so that both stages and the
-- spread share one formula.

create function aicost_part(amount numeric, upto numeric, weight numeric, total numeric)
returns numeric language sql immutable parallel safe as $$
    select case when weight = total then amount
           else sign(amount) * (div(abs(amount) * 1000000000000000000 * upto, total)
                - div(abs(amount) * 1000000000000000000 * (upto - weight), total))
                * 0.000000000000000001 end
$$;

-- The same in whole quanta: what aicost_part computes for every part is computed once a charge.
-- With units = amount * 10^18 a whole number, div() truncates towards zero as aicost_part does with
-- signs and absolute values: the parts are the same to the last digit.
create function aicost_units(amount numeric) returns numeric
language sql immutable parallel safe as $$
    select trunc(amount * 1000000000000000000)
$$;
create function aicost_amount(units numeric) returns numeric
language sql immutable parallel safe as $$
    select units * 0.000000000000000001
$$;
create function aicost_share(units numeric, upto numeric, below numeric, total numeric)
returns numeric language sql immutable parallel safe as $$
    select case when below = 0 and upto = total then units
           else div(units * upto, total) - div(units * below, total) end
$$;
create function aicost_part_of(units numeric, upto numeric, below numeric, total numeric)
returns numeric language sql immutable parallel safe as $$
    select (div(units * upto, total) - div(units * below, total)) * 0.000000000000000001
$$;

-- With one division of whole numbers each instead of two of long decimals. With units =
-- quotient * total + rest, all of one sign, div(units * upto, total) is
-- quotient * upto + rest * upto / total: the difference of two of these is quotient * weight and a
-- difference of bigints, which fit while total * total does. The parts are the same as those of
-- aicost_part_of to the last digit. `quotient` is given as an amount, times 10^-18.
create function aicost_quick_part(quotient numeric, rest bigint, weight numeric, upto bigint,
                                  below bigint, total bigint)
returns numeric language sql immutable parallel safe as $$
    select quotient * weight + (rest * upto / total - rest * below / total) * 0.000000000000000001
$$;
