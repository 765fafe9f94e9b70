"""What meters of model APIs on Azure say, by the rows of attribution/data."""

import pytest

from attribution.classify import gpus_by_instance_type, look

SERIES = {
    "provider": "Microsoft",
    "charge_category": "Usage",
    "commitment_discount_status": "",
    "service_category": "AI and Machine Learning",
    "service_subcategory": "Generative AI",
    "service_name": "Foundry Models",
    "service_code": "Microsoft.CognitiveServices",
    "sku_meter": "",
    "charge_description": "",
    "resource_id": "/subscriptions/1/…/accounts/chat",
    "instance_type": "",
    "consumed_unit": "Tokens",
    "pricing_unit": "1K",
    "tags": {},
    "extras": {},
}


@pytest.mark.parametrize(
    ("meter", "model", "token_class"),
    [
        ("gpt 4o 1120 Inp glbl Tokens", "gpt-4o-2024-11-20", "input_tokens"),
        ("gpt-4o 1120 Outp glbl Tokens", "gpt-4o-2024-11-20", "output_tokens"),
        ("gpt 4.1 nano cached Inp glbl Tokens", "gpt-4.1-nano", "cached_input_tokens"),
        ("gpt 4o mini 0718 cchd Inp regnl Tokens", "gpt-4o-mini-2024-07-18", "cached_input_tokens"),
        ("5.4 opt Dz 1M Tokens", "gpt-5.4", "output_tokens"),
        ("Grok 4.1 Inp DZone Tokens", "grok-4.1", "input_tokens"),
        ("text embedding 3 large glbl Tokens", "text-embedding-3-large", "input_tokens"),
    ],
)
@pytest.mark.parametrize("service", ["Foundry Models", "Cognitive Services"])
def test_it_reads_model_and_token_class_from_the_meter(meter, model, token_class, service):
    seen = look({**SERIES, "sku_meter": meter, "service_name": service})

    assert (seen.api_model, seen.token_class, seen.tokens_per_unit) == (model, token_class, 1)
    assert seen.activity == "inference"


def test_it_knows_a_gpu_machine_by_its_size():
    seen = look(
        {
            **SERIES,
            "service_category": "Compute",
            "service_subcategory": "Virtual Machines",
            "service_name": "Virtual Machines",
            "service_code": "Microsoft.Compute",
            "sku_meter": "ND96isr H100 v5",
            "instance_type": "Standard_ND96isr_H100_v5",
            "consumed_unit": "Hours",
        }
    )

    assert seen.instance_time
    assert seen.api_model == ""
    assert gpus_by_instance_type()["standard_nd96isr_h100_v5"] == 8
