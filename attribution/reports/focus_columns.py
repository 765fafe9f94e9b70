"""The column ids of FOCUS 1.2, the allocation columns of 1.3 and our own beside them."""

SERVICE_CATEGORIES = (
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
)
FOCUS = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice",
    "ContractedUnitPrice", "BillingCurrency", "PricingCurrency", "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice", "PricingCurrencyContractedUnitPrice", "ChargeCategory",
    "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodStart", "ChargePeriodEnd",
    "BillingPeriodStart", "BillingPeriodEnd", "BillingAccountId", "BillingAccountName",
    "BillingAccountType", "SubAccountId", "SubAccountName", "SubAccountType", "InvoiceId",
    "InvoiceIssuerName", "CommitmentDiscountId", "CommitmentDiscountName",
    "CommitmentDiscountCategory", "CommitmentDiscountType", "CommitmentDiscountStatus",
    "CommitmentDiscountQuantity", "CommitmentDiscountUnit", "CapacityReservationId",
    "CapacityReservationStatus", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
    "ServiceSubcategory", "ServiceName", "RegionId", "RegionName", "AvailabilityZone",
    "ProviderName", "PublisherName", "SkuId", "SkuPriceId", "SkuMeter", "SkuPriceDetails",
    "PricingCategory", "PricingQuantity", "PricingUnit", "ConsumedQuantity", "ConsumedUnit", "Tags",
)  # fmt: skip
ALLOCATION = (
    "AllocatedMethodId", "AllocatedMethodDetails", "AllocatedResourceId", "AllocatedResourceName",
    "AllocatedTags",
)  # fmt: skip
OWN = (
    "x_Source", "x_TargetKind", "x_TargetState", "x_Activity", "x_Workload", "x_Model",
    "x_Feature", "x_Experiment", "x_Team", "x_Environment", "x_Evidence", "x_Rule", "x_ChargeId",
    "x_UnknownColumns",
)  # fmt: skip
TIMES = ("ChargePeriodStart", "ChargePeriodEnd", "BillingPeriodStart", "BillingPeriodEnd")
NUMBERS = (
    "BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice",
    "ContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice",
    "PricingCurrencyContractedUnitPrice", "CommitmentDiscountQuantity", "PricingQuantity",
    "ConsumedQuantity",
)  # fmt: skip
