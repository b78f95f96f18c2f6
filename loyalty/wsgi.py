import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "loyalty.settings")

application = get_wsgi_application()
# What is loaded now stays for good; the collector need not walk it again and again.
gc.freeze()
