"""All pages that are made of panels, in the order of the navigation."""

from aicost.web.pages.alert import ALERT
from aicost.web.pages.anomalies import ANOMALIES
from aicost.web.pages.budgets import BUDGETS
from aicost.web.pages.customer import CUSTOMER
from aicost.web.pages.customers import CUSTOMERS
from aicost.web.pages.experiment import EXPERIMENT
from aicost.web.pages.experiments import EXPERIMENTS
from aicost.web.pages.explore import EXPLORE
from aicost.web.pages.features import FEATURE_PAGE, FEATURES
from aicost.web.pages.gpu_node import GPU_NODE
from aicost.web.pages.gpus import GPUS
from aicost.web.pages.growth import GROWTH
from aicost.web.pages.health import HEALTH
from aicost.web.pages.layers import LAYERS
from aicost.web.pages.margin import MARGIN
from aicost.web.pages.model import MODEL
from aicost.web.pages.models import MODELS
from aicost.web.pages.overview import OVERVIEW
from aicost.web.pages.rules import RULES
from aicost.web.pages.target import TARGET
from aicost.web.pages.targets import TARGETS
from aicost.web.pages.teams import TEAM_PAGE, TEAMS
from aicost.web.pages.training import TRAINING
from aicost.web.pages.unit_economics import UNIT_ECONOMICS
from aicost.web.shell import Page

PAGES: dict[str, Page] = {
    page.slug: page
    for page in (
        OVERVIEW,
        GROWTH,
        EXPLORE,
        UNIT_ECONOMICS,
        MODELS,
        MODEL,
        FEATURES,
        FEATURE_PAGE,
        TEAMS,
        TEAM_PAGE,
        CUSTOMERS,
        CUSTOMER,
        EXPERIMENTS,
        EXPERIMENT,
        GPUS,
        GPU_NODE,
        TRAINING,
        LAYERS,
        MARGIN,
        TARGETS,
        TARGET,
        BUDGETS,
        ANOMALIES,
        ALERT,
        HEALTH,
        RULES,
    )
}
