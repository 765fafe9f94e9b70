#!/usr/bin/env python
"""Django's command line; `manage.py help` lists what the product adds."""

import os
import sys

from django.core.management import execute_from_command_line

from aicost.kernel.environment import BadSetting
from aicost.runtime.database import start_if_needed

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aicost.settings")
    start_if_needed(sys.argv[1:])
    try:
        execute_from_command_line(sys.argv)
    except BadSetting as bad:
        sys.exit(str(bad))
