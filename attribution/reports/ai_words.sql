-- Charge series by the words that tell AI from the rest; whether they do is asked once per words.
select service_name, service_code, service_category, service_subcategory, instance_type, sku_meter,
    charge_description, array_agg(id) as series
from ingest_chargeseries
group by 1, 2, 3, 4, 5, 6, 7
