-- Series of a company: machines, storage and network with tags, half of them without an owner; one
-- in thirty a meter of a model API, one in a hundred the time of a GPU node that telemetry knows.
insert into ingest_chargeseries
    (source_id, sha256, provider, billing_account_id, sub_account_id, service_category,
     service_subcategory, service_name, service_code, sku_id, sku_meter, resource_id,
     instance_type, region_id, charge_category, billing_currency, pricing_unit, consumed_unit,
     tags, extras)
select %(source)s, sha256(convert_to('preview ' || i, 'utf8')), 'AWS', '1',
       'account-' || i %% 97,
       case when kind in ('gpu', 'machine') then 'Compute' when kind = 'api'
            then 'AI and Machine Learning' when i %% 3 = 0 then 'Storage' else 'Networking' end,
       case kind when 'api' then 'Generative AI' else '' end,
       case when kind = 'api' then 'Amazon Bedrock' when kind in ('gpu', 'machine')
            then 'Amazon Elastic Compute Cloud' else 'Service ' || i %% 10 end,
       case when kind in ('gpu', 'machine') then 'AmazonEC2' else 'Code' || i %% 10 end,
       'sku-' || i %% 400,
       case kind when 'api' then 'model-' || i %% 20 || case i %% 2 when 0 then ' input tokens'
                                                        else ' output tokens' end
            when 'gpu' then 'BoxUsage:p4d.24xlarge' when 'machine' then 'BoxUsage:m5.large'
            else 'Meter-' || i %% 400 end,
       case when kind = 'gpu' then 'i-gpu-' || i / 100 else 'resource-' || i end,
       case kind when 'gpu' then 'p4d.24xlarge' when 'machine' then 'm5.large' else '' end,
       'region-' || i %% 5, 'Usage', 'USD',
       case kind when 'api' then '1K tokens' else 'Hrs' end,
       case kind when 'api' then '1K tokens' else 'Hrs' end,
       case when i %% 2 = 0 then jsonb_build_object('team', 'team-' || i %% 40,
                'name', 'thing-' || i %% 3000, 'env', 'prod')
            else jsonb_build_object('name', 'thing-' || i %% 3000) end,
       jsonb_build_object('Arn', 'arn:aws:ec2:' || i)
  from (select i, case when i %% 100 = 1 then 'gpu' when i %% 30 = 2 then 'api'
                       when i %% 2 = 0 then 'machine' else 'else' end as kind
          from generate_series(1, %(series)s) i) s
