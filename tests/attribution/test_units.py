"""Embeddings, pictures and speech: billed by tokens, images, seconds and characters."""

from decimal import Decimal

import pytest

from attribution.allocate import attribute
from attribution.classify import look
from ingest.load import load
from ingest.models import ChangedDay, Price, UsageDay
from tests.attribution.ledger import DAY, calls, charge, source, stands
from tests.attribution.test_ai_meters import series


def one(model: str, feature: str, cost: str, state: str = "active") -> dict:
    kind = "workload" if state == "active" else "unattributed"
    return {(kind, state, "", model, feature, ""): Decimal(cost)}


@pytest.mark.parametrize(
    ("provider", "service", "meter", "unit", "model", "unit_class", "per_unit"),
    [
        ("AWS", "Amazon Bedrock", "USE1-NovaCanvas-T2I-1024-Premium", "Images",
         "amazon.nova-canvas", "images", 1),
        ("AWS", "Amazon Bedrock", "USE1-NovaReel-T2V-720p", "Seconds",
         "amazon.nova-reel", "", None),
        ("AWS", "Amazon Bedrock", "USE1-TitanEmbeddingV2-Text-input-tokens", "1K tokens",
         "amazon.titan-embed-text", "input_tokens", 1_000),
        ("AWS", "Amazon Transcribe", "USE1-TranscribeAudio", "seconds",
         "amazon-transcribe", "audio_ms", 1_000),
        ("AWS", "Amazon Polly", "USE1-SynthesizeSpeechNeural-Characters", "Characters",
         "amazon-polly", "characters", 1),
        ("Microsoft", "Azure OpenAI", "Dall-E-3 Standard", "Units", "Dall-E-3", "images", 1),
        ("Microsoft", "Azure OpenAI", "Whisper", "Hours", "Whisper", "audio_ms", 3_600_000),
        ("Microsoft", "Azure OpenAI", "text embedding 3 small glbl Tokens", "Tokens",
         "text-embedding-3-small", "input_tokens", 1),
        ("OpenAI", "OpenAI API", "tts-1, characters", "1M characters", "tts-1", "characters",
         1_000_000),
        ("Google Cloud", "Vertex AI", "Imagen 4 generation", "count", "Imagen 4", "images", 1),
        ("AWS", "Amazon EC2", "USE1-BoxUsage:m5.large", "Hrs", "", "", None),
    ],
)  # fmt: skip
def test_it_reads_class_and_unit(provider, service, meter, unit, model, unit_class, per_unit):
    extras = {"ModelId": "tts-1"} if provider == "OpenAI" else {}
    seen = look(series(provider=provider, service_name=service, sku_meter=meter,
                       consumed_unit=unit, extras=extras, resource_id=""))  # fmt: skip
    assert (seen.api_model, seen.token_class, seen.tokens_per_unit) == (model, unit_class, per_unit)


@pytest.mark.django_db
def test_it_splits_pictures_and_shows_those_nobody_metered():
    """10 pictures at 0.40 were billed, 8 of them metered: search 6, help 2."""
    charged = charge("4", provider="AWS", service_name="Amazon Bedrock", consumed="10",
                     sku_meter="USE1-NovaCanvas-T2I-1024", consumed_unit="Images")  # fmt: skip
    calls("amazon.nova-canvas", 1, feature="search", images=6)
    calls("amazon.nova-canvas", 7, feature="help", images=2)
    attribute()
    model = "amazon.nova-canvas"
    assert stands(charged) == one(model, "search", "2.4") | one(model, "help", "0.8") | one(
        model, "", "0.8", "unmetered"
    )


@pytest.mark.django_db
def test_it_splits_speech_by_seconds_and_embeddings_by_input():
    heard = charge("6", provider="AWS", service_name="Amazon Transcribe", consumed="90",
                   sku_meter="USE1-TranscribeAudio", consumed_unit="seconds")  # fmt: skip
    found = charge("2", provider="Microsoft", service_name="Azure OpenAI", consumed="4000",
                   sku_meter="text embedding 3 small Tokens", consumed_unit="Tokens")  # fmt: skip
    calls("amazon-transcribe", 9, feature="calls", audio_ms=60_000)
    calls("amazon-transcribe", 1, feature="notes", audio_ms=30_000)
    calls("text-embedding-3-small", 1, feature="search", input_tokens=3_000)
    calls("text-embedding-3-small", 1, feature="help", input_tokens=1_000)
    attribute()
    assert stands(heard) == one("amazon-transcribe", "calls", "4") | one(
        "amazon-transcribe", "notes", "2"
    )
    assert stands(found) == one("text-embedding-3-small", "search", "1.5") | one(
        "text-embedding-3-small", "help", "0.5"
    )


@pytest.mark.django_db
def test_pictures_weigh_beside_tokens_only_with_a_price():
    """One charge for both: 1,000 tokens at 0.001 and, once priced, 2 pictures at 0.5 each."""
    charged = charge("8", provider="OpenAI", service_name="OpenAI API", sku_meter="painter-1",
                     extras={"ModelId": "painter-1"})  # fmt: skip
    calls("painter-1", 1, feature="chat", input_tokens=1_000)
    calls("painter-1", 1, feature="art", images=2)
    attribute()
    assert stands(charged) == one("painter-1", "chat", "8")
    for name, price in (("input_tokens", "0.001"), ("images", "0.5")):
        Price.objects.create(basis="contract", valid_from=DAY, model="painter-1", per_units=1,
                             token_class=name, price=Decimal(price), currency="USD")  # fmt: skip
    ChangedDay.objects.create(source=source("calls"), day=DAY, what="usage")
    attribute()
    assert stands(charged) == one("painter-1", "chat", "4") | one("painter-1", "art", "4")


@pytest.mark.django_db
def test_it_reads_units_and_failed_tokens_of_a_file(home):
    path = home / "calls.csv"
    path.write_text(
        "time,id,model,status,input_tokens,images,audio_seconds,characters\n"
        f"{DAY}T10:00:00Z,1,m,ok,100,2,,\n"
        f"{DAY}T10:00:00Z,2,m,error,40,,1.5,7\n"
    )
    assert load([path])[0].state == "published"
    day = UsageDay.objects.get()
    assert (day.images, day.audio_ms, day.characters) == (2, 1_500, 7)
    assert (day.requests, day.successes, day.input_tokens, day.failed_tokens) == (2, 1, 140, 40)


@pytest.mark.django_db
@pytest.mark.parametrize(("billed", "logged"), [(10**15, 10**12), (4 * 10**19, 10**18)])
def test_any_quantity_can_be_billed(billed, logged):
    """Of that many tokens a thousandth or a fortieth was logged: the weights still fit."""
    charged = charge(billed // logged, provider="OpenAI", service_name="OpenAI API",
                     consumed=billed, sku_meter="gpt-4o input tokens",
                     consumed_unit="Tokens", extras={"ModelId": "gpt-4o"})  # fmt: skip
    apart = charge(billed // logged, provider="OpenAI", service_name="OpenAI API",
                   consumed=billed, sku_meter="gpt-4o", extras={"ModelId": "gpt-4o"})  # fmt: skip
    Price.objects.create(basis="list", valid_from=DAY, model="gpt-4o", token_class="input_tokens",
                         price=Decimal(10), currency="USD")  # fmt: skip
    calls("gpt-4o", 1, feature="search", input_tokens=logged)
    assert [day.failure for day in attribute()] == [""]
    rest = str(billed // logged - 1)
    assert stands(charged) == one("gpt-4o", "search", "1") | one("gpt-4o", "", rest, "unmetered")
    assert stands(apart) == one("gpt-4o", "search", str(billed // logged))
